"""Tables of numbers as text or CSV, read whole: wavelets, horizons and any others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats.contents import FileContents, check_room

if TYPE_CHECKING:
    from pylops_distributed.vectors.types import NDArray

COMMENTS = ("#", "!", "//", "%", "*", '"#')
EMPTY = {"", "nan", "null", "none", "-", "1e30", "1e+30", "-999.25"}


def read_table(
    path: str, *, columns: Sequence[str] | None = None, index: str | Sequence[str] | None = None
) -> FileContents:
    """Contents of a table: one variable a column.

    Parameters
    ----------
    path : str
        Text whose numbers are separated by commas, semicolons, tabs or blanks. Lines that begin with ``#``, ``!``,
        ``%``, ``*`` or ``//`` are comments; a first line of words is the names of the columns.
    columns : sequence of str, optional
        Names of the columns, instead of those in the file.
    index : str or sequence of str, optional
        Columns that are axes: of one, the values are coordinates; of several, the rows are laid out on a grid, with NaN
        where it has no row. By default the rows are the axis.

    Returns
    -------
    FileContents
        The columns.

    Raises
    ------
    ValueError
        If it is no table of numbers, or two rows have one place.
    """
    names, values = _read(path, columns)
    axes = [index] if isinstance(index, str) else list(index or ())
    if unknown := sorted(set(axes) - set(names)):
        raise ValueError(
            f"{path!r}: index= has {unknown}, but the columns are {names}: name them with columns=."
        )
    table = dict(zip(names, values.T, strict=True))
    if not axes:
        ds = xr.Dataset({name: ("row", column) for name, column in table.items()})
    else:
        ds = _on_grid(path, table, axes)
    return FileContents(ds.assign_attrs(reading="whole"))


def read_wavelet(path: str, *, columns: Sequence[str] | None = None) -> FileContents:
    """Contents of a wavelet: amplitudes, or times and amplitudes, along the axis ``time``.

    Parameters
    ----------
    path : str
        As of :func:`read_table`.
    columns : sequence of str, optional
        Names of the columns, by default ``time`` and ``wavelet``; of one column, ``wavelet``.
    """
    count = _read(path, None)[1].shape[1]
    names = list(columns or (["wavelet"] if count == 1 else ["time", "wavelet"]))
    contents = read_table(path, columns=names, index="time" if "time" in names else None)
    return FileContents(contents.ds.rename(row="time") if "row" in contents.ds.dims else contents.ds)


def read_horizon(
    path: str, *, columns: Sequence[str] | None = None, index: Sequence[str] = ("inline", "crossline")
) -> FileContents:
    """Contents of a horizon: times or depths on the grid of inlines and crosslines, NaN where it was not picked.

    Parameters
    ----------
    path : str
        As of :func:`read_table`.
    columns : sequence of str, optional
        Names of the columns, by default ``inline``, ``crossline`` and ``horizon``.
    index : sequence of str, optional
        Columns of the axes.
    """
    named = columns or (None if set(index) <= set(_read(path, None)[0]) else [*index, "horizon"])
    return read_table(path, columns=named, index=index)


def _read(path: str, columns: Sequence[str] | None) -> tuple[list[str], NDArray]:
    """Names of the columns, and the numbers, a row a line."""
    check_room(path, 10 * Path(path).stat().st_size)
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines()]
    rows = [_words(line) for line in lines if line and not line.startswith(COMMENTS)]
    if not rows:
        raise ValueError(f"{path!r} is no table: it has no rows.")
    header = rows.pop(0) if any(_number(word) is None for word in rows[0]) else None
    names = list(columns or header or [f"column_{i}" for i in range(len(rows[0]) if rows else 0)])
    numbers = []
    for row in rows:
        values = [_number(word) for word in row]
        if len(values) != len(names) or None in values:
            raise ValueError(
                f"{path!r} is no table of {len(names)} numbers a row, {names}: it has the row {' '.join(row)[:80]!r}. "
                "Name all columns with columns=, and mark other lines as comments with #."
            )
        numbers.append(values)
    if not numbers or len(set(names)) < len(names):
        raise ValueError(f"{path!r} is no table: it has {len(numbers)} rows, and the columns {names}.")
    return names, np.array(numbers, np.float64)


def _words(line: str) -> list[str]:
    separator = next((one for one in (",", ";", "\t") if one in line), None)
    return [
        word.strip().strip('"') for word in (line.split(separator) if separator else re.split(r"\s+", line))
    ]


def _number(word: str) -> float | None:
    if word.lower() in EMPTY:
        return float("nan")
    try:
        return float(word)
    except ValueError:
        return None


def _on_grid(path: str, table: dict[str, NDArray], axes: Sequence[str]) -> xr.Dataset:
    """Columns on the grid of others."""
    if bad := [name for name in axes if not np.isfinite(table[name]).all()]:
        raise ValueError(f"{path!r}: the columns {bad} of index= have empty or infinite values.")
    coords, places = {}, []
    for name in axes:
        coords[name], place = np.unique(table[name], return_inverse=True)
        places.append(place)
    shape = tuple(len(values) for values in coords.values())
    if np.prod([float(n) for n in shape]) > 1000 * len(places[0]) + 1_000_000:
        raise ValueError(
            f"{path!r}: the columns {list(axes)} of index= form no grid: {shape} for {len(places[0])} rows."
        )
    flat = np.ravel_multi_index(tuple(places), shape)
    if (twice := len(flat) - len(np.unique(flat))) > 0:
        raise ValueError(f"{path!r}: {twice} rows have the same {list(axes)} as others: keep one of each.")
    ds = xr.Dataset(coords={name: (name, values) for name, values in coords.items()})
    for name, column in table.items():
        if name not in axes:
            grid = np.full(shape, np.nan)
            grid.ravel()[flat] = column
            ds[name] = (tuple(axes), grid)
    return ds
