r"""IBM floating-point numbers of four bytes, decoded and encoded exactly.

A word holds a sign :math:`s`, an exponent :math:`e` of 7 bits and a fraction :math:`m` of 24 bits, and means

.. math:: (-1)^s \, \frac{m}{2^{24}} \, 16^{e - 64} = (-1)^s \, m \, 2^{4 e - 280}.

The fraction may begin with zero digits: such words are legal, and old field systems write them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = (1 - 2.0**-24) * 16.0**63
# All within the range of normal doubles, where a product of 24 bits with a power of two is exact.
_SCALES = 2.0 ** (4.0 * np.arange(128) - 280)


def decode_ibm(words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return the values of IBM words as doubles, which hold each of them exactly.

    Parameters
    ----------
    words : numpy.ndarray of uint32
        The words, in the machine's byte order.

    Returns
    -------
    numpy.ndarray of float64
        Their values. A cast to ``float32`` rounds to nearest once, ties to even; beyond its range it is infinite.
    """
    words = np.asarray(words, np.uint32)
    values = (words & np.uint32(0xFFFFFF)).astype(np.float64)
    values *= _SCALES[(words >> np.uint32(24)) & np.uint32(0x7F)]
    return np.where(words >> np.uint32(31), -values, values)


# Exponents whose powers of 16, with 24 bits of fraction below them, are normal numbers of single precision.
_LEAST, _MOST = 39, 96
# Their powers are made as bits: four times the exponent, less what the fraction's 24 bits and the bias of both make.
_BIAS = (280 - 127) << 23


def decode_ibm_single(words: NDArray[np.uint32]) -> NDArray[np.float32] | None:
    """Return the values of IBM words in single precision if it holds all of them exactly, else None.

    Parameters
    ----------
    words : numpy.ndarray of uint32
        The words, in the machine's byte order.

    Returns
    -------
    numpy.ndarray of float32, or None
        Their values: those of :func:`decode_ibm`, four times as fast. None if a number may be below the normal numbers
        of single precision, or beyond its largest one.
    """
    scales = words << np.uint32(1)
    scales &= np.uint32(0xFE000000)  # four times the exponent, where single precision has its own
    fractions = words & np.uint32(0xFFFFFF)
    if not scales.size or scales.max() > _MOST << 25:
        return None
    if scales.min() < _LEAST << 25:
        if fractions[scales < _LEAST << 25].any():
            return None
        np.maximum(scales, np.uint32(_LEAST << 25), out=scales)  # of zeros
    scales -= np.uint32(_BIAS)
    scales |= words & np.uint32(1 << 31)
    values = fractions.astype(np.float32)
    values *= scales.view(np.float32)
    return values


def encode_ibm(values: NDArray[np.generic]) -> NDArray[np.uint32]:
    """Return the IBM words nearest to numbers, ties to even.

    Parameters
    ----------
    values : array_like
        Real numbers, taken as doubles.

    Returns
    -------
    numpy.ndarray of uint32
        Normalised words; below :math:`16^{-65}` with zero digits in front, which keep what they can.

    Raises
    ------
    ValueError
        If a number is not finite, or larger than IBM floats reach.
    """
    numbers = np.asarray(values, np.float64)
    size = np.abs(numbers)
    if not np.isfinite(numbers).all():
        raise ValueError("IBM floats hold no NaN and no infinity: write IEEE floats (format 5)")
    exponents = np.maximum(-(-np.frexp(size)[1] // 4), -64)
    fractions = np.rint(np.ldexp(size, 24 - 4 * exponents))
    carried = fractions == 1 << 24  # rounded up to the next power of 16
    fractions[carried], exponents = 1 << 20, exponents + carried
    if (exponents > 63).any():
        raise ValueError(
            f"{size.max():.6g} is larger than IBM floats reach ({LARGEST:.6g}): write IEEE floats (format 5)"
        )
    exponents = np.where(fractions == 0, -64, exponents)
    words = fractions.astype(np.uint32) | (exponents + 64).astype(np.uint32) << np.uint32(24)
    return np.asarray(words | np.signbit(numbers).astype(np.uint32) << np.uint32(31), np.uint32)
