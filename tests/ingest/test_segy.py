from __future__ import annotations

import errno
import os
from pathlib import Path

import dask
import numpy as np
import pytest
import segyio
import xarray as xr
from segy_files import lines, write_traces

from pylops_distributed.ingest import open_segy, open_source, write_segy
from pylops_distributed.ingest.formats.chunking import regular_chunks
from pylops_distributed.ingest.formats.segy import samples as segy_samples
from pylops_distributed.ingest.formats.segy.byte_order import ENDIANS
from pylops_distributed.ingest.formats.segy.sample_formats import SAMPLE_FORMATS
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy

F3 = Path(
    os.environ.get("PYLOPS_DISTRIBUTED_SHARED", Path(__file__).parents[2].parent / "shared"), "data", "f3.sgy"
)


@pytest.mark.parametrize("endian", ENDIANS)
@pytest.mark.parametrize("code", sorted(SAMPLE_FORMATS))
def test_every_sample_format_in_both_byte_orders(sgy, rng, code, endian):
    dtype = np.dtype(SAMPLE_FORMATS[code].dtype)
    if endian == "pairwise" and SAMPLE_FORMATS[code].nbytes == 3:
        return
    if dtype.kind == "f":
        data = rng.integers(-999, 999, (3, 4, 6)) / np.float32(
            1 if code == 4 else 8
        )  # exact in IBM floats too
    else:
        data = rng.integers(*SAMPLE_FORMATS[code].limits, (3, 4, 6), dtype=dtype, endpoint=True)
    write_segy(sgy, data, sample_format=code, endian=endian)
    ds = open_segy(sgy)
    assert ds.amplitude.dtype == dtype
    assert ds.attrs["segy_endian"] == endian
    np.testing.assert_array_equal(ds.amplitude.values, data)


def test_f3_bit_for_bit():
    if not F3.exists():
        pytest.skip(f"{F3} is absent: set PYLOPS_DISTRIBUTED_SHARED to the folder that holds data/f3.sgy")
    ds = open_source(str(F3))
    with segyio.open(str(F3)) as file:
        cube = segyio.tools.cube(file)
    assert ds.amplitude.dtype == np.int16
    assert ds.amplitude.shape == (23, 18, 75)
    np.testing.assert_array_equal(ds.amplitude.values, cube)
    assert (ds.inline[0], ds.inline[-1], ds.crossline[0], ds.crossline[-1]) == (111, 133, 875, 892)
    assert ds.twt.values[[0, -1]].tolist() == [4.0, 300.0]
    assert ds.twt.units == "ms"
    assert ds.cdp_x.dims == ("inline", "crossline")
    assert ds.cdp_x.units == "m"
    assert ds.cdp_x.values[0, 0] == 620197.2  # 6201972 over the scalar, -10
    assert "trace_mask" not in ds
    assert "Dutch North Sea" in ds.attrs["segy_text"]
    assert ds.attrs["segy_binary"]["Format"] == 3
    assert len(ds.attrs["sha256"]) == 64


def test_any_order_of_traces_and_holes(sgy, rng):
    inlines, crosslines = np.array([30, 10, 20]), np.arange(104, 100, -1)
    headers, data = lines(inlines, crosslines), rng.normal(size=(12, 5)).astype("f4")
    keep = rng.permutation(12)[:9]
    write_traces(sgy, data[keep], {byte: values[keep] for byte, values in headers.items()})
    ds = open_segy(sgy, chunks={"inline": 2, "crossline": 3, "twt": 2})
    assert ds.amplitude.chunks == ((2, 1), (3, 1), (2, 2, 1))
    np.testing.assert_array_equal(ds.inline, [10, 20, 30])
    for k in range(12):
        place = {"inline": headers[189][k], "crossline": headers[193][k]}
        wanted = data[k] if k in keep else np.full(5, np.nan)
        np.testing.assert_array_equal(ds.amplitude.sel(place), wanted)
        assert ds.trace_mask.sel(place) == (k in keep)
        assert ds.trace_number.sel(place) == (list(keep).index(k) if k in keep else -1)
    assert ds.amplitude.attrs["ancillary_variables"] == "trace_number trace_mask"


