"""SEG-Y headers by what they mean: scalars, widths, and the fields of revision 2."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from segy_files import lines, write_traces

from pylops_distributed.ingest import Source, ingest, open_dataset, open_segy, open_source
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy

TEAPOT = {"dims": {"inline": 181, "crossline": 185}, "coords": {"cdp_x": 189, "cdp_y": 193}}


def put(path: str, *edits: tuple[int, str, float]) -> None:
    """Write values, big endian, at bytes counted from 0."""
    raw = bytearray(Path(path).read_bytes())
    for place, code, value in edits:
        struct.pack_into(">" + code, raw, place, value)
    Path(path).write_bytes(raw)


def put_in_traces(path: str, byte: int, code: str, values: list[int], samples: int = 5) -> None:
    """Write a field of the trace headers, of any width."""
    size = 240 + 4 * samples
    put(path, *((3600 + k * size + byte - 1, code, value) for k, value in enumerate(values)))


@pytest.fixture
def cube(sgy: str) -> str:
    """Six traces of five samples."""
    write_traces(sgy, np.arange(30, dtype="f4").reshape(6, 5), lines([1, 2], [1, 2, 3]))
    return sgy


@pytest.fixture
def teapot(sgy: str) -> str:
    """Lines where the standard has positions, and positions where it has lines."""
    i, x = (grid.ravel() for grid in np.meshgrid([1, 2, 3], [100, 101, 102, 103], indexing="ij"))
    headers = {71: -10, 181: i, 185: x, 189: 7880000 + 1100 * x, 193: 9760000 + 1100 * i}
    write_traces(sgy, np.ones((12, 5), "f4"), headers)
    return sgy


def test_lines_have_no_scalar_and_positions_have_theirs_wherever_they_lie(teapot):
    ds = open_segy(teapot, **TEAPOT)
    np.testing.assert_array_equal(ds.inline, [1, 2, 3])
    np.testing.assert_array_equal(ds.crossline, [100, 101, 102, 103])
    np.testing.assert_array_equal(ds.cdp_x[0], (7880000 + 1100 * np.arange(100, 104)) / 10)
    np.testing.assert_array_equal(ds.cdp_y[:, 0], (9760000 + 1100 * np.arange(1, 4)) / 10)
    bare = open_segy(teapot, dims=TEAPOT["dims"])
    assert not {"cdp_x", "cdp_y"} & set(bare.coords)  # whose usual bytes are those of the lines


def test_the_scalar_can_be_said(teapot):
    ds = open_segy(teapot, dims={"inline": "181:i4:71", "crossline": 185}, coords={"cdp_x": "189:i4:0"})
    np.testing.assert_allclose(ds.inline, [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(ds.cdp_x[0], 7880000 + 1100 * np.arange(100, 104))


def test_scalars_that_differ_from_trace_to_trace_are_those_of_each(sgy):
    write_traces(sgy, np.ones((3, 2), "f4"), {73: [100, 100, 300], 71: [1, -10, -10]})
    np.testing.assert_array_equal(open_segy(sgy, dims={"along": 73}).along, [10, 30, 100])


def test_positions_are_not_taken_for_lines_unless_asked(teapot):
    with pytest.raises(ValueError, match=r"7990000 to 7993300 .* look like positions(.|\n)*'inline': 181"):
        open_segy(teapot)
    assert open_segy(teapot, preset="poststack3d").inline[0] == 7990000


def test_small_positions_are_not_taken_for_lines(sgy):
    i, x = (grid.ravel() for grid in np.meshgrid([1, 2, 3], [7, 8], indexing="ij"))
    write_traces(sgy, np.ones((6, 5), "f4"), {181: i, 185: x, 189: 25 * i, 193: 50 * x})
    with pytest.raises(ValueError, match="look like positions"):
        open_segy(sgy)


def test_units_of_positions_that_differ_are_rejected(sgy):
    write_traces(sgy, np.ones((2, 5), "f4"), {21: [1, 2], 181: [5, 6], 89: [1, 3]})
    with pytest.raises(ValueError, match=r"unit of 'cdp_x' \(byte 89\) is 1 in the first trace, but 3"):
        open_segy(sgy)


def test_long_values_where_the_standard_has_short_ones(cube):
    put_in_traces(cube, 201, "i", [500000 + 100 * k for k in range(6)])
    put_in_traces(cube, 213, "i", [1001, 1001, 1001, 1002, 1002, 1002])
    with pytest.raises(
        ValueError, match=r"holds 7 there; .* 500000 to 500500. Say which: '201:i2' or '201:i4'"
    ):
        open_segy(cube, coords={"cdp_x": 201})
    ds = open_segy(cube, coords={"cdp_x": "201:i4"})
    np.testing.assert_array_equal(ds.cdp_x.values.ravel(), 500000 + 100 * np.arange(6))
    with pytest.raises(ValueError, match=r"holds 0 there; .* 1001 to 1002"):
        open_segy(cube, dims={"inline": 213, "crossline": 193})
    ds = open_segy(cube, dims={"inline": "213:i4", "crossline": 193})
    np.testing.assert_array_equal(ds.inline, [1001, 1002])
    assert ds.inline.segy_byte == 213


def test_fields_that_the_standard_has_not(cube):
    put_in_traces(cube, 217, "d", [0.5, 0.5, 0.5, 1.5, 1.5, 1.5])
    put_in_traces(cube, 230, "H", [1, 2, 3] * 2)
    with pytest.raises(ValueError, match=r"no trace header field starts at byte 230 .* '230:i4' or '230:i2'"):
        open_segy(cube, dims={"inline": 189, "crossline": 230})
    ds = open_segy(cube, dims={"inline": "217:f8", "crossline": "230:u2"})
    np.testing.assert_array_equal(ds.inline, [0.5, 1.5])


def test_a_field_over_the_scalar_of_times(cube):
    """Its low half is no scalar."""
    put_in_traces(cube, 213, "i", [1001] * 3 + [1002] * 3)
    put_in_traces(cube, 109, "h", [100] * 6)
    options = {"dims": {"inline": "213:i4", "crossline": 193}}
    with pytest.raises(ValueError, match=r"'inline' takes bytes 213-216, .* \(byte 215\): give start="):
        open_segy(cube, **options)
    np.testing.assert_array_equal(open_segy(cube, start=100, **options).twt[:2], [100, 104])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coords": {"cdp_x": "201:i3"}}, "the type 'i3' in '201:i3' is unknown"),
        ({"coords": {"cdp_x": "201:i4:5"}}, "there is no scalar at byte 5"),
        ({"coords": {"cdp_x": "239:i4"}}, "not within the 240 bytes of the trace headers"),
        ({"coords": {"cdp_x": "0:i4"}}, "not within the 240 bytes"),
        ({"coords": {"cdp_x": None}}, "None is no trace header field"),
        ({"coords": {"cdp_x": 189.5}}, "189.5 is no trace header field"),
        ({"dims": {"inline": 189, "crossline": 193}, "preset": "poststack3d"}, "give one of them"),
        ({"dims": {"inline": 189, "crossline": 193}, "coords": {"inline": 9}}, r"names \['inline'\] are given twice"),
        ({"preset": "poststack3d", "coords": {"inline": 9}}, r"\['inline'\] are dimensions"),
        ({"variable": "twt"}, r"names \['twt'\] are given twice"),
        ({"coords": {"trace_number": 1}}, r"\['trace_number'\] are given twice"),
        ({"interval": 0}, "interval=0: expected a number above zero"),
        ({"interval": -4}, "interval=-4: expected a number above zero"),
        ({"interval": float("nan")}, "interval=nan: expected a finite number"),
        ({"interval": "4"}, "interval='4': expected a finite number"),
        ({"start": float("inf")}, "start=inf: expected a finite number"),
        ({"endian": "middle"}, "endian='middle': expected one of"),
        ({"revision": 3}, "revision=3: expected one of"),
        ({"samples": 0}, "samples=0: expected a positive number"),
        ({"samples": 7}, "each trace holds 5 samples .* not 7: give samples=5"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit(cube, options, message):
    with pytest.raises(ValueError, match=message):
        open_source(cube, **options)


# -- revision 2 ---------------------------------------------------------------------------------------------

REVISION = (3500, "H", 0x0200)


def extended(path: str, count: int = 1, name: bytes = b"") -> None:
    """Additional trace headers after each of six traces of five samples."""
    raw = Path(path).read_bytes()
    more = bytes(232) + name.ljust(8, b"\0") + bytes(240 * (count - 1))
    traces = (raw[3600 + k * 260 :][:260] for k in range(6))
    Path(path).write_bytes(raw[:3600] + b"".join(t[:240] + more + t[240:] for t in traces))


@pytest.mark.parametrize("code", ["i", "h"])
def test_additional_trace_headers(cube, tmp_path, code):
    """Their number has four bytes in revision 2.0, two in 2.1."""
    extended(cube, 2)
    put(cube, REVISION if code == "i" else (3500, "H", 0x0201), (3506, code, 2))
    ds = open_segy(cube)
    np.testing.assert_array_equal(ds.amplitude.values.ravel(), np.arange(30))
    ref = ingest(cube, str(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(open_dataset(ref.url).amplitude.values.ravel(), np.arange(30))
    copy = str(tmp_path / "copy.sgy")
    copy_segy(cube, copy, 2 * ds.amplitude, ds.trace_number.assign_attrs(samples="twt"), "big")
    np.testing.assert_array_equal(open_segy(copy).amplitude.values.ravel(), 2 * np.arange(30))


def test_extended_trace_headers_take_the_place_of_short_fields(cube):
    extended(cube, name=b"SEG00001")
    put(cube, REVISION, (3506, "i", 1))
    size = 500
    for k in range(6):
        first = 3600 + k * size + 240
        put(cube, (first + 160, "d", 0.25 + k), (first + 144, "d", 500.5))
    put(cube, *((3600 + k * size + 180, "i", 77) for k in range(6)))
    ds = open_segy(cube)
    np.testing.assert_array_equal(ds.cdp_x.values.ravel(), 0.25 + np.arange(6))
    np.testing.assert_allclose(ds.twt, 0.5005 * np.arange(5))
    assert (open_segy(cube, coords={"cdp_x": "181:i4"}).cdp_x == 77).all()
    assert (open_segy(cube, coords={"cdp_x": "401:f8:0"}).cdp_x.values.ravel() == 0.25 + np.arange(6)).all()
    put(cube, (3600 + 240 + 136, "I", 6))
    with pytest.raises(ValueError, match="extended trace headers hold 6 samples, the traces 5"):
        open_segy(cube)


def test_the_extended_sample_interval_takes_the_place_of_the_others(cube):
    put(cube, REVISION, (3272, "d", 1234.5))
    np.testing.assert_allclose(open_segy(cube).twt, 1.2345 * np.arange(5))
    np.testing.assert_allclose(open_segy(cube, interval=2).twt, 2.0 * np.arange(5))
    for value in (-1.0, float("nan"), float("inf")):
        put(cube, (3272, "d", value))
        with pytest.raises(ValueError, match="bytes 3273-3280 hold the sample interval"):
            open_segy(cube)


def test_the_extended_number_of_samples(cube):
    put(cube, REVISION, (3268, "i", 5), (3220, "H", 0))
    assert open_segy(cube).sizes["twt"] == 5
    put(cube, (3268, "i", 6), (3220, "H", 5))
    with pytest.raises(ValueError, match=r"each trace holds 5 samples .* not 6: give samples=5"):
        open_segy(cube)


@pytest.mark.parametrize("place", [3272, 3268])
def test_fields_of_revision_2_in_a_file_that_says_it_is_another(cube, place):
    """What they are is not guessed."""
    code, value = ("d", 1234.5) if place == 3272 else ("i", 5)
    put(cube, (place, code, value), (3296, "i", 16909060))
    with pytest.raises(
        ValueError, match=r"hold revision 1.0, but fields of revision 2 are filled in .*revision="
    ):
        open_segy(cube)
    assert open_segy(cube, revision=1).twt[1] == 4
    assert open_segy(cube, revision=2).twt[1] == (1.2345 if place == 3272 else 4)


@pytest.mark.parametrize("head", [0x0001, 0x0100])
def test_revision_1_however_it_is_written(cube, head):
    put(
        cube,
        (3500, "H", head),
        *((3600 + k * 260 + byte, "h", v) for k in range(6) for byte, v in ((108, 50), (214, 10))),
    )
    assert open_segy(cube).twt[0] == 500


def test_an_unknown_revision_is_said_where_it_matters(cube):
    put(cube, (3500, "H", 0x2020))
    assert open_segy(cube).twt[1] == 4
    put_in_traces(cube, 109, "h", [50] * 6)
    put_in_traces(cube, 215, "h", [10] * 6)
    with pytest.raises(ValueError, match="name no revision that is known, and byte 215 is 10"):
        open_segy(cube)
    assert open_segy(cube, revision=0).twt[0] == 50
    assert open_segy(cube, revision=1).twt[0] == 500


def test_any_number_of_extended_text_headers(cube):
    raw = Path(cube).read_bytes()
    records = [
        text.ljust(3200).encode("cp037") for text in ("((SEG: Something ver 1.0))", "((SEG: EndText))")
    ]
    Path(cube).write_bytes(raw[:3504] + b"\xff\xff" + raw[3506:3600] + b"".join(records) + raw[3600:])
    np.testing.assert_array_equal(open_segy(cube).amplitude.values.ravel(), np.arange(30))
    Path(cube).write_bytes(raw[:3504] + b"\xff\xff" + raw[3506:])
    with pytest.raises(ValueError, match=r"up to one with \(\(SEG: EndText\)\), and there is none"):
        open_segy(cube)
    Path(cube).write_bytes(raw[:3504] + b"\xff\xfe" + raw[3506:])
    with pytest.raises(ValueError, match="hold -2 extended text headers"):
        open_segy(cube)


def test_what_follows_and_precedes_the_traces(cube, tmp_path):
    raw = Path(cube).read_bytes()
    Path(cube).write_bytes(raw[:3600] + bytes(100) + raw[3600:] + b"x" * 6400)
    put(cube, REVISION, (3520, "Q", 3700), (3528, "i", 2))
    ds = open_segy(cube)
    np.testing.assert_array_equal(ds.amplitude.values.ravel(), np.arange(30))
    copy = tmp_path / "copy.sgy"
    copy_segy(cube, str(copy), ds.amplitude, ds.trace_number.assign_attrs(samples="twt"), "big")
    assert copy.read_bytes() == Path(cube).read_bytes()
    put(cube, (3528, "i", -1))
    with pytest.raises(ValueError, match="where the traces end is not known"):
        open_segy(cube)
    put(cube, (3512, "Q", 6))
    assert open_segy(cube).attrs["segy_traces"] == 6
    put(cube, (3528, "i", 2), (3512, "Q", 5))
    with pytest.raises(ValueError, match="of which bytes 3513-3520 announce 5"):
        open_segy(cube)


def test_the_byte_order_that_the_file_names(cube):
    put(cube, REVISION, (3296, "i", 67305985))
    with pytest.raises(
        ValueError, match="bytes 3297-3300 hold 67305985, where the right byte order has 16909060"
    ):
        open_segy(cube)


def test_no_message_advises_to_change_headers(cube):
    extended(cube)
    with pytest.raises(ValueError, match="truncated or its traces differ") as error:
        open_segy(cube)
    assert "fix" not in str(error.value)
    put(cube, (3500, "H", 0x0100), (3506, "i", 1))
    with pytest.raises(ValueError, match="As revision 2 it is whole: give revision=2"):
        open_segy(cube)
    assert open_segy(cube, revision=2).sizes["twt"] == 5


def test_samples_that_only_the_trace_headers_number(cube):
    put(cube, (3220, "H", 0))
    with pytest.raises(ValueError, match=r"but bytes 3221-3222 no number of samples; .* give samples=5"):
        open_segy(cube)
    assert open_segy(cube, samples=5).sizes["twt"] == 5


def test_an_ingest_reads_with_the_same_options(cube, tmp_path):
    put(cube, (3220, "H", 0))
    ref = ingest(Source(path=cube, options={"samples": 5}), str(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(open_dataset(ref.url).amplitude.values.ravel(), np.arange(30))
