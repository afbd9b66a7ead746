from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from segy_files import lines, write_traces

from pylops_distributed.ingest import open_segy, open_source, write_segy
from pylops_distributed.ingest.formats.segy.layout import STANDARD, standard_code


@pytest.fixture
def cube(sgy: str) -> str:
    """A good file of 12 traces."""
    write_traces(sgy, np.ones((12, 5), "f4"), lines(np.arange(1, 4), np.arange(1, 5)))
    return sgy


@pytest.mark.parametrize("content", [b"", b"abc", bytes(10_000), b"\xff" * 10_000])
def test_not_segy(sgy, content):
    with Path(sgy).open("wb") as file:
        file.write(content)
    with pytest.raises(ValueError, match=r"SEG-Y file"):
        open_segy(sgy)


@pytest.mark.parametrize("cut", [1, 100, 260])
def test_truncated(cube, cut):
    with Path(cube).open("rb") as file:
        whole = file.read()
    with Path(cube).open("wb") as file:
        file.write(whole[:-cut])
    if cut == 260:  # a whole trace less is a shorter file, with a hole
        assert open_segy(cube).trace_mask.values.sum() == 11
    else:
        with pytest.raises(ValueError, match=r"truncated .* 11 traces of 5 samples .* leave \d+ bytes"):
            open_segy(cube)


def test_no_number_of_samples(cube):
    with Path(cube).open("r+b") as file:
        file.seek(3220)
        file.write(bytes(2))
    with pytest.raises(ValueError, match=r"bytes 3221-3222 no number of samples"):
        open_segy(cube)


def test_duplicate_traces_are_named(sgy):
    write_traces(sgy, np.ones((5, 2), "f4"), {189: [1, 1, 2, 2, 1], 193: [1, 2, 1, 2, 2]})
    with pytest.raises(
        ValueError, match=r"traces 1 and 4 \(counted from 0\) are both at inline=1, crossline=2"
    ):
        open_segy(sgy, preset="poststack3d")


def test_wrong_bytes(cube, sgy):
    with pytest.raises(ValueError, match=r"'inline' is 0 in all 12 traces"):
        open_segy(cube, dims={"inline": 9, "crossline": 193})
    write_traces(sgy, np.ones((30, 2), "f4"), {189: np.arange(30), 193: np.arange(30)})
    with pytest.raises(ValueError, match=r"30 inline x 30 crossline would have traces in 3.3 % of its cells"):
        open_segy(sgy)
    with pytest.raises(ValueError, match="no trace header field starts at byte 190"):
        open_segy(sgy, dims={"inline": 190})


def test_no_preset_fits(sgy):
    write_traces(sgy, np.ones((4, 2), "f4"), {})
    with pytest.raises(
        ValueError, match=r"form no grid; give the right bytes with dims=(.|\n)*poststack3d(.|\n)*shot_"
    ):
        open_segy(sgy)


@pytest.mark.parametrize(
    ("byte", "values", "message"),
    [
        (115, [5, 5, 6], r"number of samples \(byte 115\) is 5 in trace 0, but 6 in trace 2"),
        (117, [4000, 2000, 4000], r"sample interval \(byte 117\) is 4000 in trace 0, but 2000 in trace 1"),
        (117, 2000, r"2000 in the trace headers \(byte 117\), 4000 in the binary header"),
        (109, [0, 0, 8], r"delay \(byte 109\) is 0 in trace 0, but 8 in trace 2: give start="),
    ],
)
def test_headers_that_must_not_vary(sgy, byte, values, message):
    write_traces(sgy, np.ones((3, 5), "f4"), {21: [1, 2, 3], byte: values})
    with pytest.raises(ValueError, match=message):
        open_segy(sgy)


def test_no_interval(sgy):
    write_traces(sgy, np.ones((3, 5), "f4"), {21: [1, 2, 3], 117: 0}, binary={3217: 0})
    with pytest.raises(ValueError, match="no sample interval: give interval="):
        open_segy(sgy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "poststack"}, "preset='poststack' is unknown: expected one of"),
        ({"dims": {}}, "dims is empty"),
        ({"vertical": "z"}, "vertical='z': expected 'twt', 'time' or 'depth'"),
        (
            {"chunks": {"iline": 4}},
            r"chunks name \['iline'\], but the dimensions are \['inline', 'crossline', 'twt'\]",
        ),
        ({"chunks": {"inline": 0}}, "chunks must be positive, or -1"),
        (
            {"byte_order": "big"},
            r"unknown options \['byte_order'\] for format 'segy': expected some of \['preset'",
        ),
    ],
)
def test_options(cube, options, message):
    with pytest.raises(ValueError, match=message):
        open_source(cube, **options)


def test_wrong_byte_order_given(cube):
    with pytest.raises(ValueError, match="in little endian, bytes 3225-3226"):
        open_segy(cube, endian="little")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": np.ones(3)}, "data has 1 axes"),
        ({"sample_format": 13}, "sample_format=13: expected one of"),
        ({"sample_format": 15, "endian": "pairwise"}, "three bytes have no pairs"),
        ({"inline": [1, 1]}, r"inline must hold 2 different numbers"),
        ({"dt_ms": 100}, "SEG-Y holds up to 65.535 ms"),
        ({"t0_ms": 40000}, "t0_ms: got 40000, but SEG-Y holds whole numbers from -32768 to 32767"),
        ({"t0_ms": 1.5}, "t0_ms: got 1.5"),
        ({"inline": [1, 1 << 31]}, "inline: got 2147483648, but .* -2147483648 to 2147483647"),
        ({"crossline": [1, 2, 2.5]}, "crossline: got 2.5"),
        ({"spacing": (0, 2e7)}, r"cdp_y \(in cm, from origin and spacing\): got 4000000000"),
        ({"data": np.broadcast_to(np.float32(0), (1 << 16, 1 << 15, 1))}, "number of traces: got 2147483648"),
    ],
)
def test_writing(sgy, options, message):
    with pytest.raises(ValueError, match=message):
        write_segy(sgy, **({"data": np.ones((2, 3, 4))} | options))
    assert not Path(sgy).exists()


@pytest.mark.parametrize(("lines", "length", "fits"), [(40, 76, True), (41, 1, False), (1, 77, False)])
def test_a_textual_header_has_40_lines_of_76_characters(sgy, lines, length, fits):
    if fits:
        write_segy(sgy, np.ones((2, 3, 4)), text=["x" * length] * lines)
        assert open_source(sgy).attrs["segy_text"].count("x") == lines * length
    else:
        with pytest.raises(ValueError, match=f"text has {lines} lines, expected up to 40, of up to 76"):
            write_segy(sgy, np.ones((2, 3, 4)), text=["x" * length] * lines)


def test_widths_of_the_standard_are_those_up_to_the_next_field():
    # Of SEG-Y's table of trace headers: line number, source's group scalar, interval, inline, the last two fields.
    codes = {1: "i4", 69: "i2", 71: "i2", 73: "i4", 115: "u2", 117: "u2", 189: "i4", 197: "i4"}
    assert {byte: standard_code(byte) for byte in codes} == codes
    assert standard_code(max(STANDARD)) == "i4"  # up to the end of the header
    assert standard_code(2) is None
