r"""Samples of SEG-Y: the bytes of each format, decoded and encoded exactly.

Format 4, fixed point with gain, is a byte of zeros, a gain :math:`g` of one byte and a signed number :math:`m` of two.
Revisions 0 and 1 define its value as :math:`m \, 2^{g}`, revision 2 as :math:`m \, 2^{-g}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed.ingest.formats.segy.byte_order import Bytes, decode_numbers, encode_numbers
from pylops_distributed.ingest.formats.segy.ibm import decode_ibm, decode_ibm_single, encode_ibm
from pylops_distributed.ingest.formats.segy.sample_formats import FIXED_GAIN, IBM, SAMPLE_FORMATS
from pylops_distributed.vectors.types import DType, NDArray

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Endian
    from pylops_distributed.ingest.formats.segy.layout import Layout
    from pylops_distributed.ingest.formats.segy.sample_formats import SampleFormat

MOST_GAIN = 255


def decode_samples(raw: Bytes, layout: Layout, dtype: DType | None = None) -> NDArray:
    """Values of samples.

    Parameters
    ----------
    raw : numpy.ndarray of uint8
        Bytes of whole samples along the last axis.
    layout : Layout
        Of the file: its sample format, byte order and revision.
    dtype : numpy.dtype, optional
        Type that is wanted in the end.

    Returns
    -------
    numpy.ndarray
        As in the file, exactly; IBM floats as doubles, or in single precision if that is wanted and as exact. It has
        the shape of ``raw`` but along the last axis.
    """
    one = SAMPLE_FORMATS[layout.format]
    if layout.format == IBM:
        words = decode_numbers(raw, "u4", layout.endian).astype(np.uint32)
        single = decode_ibm_single(words) if dtype == np.float32 else None
        return decode_ibm(words) if single is None else single
    if layout.format == FIXED_GAIN:
        words = decode_numbers(raw, "u4", layout.endian).astype(np.uint32)
        gain = (words >> np.uint32(16) & np.uint32(0xFF)).astype(np.int32)
        return np.ldexp(words.astype(np.uint16).view(np.int16).astype(np.float64), _sign(layout) * gain)
    if one.nbytes == 3:
        return _decode_three(raw, layout.endian, signed=one.dtype[0] == "i")
    return decode_numbers(raw, one.dtype, layout.endian)


def encode_samples(values: NDArray, layout: Layout) -> bytes:
    """Traces, one a row, as bytes of the format of a file.

    Raises
    ------
    ValueError
        If a value does not fit the format.
    """
    one = SAMPLE_FORMATS[layout.format]
    if layout.format == IBM:
        return encode_numbers(encode_ibm(values), "u4", layout.endian).tobytes()
    if layout.format == FIXED_GAIN:
        return encode_numbers(_encode_gain(values, layout), "u4", layout.endian).tobytes()
    if one.dtype[0] in "iu":
        whole = _whole(values, layout, one)
        if one.nbytes == 3:
            return _encode_three(whole, layout.endian)
        return encode_numbers(whole, one.dtype, layout.endian).tobytes()
    with np.errstate(over="ignore"):
        cast = values.astype(layout.dtype)
    if (lost := np.isfinite(values) & ~np.isfinite(cast)).any():
        raise ValueError(
            f"{layout.path!r}: {values[lost].flat[0]:.6g} is larger than the sample format {layout.format} holds: "
            "scale it, or write format 6"
        )
    return encode_numbers(cast, one.dtype, layout.endian).tobytes()


def _sign(layout: Layout) -> int:
    """Whether the gain of format 4 multiplies or divides."""
    return -1 if layout.revision == 2 else 1


def _decode_three(raw: Bytes, endian: Endian, *, signed: bool) -> NDArray:
    """Integers of three bytes; pairs of bytes cannot be swapped in them."""
    little = endian == "little"
    words = np.zeros((*raw.shape[:-1], raw.shape[-1] // 3, 4), np.uint8)
    words[..., slice(0, 3) if little else slice(1, 4)] = raw.reshape(*words.shape[:-1], 3)
    numbers = words.view("<u4" if little else ">u4")[..., 0].astype(np.uint32)
    if not signed:
        return numbers
    return np.asarray((numbers ^ np.uint32(1 << 23)).astype(np.int32) - np.int32(1 << 23))


def _encode_three(values: NDArray, endian: Endian) -> bytes:
    little = endian == "little"
    words = np.ascontiguousarray(values.astype(np.int64).astype("<i8" if little else ">i8")).view(np.uint8)
    words = words.reshape(*values.shape, 8)
    return words[..., slice(0, 3) if little else slice(5, 8)].tobytes()


def _encode_gain(values: NDArray, layout: Layout) -> NDArray:
    """Words of format 4 with the smallest gain that holds each number exactly."""
    numbers = np.asarray(values, np.float64)
    gains, mantissas = np.zeros(numbers.shape, np.int64), numbers.copy()
    for gain in range(1, MOST_GAIN + 1):
        rest = ~_short(mantissas)
        if not rest.any():
            break
        gains[rest], mantissas[rest] = gain, np.ldexp(numbers[rest], -_sign(layout) * gain)
    if (bad := ~_short(mantissas)).any():
        raise ValueError(
            f"{layout.path!r}: {numbers[bad].flat[0]:.12g} is no number of 16 bits times a power of two that the "
            "sample format 4 holds: write format 5"
        )
    return gains.astype(np.uint32) << np.uint32(16) | mantissas.astype(np.int16).view(np.uint16)


def _short(numbers: NDArray) -> NDArray:
    """Whether numbers are whole and fit 16 bits."""
    return np.asarray((numbers == np.rint(numbers)) & (np.abs(numbers + 0.5) < 1 << 15))


def _whole(values: NDArray, layout: Layout, one: SampleFormat) -> NDArray:
    """Integers as the file has them; raises where numbers are not whole, or too large."""
    low, high = one.limits
    numbers: NDArray = values if values.dtype.kind in "iub" else np.asarray(values, np.float64)
    whole = numbers == np.rint(numbers) if numbers.dtype.kind == "f" else np.ones(numbers.shape, bool)
    good = whole & (numbers >= low) & (numbers <= high)
    cast = values.astype(layout.dtype) if good.all() else values
    if not good.all() or (numbers.dtype.kind == "f" and (cast.astype(np.float64) != numbers).any()):
        bad = numbers[~good].flat[0] if not good.all() else numbers.max()
        raise ValueError(
            f"{layout.path!r}: {bad:.12g} is no whole number from {low} to {high}, which the sample "
            f"format {layout.format} holds: round or scale the data, or write format 5"
        )
    return cast
