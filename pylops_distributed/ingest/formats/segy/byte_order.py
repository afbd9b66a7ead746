"""The three byte orders of SEG-Y files: big, little, and big with the two bytes of each pair swapped."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pylops_distributed.vectors.types import NDArray

Endian: TypeAlias = Literal["big", "little", "pairwise"]
ENDIANS: tuple[Endian, ...] = ("big", "little", "pairwise")
Bytes: TypeAlias = npt.NDArray[np.uint8]


def swap_pairs(raw: Bytes) -> Bytes:
    """Bytes with those of each pair along the last axis swapped."""
    return np.ascontiguousarray(raw.reshape(*raw.shape[:-1], -1, 2)[..., ::-1]).reshape(raw.shape)


def decode_numbers(raw: Bytes, code: str, endian: Endian) -> NDArray:
    """Numbers from the bytes of a file.

    Parameters
    ----------
    raw : numpy.ndarray of uint8
        Bytes, with those of consecutive numbers along the last axis.
    code : str
        NumPy type of the numbers.
    endian : {'big', 'little', 'pairwise'}
        Byte order of the file.

    Returns
    -------
    numpy.ndarray
        The numbers, of the same shape but along the last axis, in the byte order of the file or of the machine.
    """
    kind = np.dtype(code)
    if endian == "pairwise" and kind.itemsize > 1 and kind.kind != "S":
        raw = swap_pairs(raw)
    return np.ascontiguousarray(raw).view(kind.newbyteorder("<" if endian == "little" else ">"))


def encode_numbers(values: NDArray, code: str, endian: Endian) -> Bytes:
    """Bytes of numbers in a byte order, those of consecutive numbers along the last axis."""
    kind = np.dtype(code).newbyteorder("<" if endian == "little" else ">")
    raw = np.ascontiguousarray(values.astype(kind)).view(np.uint8)
    return swap_pairs(raw) if endian == "pairwise" and kind.itemsize > 1 else raw
