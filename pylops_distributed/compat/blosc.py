"""Blosc's chunks, checked before they are decoded: Blosc itself reads beyond the end of one that was cut off.

``tests/ingest/test_corrupt_files.py`` has the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numcodecs
import numpy as np
from numcodecs.compat import ensure_contiguous_ndarray
from zarr.codecs import BloscCodec
from zarr.registry import register_codec

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from zarr.abc.buffer import Buffer
    from zarr.core.array_spec import ArraySpec

HEADER = 16  # bytes; the last four are the length of the chunk


def check_chunk(chunk: ArrayLike) -> None:
    """Raise ``ValueError`` for a chunk that was cut off."""
    raw = ensure_contiguous_ndarray(chunk).view(np.uint8)
    claimed = int.from_bytes(raw[12:HEADER].tobytes(), "little")
    if raw.size < HEADER or claimed > raw.size:
        raise ValueError(f"a chunk of Blosc has {raw.size} bytes, its header claims {claimed}: it is corrupt")


class CheckedBlosc(numcodecs.Blosc):
    """Blosc as numcodecs has it, which raises where the process would end."""

    def decode(self, buf: ArrayLike, out: ArrayLike | None = None) -> object:
        """Decoded bytes of a chunk."""
        check_chunk(buf)
        return super().decode(buf, out)


class CheckedBloscCodec(BloscCodec):
    """The same for version 3 of Zarr.

    Relies on: chunks are decoded by ``_decode_single`` alone.
    """

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        check_chunk(chunk_bytes.as_numpy_array())
        return await super()._decode_single(chunk_bytes, chunk_spec)


def register() -> None:
    """Let Zarr decode Blosc's chunks with these classes, in this process.

    Relies on: Zarr looks for the codec of Blosc by its name and the qualified name of BloscCodec.
    """
    numcodecs.register_codec(CheckedBlosc, "blosc")
    register_codec("blosc", CheckedBloscCodec, qualname="zarr.codecs.blosc.BloscCodec")
