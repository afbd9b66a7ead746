"""Writing SEG-Y with the headers of another file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pylops_distributed import tuning
from pylops_distributed.compat.linux import allocate
from pylops_distributed.ingest.formats.segy.byte_order import encode_numbers
from pylops_distributed.ingest.formats.segy.sample_formats import IBM
from pylops_distributed.ingest.formats.segy.samples import write_run
from pylops_distributed.ingest.formats.segy.su import find_layout
from pylops_distributed.vectors.types import NDArray, Options

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.ingest.formats.segy.byte_order import Endian
    from pylops_distributed.ingest.formats.segy.layout import Layout

IEEE, FORMAT_BYTE = 5, 3224
READ: Literal["r"] = "r"
CHANGE: Literal["r+"] = "r+"
FLOATS = (IBM, 5, 6)  # IBM floats, and IEEE floats of four and of eight bytes


def copy_segy(
    source: str,
    target: str,
    array: xr.DataArray,
    numbers: xr.DataArray,
    endian: Endian,
    options: Options | None = None,
    *,
    keep_format: bool = False,
) -> None:
    """Write the traces of an array in the order, and with all headers, of a SEG-Y file.

    Parameters
    ----------
    source : str
        The SEG-Y file whose headers are taken.
    target : str
        File to write.
    array : xarray.DataArray
        Samples; one block of whole traces is in memory at a time.
    numbers : xarray.DataArray
        Place in the file of each trace, -1 for holes; has the dimensions of ``array`` but for that of samples, which
        its attribute ``samples`` names.
    endian : {'big', 'little', 'pairwise'}
        Byte order of the file.
    options : mapping, optional
        Further options of :func:`~pylops_distributed.ingest.formats.segy.su.find_layout` with which the file was
        read.
    keep_format : bool, optional
        Whether to write integers as the file does, instead of IEEE floats.

    Raises
    ------
    OSError
        If there is not enough disk space for the file.
    ValueError
        If a sample does not fit the format of the file.
    """
    layout = find_layout(source, endian, **(options or {}))
    format = layout.format if keep_format or layout.format in FLOATS else IEEE
    copy = replace(layout, path=target, format=format)
    _copy_headers(layout, copy)
    order = array.transpose(*numbers.dims, numbers.attrs["samples"])
    with Path(target).open("r+b") as file:
        for where, block in _blocks(order):
            traces = np.asarray(block).reshape(-1, layout.samples)
            for number, trace in zip(numbers.values[where].ravel(), traces, strict=True):
                if number >= 0:
                    write_run(file, copy, int(number), trace[None])


def _copy_headers(source: Layout, target: Layout) -> None:
    """Make a file of the layout ``target`` with the headers of another, and nothing yet in its traces."""
    with Path(source.path).open("rb") as file:
        head = bytearray(file.read(source.first))
    code = encode_numbers(np.array([target.format]), "i2", target.endian).tobytes()
    if head:
        head[FORMAT_BYTE : FORMAT_BYTE + 2] = code
    with Path(target.path).open("wb") as file:
        # Writing to a mapped file on a full disk would kill the process.
        allocate(file, target.first + target.traces * target.trace_bytes)
        file.write(head)
    step = max(1, tuning.nbytes("ingest.segy-window") // max(source.trace_bytes, target.trace_bytes))
    for start in range(0, source.traces, step):
        count = min(step, source.traces - start)
        old, new = (
            np.memmap(one.path, np.uint8, how, one.first + start * one.trace_bytes, (count, one.trace_bytes))
            for one, how in ((source, READ), (target, CHANGE))
        )
        new[:, : source.header_bytes] = old[:, : source.header_bytes]
    with Path(source.path).open("rb") as file, Path(target.path).open("ab") as copy:
        file.seek(source.first + source.traces * source.trace_bytes)
        shutil.copyfileobj(file, copy)  # records after the last trace


def _blocks(array: xr.DataArray) -> Iterator[tuple[tuple[slice, ...], NDArray]]:
    """Blocks of whole traces, one at a time, each with the place of its traces."""
    whole = array.chunk({array.dims[-1]: -1})
    sizes = whole.chunks or ()
    for index in np.ndindex(*map(len, sizes)):
        starts = [sum(s[:i]) for s, i in zip(sizes, index, strict=True)]
        where = tuple(slice(a, a + s[i]) for a, s, i in zip(starts, sizes, index, strict=True))
        yield where[:-1], whole.data.blocks[index].compute()
