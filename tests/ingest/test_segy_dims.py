"""Dimensions of SEG-Y beyond header fields: bins, offsets and azimuths, counters, places; presets and lengths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from segy_files import lines, write_traces

from pylops_distributed.ingest import Source, ingest, open_dataset, open_segy
from pylops_distributed.ingest.formats.segy.presets import PRESETS


@pytest.fixture
def gathers(sgy: str) -> str:
    """Two CDPs of three traces whose offsets are true ones; each trace holds its number."""
    headers = {21: [1, 1, 1, 2, 2, 2], 37: [98, 148, 205, 103, 152, 199]}
    ends = {73: [0] * 6, 77: [0] * 6, 81: [0, 30, 40, 0, -30, -40], 85: [50, 40, 30, -50, -40, -30]}
    write_traces(sgy, np.repeat(np.arange(6, dtype="f4"), 2).reshape(6, 2), headers | ends)
    return sgy


def test_offsets_in_bins(gathers):
    ds = open_segy(gathers, dims={"cdp": 21, "offset": {"byte": 37, "bin": 50}})
    assert ds.offset.values.tolist() == [100, 150, 200]
    assert (ds.offset.bin_width, ds.offset.segy_byte) == (50, 37)
    assert ds.true_offset.values.tolist() == [[98, 148, 205], [103, 152, 199]]
    np.testing.assert_array_equal(ds.amplitude[..., 0], np.arange(6).reshape(2, 3))
    with pytest.raises(ValueError, match=r"share a place.* 'trace': 'counter'"):
        open_segy(gathers, dims={"cdp": 21, "offset": {"byte": 37, "bin": 200}})


def test_offsets_and_azimuths_of_positions(gathers):
    ds = open_segy(gathers, dims={"azimuth": {"compute": "azimuth", "bin": 30}, "trace": "counter"})
    exact = np.degrees(np.arctan2([0, 30, 40, 0, -30, -40], [50, 40, 30, -50, -40, -30])) % 360
    assert ds.azimuth.values.tolist() == [0, 30, 60, 180, 210, 240]
    np.testing.assert_allclose(ds.true_azimuth.values.ravel(), exact)
    assert ds.azimuth.units == "degree"
    ds = open_segy(gathers, dims={"offset": {"compute": "offset", "bin": 2.5}, "trace": "counter"})
    assert ds.offset.values.tolist() == [50.0]
    assert ds.trace.values.tolist() == [1, 2, 3, 4, 5, 6]


def test_azimuths_next_to_north_are_in_the_first_bin(gathers):
    ends = {73: 0, 77: 0, 81: [-1, 1, 9], 85: [100, 100, 0]}
    write_traces(gathers, np.ones((3, 2), "f4"), ends)
    ds = open_segy(gathers, dims={"azimuth": {"compute": "azimuth", "bin": 90}, "trace": "counter"})
    assert ds.azimuth.values.tolist() == [0, 90]
    assert ds.trace_number.values.tolist() == [[0, 1], [2, -1]]


def test_traces_are_counted_within_gathers(sgy):
    cdp = [7, 5, 7, 7, 5]
    write_traces(sgy, np.arange(10, dtype="f4").reshape(5, 2), {21: cdp, 37: 100})
    ds = open_segy(sgy, dims={"cdp": 21, "trace": "counter"}, coords={"offset": 37})
    assert ds.trace.values.tolist() == [1, 2, 3]
    assert ds.trace_number.values.tolist() == [[1, 4, -1], [0, 2, 3]]
    assert open_segy(sgy, preset="cdp_traces").amplitude.equals(ds.amplitude)


def test_files_without_headers_have_their_places(sgy, tmp_path):
    write_traces(sgy, np.arange(10, dtype="f4").reshape(5, 2), {})
    with pytest.raises(ValueError, match="preset='headerless'"):
        open_segy(sgy)
    ds = open_segy(sgy, preset="headerless")
    assert ds.amplitude.dims == ("trace", "twt")
    assert ds.trace.values.tolist() == [0, 1, 2, 3, 4]
    ref = ingest(Source(path=sgy, options={"dims": {"trace": "place"}}), str(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(open_dataset(ref.url).amplitude.values.ravel(), np.arange(10))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"bin": 50}, "is no dimension: give a header field"),
        ({"byte": 37, "width": 50}, "is no dimension"),
        ({"byte": 37, "bin": 0}, "bin=0: expected a width above zero"),
        ({"byte": 37, "bin": "wide"}, "bin='wide': expected"),
        ({"compute": "azimuth", "bin": 50}, "of which a whole number makes 360 degrees"),
        ({"compute": "offset"}, "expected 'offset' or 'azimuth' with a 'bin'"),
        ({"compute": "midpoint", "bin": 5}, "expected 'offset' or 'azimuth'"),
        ("counters", "is no trace header field"),
        ({"byte": "x", "bin": 5}, "is no trace header field"),
    ],
)
def test_dimensions_that_are_none(gathers, spec, message):
    with pytest.raises(ValueError, match=message):
        open_segy(gathers, dims={"cdp": 21, "along": spec})


def test_one_counter_and_no_positions(gathers, sgy):
    with pytest.raises(ValueError, match="one of them can be"):
        open_segy(gathers, dims={"a": "counter", "b": "counter"})
    write_traces(sgy, np.ones((3, 2), "f4"), {21: [1, 2, 3]})
    azimuth = {"azimuth": {"compute": "azimuth", "bin": 90}, "cdp": 21}
    with pytest.raises(ValueError, match="positions of sources and receivers are 0 in all"):
        open_segy(sgy, dims=azimuth)
    write_traces(sgy, np.ones((3, 2), "f4"), {21: [1, 2, 3], 89: 2, 81: 5})
    with pytest.raises(ValueError, match=r"are angles \(byte 89\)"):
        open_segy(sgy, dims=azimuth)


def test_one_inline_needs_no_preset(sgy):
    write_traces(sgy, np.ones((4, 2), "f4"), lines(np.array([111]), np.arange(875, 879)))
    ds = open_segy(sgy)
    assert ds.amplitude.dims == ("inline", "crossline", "twt")
    assert ds.inline.values.tolist() == [111]
    assert open_segy(sgy, preset="single_inline").amplitude.dims == ("crossline", "twt")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_reads_what_it_describes(sgy, name):
    dims, _coords = PRESETS[name]
    fields = [int(str(spec).partition(":")[0]) for spec in dims.values() if spec not in ("place", "counter")]
    grid = np.meshgrid(*(np.arange(2) + 1 + k for k in range(len(fields) or 1)), indexing="ij")
    count = grid[0].size
    write_traces(sgy, np.arange(2 * count, dtype="f4").reshape(count, 2), {})
    raw = np.frombuffer(Path(sgy).read_bytes(), np.uint8)
    traces = raw[3600:].reshape(count, 248).copy()
    for byte, values in zip(fields, grid, strict=False):
        width = 2 if byte == 29 else 4
        traces[:, byte - 1 : byte - 1 + width] = (
            np.ascontiguousarray(values.ravel()).astype(f">i{width}").view("u1").reshape(count, width)
        )
    Path(sgy).write_bytes(raw[:3600].tobytes() + traces.tobytes())
    ds = open_segy(sgy, preset=name)
    assert ds.amplitude.dims == (*dims, "twt")
    np.testing.assert_array_equal(ds.amplitude.values.ravel(), np.arange(2 * count))


def test_lengths_that_vary_are_said(sgy):
    write_traces(sgy, np.ones((6, 5), "f4"), lines(np.arange(1, 3), np.arange(1, 4)))
    raw = Path(sgy).read_bytes()
    short = bytearray(raw[3600 : 3600 + 240] + raw[3840:3848])
    short[114:116] = (2).to_bytes(2, "big")
    Path(sgy).write_bytes(raw[: 3600 + 260] + bytes(short) * 2 + raw[3600 + 3 * 260 :])
    with pytest.raises(
        ValueError,
        match=r"5 samples from trace 0, 2 samples from trace 1, 5 samples from trace 3 .*2 to 5 in all.*pad",
    ):
        open_segy(sgy)
    Path(sgy).write_bytes(raw[: 3600 + 260] + bytes(short) * 2 + raw[3600 + 3 * 260 : -1])
    with pytest.raises(ValueError, match="is truncated or its traces differ in length"):
        open_segy(sgy)