@pytest.mark.parametrize(("code", "promoted"), [(8, "f4"), (3, "f4"), (11, "f4"), (2, "f8"), (10, "f8")])
def test_integers_with_holes_become_floats_that_hold_them(sgy, code, promoted):
    limits = np.iinfo(SAMPLE_FORMATS[code].dtype)
    samples = np.array([[limits.min, 1], [0, limits.max], [3, 4]], limits.dtype)
    write_traces(sgy, samples, {189: [1, 1, 2], 193: [1, 2, 1]}, code=code)
    values = open_segy(sgy).amplitude
    assert values.dtype == promoted
    np.testing.assert_array_equal(values.values.reshape(4, 2)[:3].astype("i8"), samples)
    assert np.isnan(values.values[1, 1]).all()


def test_chunks_read_only_their_own_traces(sgy, rng, monkeypatch):
    write_segy(sgy, rng.normal(size=(4, 6, 8)))
    ds = open_segy(sgy, chunks={"inline": 2, "crossline": 3})
    asked = []
    original = segy_samples.read_at
    monkeypatch.setattr(segy_samples, "read_at", lambda *args: asked.append(args[1:]) or original(*args))
    ds.amplitude[:2, :3].compute(scheduler="synchronous")
    size = 240 + 4 * 8
    assert [((place - 3600) // size, len(buffer) // size) for buffer, place in asked] == [(0, 3), (6, 3)]


def test_opening_reads_no_samples(sgy, rng, monkeypatch):
    write_segy(sgy, rng.normal(size=(4, 6, 8)))
    monkeypatch.setattr(segy_samples, "read_at", None)
    with dask.config.set(scheduler=lambda *args, **kwargs: pytest.fail("computed while opening")):
        assert open_segy(sgy).amplitude.shape == (4, 6, 8)


def test_poststack_2d(sgy, rng):
    section = rng.normal(size=(7, 9)).astype("f4")
    write_segy(sgy, section, crossline=np.arange(7) + 500, dt_ms=2, t0_ms=100)
    ds = open_segy(sgy, preset="poststack2d", chunks={"cdp": 3})
    assert ds.amplitude.dims == ("cdp", "twt")
    assert ds.cdp_y.dims == ("cdp",)
    np.testing.assert_array_equal(ds.amplitude, section)
    np.testing.assert_array_equal(ds.twt, 100 + 2.0 * np.arange(9))
    np.testing.assert_array_equal(ds.cdp_y, 25.0 * np.arange(7))


def test_gathers_are_found_without_a_preset(sgy, rng):
    cdp, offset = (grid.ravel() for grid in np.meshgrid([5, 6, 7], [100, 200], indexing="ij"))
    data = rng.normal(size=(6, 4)).astype("f4")
    write_traces(sgy, data, {21: cdp, 37: offset, 181: cdp * 10, 71: 0}, binary={3255: 1})
    ds = open_segy(sgy)
    assert ds.amplitude.dims == ("cdp", "offset", "twt")
    assert ds.offset.units == "m"
    np.testing.assert_array_equal(ds.amplitude, data.reshape(3, 2, 4))
    np.testing.assert_array_equal(ds.cdp_x[:, 0], [50, 60, 70])
    assert "cdp_y" not in ds.coords  # not filled in


def test_3d_gathers_keep_positions_on_the_map(sgy):
    i, j, o = (grid.ravel() for grid in np.meshgrid([1, 2], [3, 4, 5], [10, 20], indexing="ij"))
    write_traces(sgy, np.ones((12, 3), "f4"), {189: i, 193: j, 37: o, 181: i * 7, 185: j * 9})
    ds = open_segy(sgy)
    assert ds.amplitude.dims == ("inline", "crossline", "offset", "twt")
    assert ds.cdp_x.dims == ds.cdp_y.dims == ("inline", "crossline")
    np.testing.assert_array_equal(ds.cdp_y[0], [27, 36, 45])


def test_shot_gathers_in_own_bytes(sgy):
    headers = {17: [1, 1, 2, 2], 13: [1, 2, 1, 2], 73: [10, 10, 20, 20], 81: [11, 12, 21, 22], 71: 10}
    write_traces(sgy, np.arange(8, dtype="f4").reshape(4, 2), headers)
    ds = open_segy(
        sgy, dims={"shot": 17, "channel": 13}, coords={"receiver_x": 81}, vertical="time", variable="pressure"
    )
    assert ds.pressure.dims == ("shot", "channel", "time")
    np.testing.assert_array_equal(ds.receiver_x, [[110, 120], [210, 220]])
    preset = {9: headers[17], **headers}
    write_traces(sgy, np.zeros((4, 2), "f4"), preset)
    assert {"source_x", "receiver_x"} <= set(open_segy(sgy, preset="shot_gathers").coords)


@pytest.mark.parametrize(("scalar", "factor"), [(0, 1.0), (1, 1.0), (100, 100.0), (-1, 1.0), (-100, 0.01)])
def test_coordinate_scalars(sgy, scalar, factor):
    headers = {**lines(np.arange(1, 3), np.arange(1, 4)), 181: np.arange(6) + 1000, 71: scalar}
    write_traces(sgy, np.ones((6, 2), "f4"), headers)
    np.testing.assert_allclose(open_segy(sgy).cdp_x, factor * (np.arange(6).reshape(2, 3) + 1000))


@pytest.mark.parametrize(("scalar", "start"), [(0, 12345), (1, 12345), (10, 123450), (-10, 1234.5)])
def test_the_scalar_of_times(sgy, scalar, start):
    """It is for the delay as for all times."""
    write_traces(sgy, np.ones((3, 2), "f4"), {21: [1, 2, 3], 109: 12345, 113: [1, 2, 3], 215: scalar})
    ds = open_segy(sgy, dims={"cdp": 21}, coords={"mute": 113})
    np.testing.assert_array_equal(ds.twt, [start, start + 4])
    np.testing.assert_allclose(ds.mute, np.array([1, 2, 3]) * start / 12345)


def test_revision_0_has_no_scalar_of_times(sgy):
    headers = {21: [1, 2], 109: 500, 215: [7, 10]}  # these bytes hold something else
    write_traces(sgy, np.ones((2, 2), "f4"), headers, binary={3501: 0})
    np.testing.assert_array_equal(open_segy(sgy).twt, [500, 504])


def test_a_delay_varies_only_after_its_scalar(sgy):
    headers = {21: [1, 2], 109: [12340, 1234], 215: [-10, 0]}
    write_traces(sgy, np.ones((2, 2), "f4"), headers)
    np.testing.assert_array_equal(open_segy(sgy).twt, [1234, 1238])
    write_traces(sgy, np.ones((2, 2), "f4"), {**headers, 109: [12345, 1234]})
    with pytest.raises(ValueError, match=r"delay \(byte 109\) is 1234.5 in trace 0, but 1234 in trace 1"):
        open_segy(sgy)


@pytest.mark.parametrize(("byte", "scalar"), [(73, 71), (41, 69), (105, 215)])
def test_scaled_fields_can_be_dimensions(sgy, byte, scalar):
    write_traces(sgy, np.ones((3, 2), "f4"), {byte: [100, 200, 300], scalar: -10})
    np.testing.assert_array_equal(open_segy(sgy, dims={"along": byte}).along, [10, 20, 30])


@pytest.mark.parametrize("endian", ["big", "little"])
@pytest.mark.parametrize("interval", [32768, 40000, 65535])
def test_long_sample_intervals(sgy, endian, interval):
    write_segy(sgy, np.ones((2, 3, 4)), dt_ms=interval / 1000, endian=endian)
    ds = open_segy(sgy)
    np.testing.assert_allclose(ds.twt, interval / 1000 * np.arange(4))
    assert ds.attrs["segy_binary"]["Interval"] == interval
    headers = {21: [1, 2], 117: 0}  # the binary header alone says it
    write_traces(sgy, np.ones((2, 3), "f4"), headers, binary={3217: interval - (1 << 16)}, endian=endian)
    np.testing.assert_allclose(open_segy(sgy).twt, interval / 1000 * np.arange(3))


def test_depth_and_given_axes(sgy):
    write_traces(sgy, np.ones((2, 3), "f4"), {21: [1, 2], 117: 0, 109: [0, 8]}, binary={3217: 0})
    ds = open_segy(sgy, preset="poststack2d", vertical="depth", interval=12.5, start=50)
    assert ds.depth.units == "m"
    np.testing.assert_array_equal(ds.depth, [50, 62.5, 75])


@pytest.mark.parametrize(
    ("code", "system", "position", "length"),
    [
        (0, 0, None, None), (1, 1, "m", "m"), (0, 2, "ft", "ft"), (1, 2, "ft", "ft"),
        (2, 1, "arcsec", "m"), (2, 0, "arcsec", None), (3, 2, "degree", "ft"), (4, 1, None, "m"),
    ],
)  # fmt: skip
def test_units(sgy, code, system, position, length):
    """Positions may be angles; lengths are in the unit of the binary header, whatever positions are in."""
    headers = {21: [1, 1, 2, 2], 37: [1, 2, 1, 2], 41: 1, 89: code, 181: 1}
    write_traces(sgy, np.ones((4, 2), "f4"), headers, binary={3255: system})
    options = {"dims": {"cdp": 21, "offset": 37}, "coords": {"cdp_x": 181, "elevation": 41}}
    units = {n: a.attrs.get("units") for n, a in open_segy(sgy, vertical="depth", **options).coords.items()}
    wanted = {"cdp_x": position, "offset": length, "elevation": length, "depth": length or "m", "cdp": None}
    assert units == wanted
    assert open_segy(sgy, **options).twt.units == "ms"
    assert open_segy(sgy, dims={"x": 181, **options["dims"]}).x.attrs.get("units") == position


def test_default_chunks_are_whole_in_time_and_near_16_megabytes(sgy):
    write_traces(sgy, np.ones((4, 2), "f4"), lines(np.arange(2) + 1, np.arange(2)))
    cut = regular_chunks({"inline": 700, "crossline": 900, "twt": 1500}, np.dtype("f4"), whole=("twt",))
    assert cut["twt"] == 1500
    assert 4e6 < 4 * cut["inline"] * cut["crossline"] * cut["twt"] <= 16 * 2**20
    assert open_segy(sgy).amplitude.chunks == ((2,), (2,), (2,))


def test_written_text_and_positions_come_back(sgy):
    write_segy(sgy, np.ones((2, 3, 4)), origin=(1000, 2000.25), spacing=(12.5, 6.25), text=["made by a test"])
    ds = open_segy(sgy)
    assert ds.attrs["segy_text"].startswith("C 1 made by a test")
    np.testing.assert_array_equal(ds.cdp_x[:, 0], [1000, 1012.5])
    np.testing.assert_array_equal(ds.cdp_y[0], [2000.25, 2006.5, 2012.75])
    # Traces in an ensemble, which is no count of all traces.
    assert (ds.attrs["segy_binary"]["Traces"], ds.attrs["segy_binary"]["AuxTraces"]) == (1, 0)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system does not allocate files")
def test_a_copy_has_its_space_before_it_is_mapped(sgy, tmp_path, monkeypatch):
    write_segy(sgy, np.ones((2, 3, 9000)))
    ds, made = open_segy(sgy), str(tmp_path / "made.sgy")
    holes = xr.full_like(ds.trace_number, -1).assign_attrs(samples="twt")  # no trace is written
    copy_segy(sgy, made, ds.amplitude, holes, "big")
    assert Path(made).stat().st_size == Path(sgy).stat().st_size
    assert 512 * Path(made).stat().st_blocks >= Path(sgy).stat().st_size

    def full(*args: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"No space left on device: 221040 bytes are needed for: .*made\.sgy"):
        copy_segy(sgy, made, ds.amplitude, ds.trace_number.assign_attrs(samples="twt"), "big")
