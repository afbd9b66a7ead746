"""Sample formats and byte orders of SEG-Y against bytes written out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from segy_files import lines, write_traces

from pylops_distributed.ingest import open_segy
from pylops_distributed.ingest.formats.segy.layout import Layout
from pylops_distributed.ingest.formats.segy.sample_coding import decode_samples, encode_samples


@pytest.mark.parametrize(
    ("code", "endian", "revision", "words", "values"),
    [
        (4, "big", 1, "00 03 00 05  00 00 ff ff", [40, -1]),
        (4, "big", 2, "00 03 00 05  00 01 ff ff", [0.625, -0.5]),
        (4, "little", 0, "05 00 03 00  ff ff 00 00", [40, -1]),
        (4, "pairwise", 1, "03 00 05 00  00 00 ff ff", [40, -1]),
        (7, "big", 2, "7f ff ff  80 00 00  ff ff fe", [8388607, -8388608, -2]),
        (7, "little", 2, "ff ff 7f  00 00 80  fe ff ff", [8388607, -8388608, -2]),
        (15, "big", 2, "00 00 01  ff ff ff", [1, 16777215]),
        (15, "little", 2, "01 00 00  ff ff ff", [1, 16777215]),
        (1, "pairwise", 1, "64 42 00 00", [100]),
        (2, "pairwise", 1, "00 00 02 01", [258]),
        (6, "pairwise", 1, "f0 3f 00 00 00 00 00 00", [1]),
        (3, "pairwise", 1, "02 01", [258]),
    ],
)
def test_bytes_of_samples(code, endian, revision, words, values):
    layout = Layout("a.sgy", endian, code, len(values), 1, 3600, revision=revision)
    raw = np.frombuffer(bytes.fromhex(words), np.uint8)
    decoded = decode_samples(raw[None], layout)
    assert decoded.tolist() == [values]
    encoded = encode_samples(decoded, layout)
    assert encoded == raw.tobytes() or code == 4  # in which numbers have several forms
    assert decode_samples(np.frombuffer(encoded, np.uint8)[None], layout).tolist() == [values]


@pytest.mark.parametrize(("code", "value"), [(4, 0.5), (4, 65537), (4, np.nan), (7, 1 << 23), (15, -1)])
def test_values_that_do_not_fit_a_format(code, value):
    layout = Layout("a.sgy", "big", code, 1, 1, 3600)
    with pytest.raises(ValueError, match=f"sample format {code} holds: .*write format 5"):
        encode_samples(np.array([[value]]), layout)


@pytest.mark.parametrize("code", [13, 14])
def test_formats_that_no_revision_defines(sgy, code):
    write_traces(sgy, np.ones((6, 5), "f4"), lines([1, 2], [1, 2, 3]))
    raw = bytearray(Path(sgy).read_bytes())
    raw[3225] = code
    Path(sgy).write_bytes(raw)
    with pytest.raises(ValueError, match=f"hold the sample format {code}, which is none of those"):
        open_segy(sgy)


def test_pairs_that_are_swapped_are_found_by_numbers_of_four_bytes(sgy):
    write_traces(sgy, np.arange(30, dtype="f4").reshape(6, 5), lines([1, 2], [1, 2, 3]))
    raw = np.frombuffer(Path(sgy).read_bytes(), np.uint8)
    Path(sgy).write_bytes(raw[:3200].tobytes() + raw[3200:].reshape(-1, 2)[:, ::-1].tobytes())
    ds = open_segy(sgy)
    assert ds.attrs["segy_endian"] == "pairwise"
    np.testing.assert_array_equal(ds.amplitude.values.ravel(), np.arange(30))
    np.testing.assert_array_equal(open_segy(sgy, endian="pairwise").amplitude, ds.amplitude)
    assert open_segy(sgy, endian="little", preset="poststack3d").inline[0] == 1 << 16


def test_long_integers_that_holes_round_are_said(sgy, caplog):
    samples = np.array([[(1 << 60) + 1, 5], [7, 8], [9, 1 << 60]], "i8")
    write_traces(sgy, samples, {189: [1, 1, 2], 193: [1, 2, 1]}, code=9)
    open_segy(sgy).amplitude.compute()
    assert (
        "1 integers beyond 2**53, the first of them 1152921504606846977 in trace 0 (sample 0)" in caplog.text
    )
    caplog.clear()
    np.testing.assert_array_equal(open_segy(sgy, preset="headerless").amplitude, samples)
    assert not caplog.text
