"""IBM floats against exact integer arithmetic, read from files and written to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from segy_files import lines, write_traces

from benchmarks.ibm import SPECIAL, nearest_single, nearest_word, read_words, written_words
from pylops_distributed.ingest import ingest, open_dataset, open_segy, write_segy
from pylops_distributed.ingest.formats.segy.ibm import LARGEST, decode_ibm, decode_ibm_single, encode_ibm
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy


def put_words(path: str, words: np.ndarray, traces: int = 4) -> None:
    """A file of traces that all hold these words."""
    write_traces(path, np.zeros((traces, len(words)), "f4"), lines([1, 2], [1, 2]), code=1)
    raw = bytearray(Path(path).read_bytes())
    for k in range(traces):
        first = 3600 + k * (240 + 4 * len(words)) + 240
        raw[first : first + 4 * len(words)] = words.astype(">u4").tobytes()
    Path(path).write_bytes(raw)


def test_fractions_with_zero_digits_in_front(sgy, tmp_path):
    words = np.array(
        [0x42640000, 0x43064000, 0x44006400, 0x45000640, 0x46000064, 0xC2640000, 0xC4006400, 0x41100000]
    )
    put_words(sgy, words)
    ref = ingest(sgy, str(tmp_path / "a.zarr"))
    values = open_dataset(ref.url).amplitude.values
    np.testing.assert_array_equal(values[0, 0], [100, 100, 100, 100, 100, -100, -100, 1])


def test_every_exponent_and_both_signs_are_exact(rng, tmp_path):
    """As `benchmarks/ibm.py` does with more fractions."""
    fractions = np.concatenate([SPECIAL, rng.integers(0, 1 << 24, 28) >> rng.integers(0, 24, 28)])
    grid = np.stack(np.meshgrid([0, 1], np.arange(128), fractions, indexing="ij"), -1).reshape(-1, 3)
    grid = grid[rng.permutation(len(grid))[:10_000]]
    words = grid[:, 0] << 31 | grid[:, 1] << 24 | grid[:, 2]
    expected = np.array([nearest_single(*map(int, one)) for one in grid], "f4")
    assert np.isinf(expected).any()
    assert (abs(expected) > 0).any() & (abs(expected) < np.finfo("f4").tiny).any()  # denormals
    np.testing.assert_array_equal(read_words(tmp_path, words).view("u4"), expected.view("u4"))


def test_doubles_are_written_as_the_nearest_words(rng, tmp_path):
    values = np.ldexp(rng.uniform(-1, 1, 600), 4 * rng.integers(-66, 63, 600))
    values[:6] = 0, -0.0, 1 - 2.0**-25, 2.0**-24 / 16, LARGEST, -(16.0**-65)
    found = written_words(tmp_path, values)
    assert [int(w) for w in found] == [nearest_word(v) for v in values.tolist()]


def test_words_outlive_decoding_and_encoding(rng):
    words = rng.integers(0x100000, 1 << 24, 5000) | rng.integers(0, 128, 5000) << 24
    np.testing.assert_array_equal(encode_ibm(decode_ibm(words)), words)


def test_what_single_precision_cannot_hold_is_said_and_counted(sgy, tmp_path, caplog):
    put_words(sgy, np.array([0x41100000, 0x7F100000, 0xFF100000]))
    ref = ingest(sgy, str(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(open_dataset(ref.url).amplitude.values[0, 0], [1, np.inf, -np.inf])
    assert ref.nonfinite == {"amplitude": 8}
    assert "beyond single precision (3.4e38)" in caplog.text
    assert "dtype='float64'" in caplog.text
    ds = open_segy(sgy, dtype="float64")
    np.testing.assert_array_equal(ds.amplitude.values[0, 0], [1, 16.0**62, -(16.0**62)])
    write_traces(sgy, np.zeros((4, 2), "i4"), lines([1, 2], [1, 2]), code=2)
    with pytest.raises(ValueError, match=r"dtype='float32': .* holds int32 samples"):
        open_segy(sgy, dtype="float32")


@pytest.mark.parametrize(
    ("code", "value", "message"),
    [
        (1, np.nan, "IBM floats hold no NaN and no infinity: write IEEE"),
        (1, 1e76, r"1e\+76 is larger than IBM floats reach"),
        (5, 1e39, r"1e\+39 is larger than the sample format 5 holds"),
        (3, 1.5, "1.5 is no whole number from -32768 to 32767"),
        (3, 40000, "40000 is no whole number"),
        (8, np.nan, "nan is no whole number"),
        (2, 2.0**31, "2147483648 is no whole number"),
        (11, -1, "-1 is no whole number from 0 to 65535"),
    ],
)
def test_samples_that_do_not_fit_their_format_are_rejected(sgy, code, value, message):
    values = np.zeros((2, 3, 4))
    values[1, 2, 3] = value  # one alone
    with pytest.raises(ValueError, match=message):
        write_segy(sgy, values, sample_format=code)
    assert not Path(sgy).exists()


def test_a_copy_holds_the_nearest_words_too(sgy, tmp_path):
    values = np.array([1 + 2.0**-22, 1 + 2.0**-21, 1 / 3, -1e-60])
    write_segy(sgy, np.zeros((2, 3, 4)), sample_format=1)
    ds, made = open_segy(sgy), str(tmp_path / "made.sgy")
    array = xr.zeros_like(ds.amplitude.astype(float)) + xr.DataArray(values, dims="twt")
    copy_segy(sgy, made, array.chunk(), ds.trace_number.assign_attrs(samples="twt"), "big")
    raw = np.frombuffer(Path(made).read_bytes()[3840:3856], ">u4")
    assert [int(w) for w in raw] == [nearest_word(v) for v in values.tolist()]
    with pytest.raises(ValueError, match="IBM floats hold no NaN"):
        copy_segy(sgy, made, array.chunk() * np.nan, ds.trace_number.assign_attrs(samples="twt"), "big")


@pytest.mark.parametrize("exponent", [0, 38, 39, 64, 96, 97, 127])
def test_single_precision_is_that_of_doubles_or_left_to_them(rng, exponent):
    signs = rng.integers(0, 2, 500, dtype=np.uint32) << np.uint32(31)
    words = rng.integers(0, 1 << 24, 500, dtype=np.uint32) | np.uint32(exponent << 24) | signs
    words[:4] = 0, 1 << 31, 0x40000001, 0x40FFFFFF
    words = np.asarray(words, np.uint32)
    single = decode_ibm_single(words)
    assert (single is None) == (not 39 <= exponent <= 96)
    if single is not None:
        assert single.tobytes() == decode_ibm(words).astype("f4").tobytes()
    zeros = np.where(words >> np.uint32(31), np.uint32(1 << 31), np.uint32(0))
    assert decode_ibm_single(zeros).tobytes() == decode_ibm(zeros).astype("f4").tobytes()
