"""Results for other programs: NetCDF, and SEG-Y with the headers of the file that the data came from."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import segyio
import xarray as xr

from pylops_distributed.ingest.segy_layout import read_layout

# IBM and IEEE floats, and integers that take as many bytes and become IEEE floats.
FLOATS, IEEE, REPLACED = (1, 5), 5, (2,)
SHOWN = ("model", "residual", "history")


def to_netcdf(run: xr.DataTree, path: str | Path, *, iterates: bool = False) -> None:
    """Write a run's model, data and history as one NetCDF file with a group for each, chunk by chunk.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.results.open_run` gives it.
    path : str or Path
        File to write; what it held before stays until all is written.
    iterates : bool, optional
        The kept iterates, too.

    Raises
    ------
    ModuleNotFoundError
        If h5netcdf is not installed.

    Notes
    -----
    NetCDF has no complex numbers: such an array becomes two, with ``_real`` and ``_imag`` after its name. Attributes
    that NetCDF cannot hold are written as JSON.
    """
    wanted = [name for name in (*SHOWN, *(("iterates",) if iterates else ())) if name in run]
    nodes = {f"/{name}": _plain(run[name].to_dataset()) for name in wanted}
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=_json(run.attrs)), **nodes})
    with _replaced(Path(path)) as part:
        tree.to_netcdf(part, engine="h5netcdf")


def to_segy(run: xr.DataTree, path: str | Path, variable: str | None = None) -> None:
    """Write a variable of a run as SEG-Y: a copy of the file that the data came from, with other samples.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.results.open_run` gives it, on data from SEG-Y.
    path : str or Path
        File to write; what it held before stays until all is written.
    variable : str, optional
        A variable of the model, or ``observed``, ``predicted`` or ``residual``; the first of the model if not given.

    Raises
    ------
    ValueError
        If the data came from no SEG-Y file, or the variable is not on the traces and samples of that file.
    FileNotFoundError
        If that file is no longer there.

    Notes
    -----
    Text, binary and trace headers are those of the file, byte by byte, and so is the order of traces. Its sample format
    stays too, if it is one of IBM or IEEE floats; integers of four bytes become IEEE floats.
    """
    array, source = _variable(run, variable), _source(run)
    layout = read_layout(source["path"], source["endian"])
    if layout.format not in FLOATS + REPLACED:
        raise ValueError(
            f"{source['path']!r} holds samples of SEG-Y format {layout.format}, which cannot hold {array.name!r}: "
            "expected 1, 2 or 5; export to NetCDF (.nc) instead"
        )
    numbers = source["numbers"]
    *lateral, vertical = array.dims
    if (
        tuple(lateral) != numbers.dims
        or numbers.shape != array.shape[:-1]
        or array.sizes[vertical] != layout.samples
    ):
        raise ValueError(
            f"{array.name!r} has {dict(array.sizes)}, the traces of {source['path']!r} are "
            f"{dict(numbers.sizes)} with {layout.samples} samples: expected the same grid"
        )
    with _replaced(Path(path)) as part:
        shutil.copyfile(source["path"], part)
        with segyio.open(str(part), "r+", ignore_geometry=True, endian=layout.endian) as file:
            if layout.format in REPLACED:
                file.bin[segyio.BinField.Format] = IEEE
        with segyio.open(str(part), "r+", ignore_geometry=True, endian=layout.endian) as file:
            for where, block in _blocks(array):
                traces = np.asarray(block, np.float32).reshape(-1, layout.samples)
                for number, trace in zip(numbers.values[where].ravel(), traces, strict=True):
                    if number >= 0:  # not a hole of the grid
                        file.trace[int(number)] = trace


def _variable(run: xr.DataTree, name: str | None) -> xr.DataArray:
    there: dict[str, xr.DataArray] = {}
    for node in ("model", "residual"):
        if node in run:
            there |= {str(k): array for k, array in run[node].to_dataset().data_vars.items()}
    if not there:
        raise ValueError(f"run {run.name} has no model yet: solve it first")
    if name is not None and name not in there:
        raise ValueError(f"run {run.name} has no variable {name!r}: expected one of {list(there)}")
    found = there[name or next(iter(there))]
    if found.dtype.kind == "c":
        raise ValueError(
            f"{found.name!r} is complex, which SEG-Y cannot hold: export to NetCDF (.nc) instead"
        )
    return found


def _source(run: xr.DataTree) -> dict[str, Any]:
    """Path and byte order of the first SEG-Y file of the data, and its trace numbers on the grid."""
    inputs = run["inputs"].to_dataset() if "inputs" in run else xr.Dataset()
    files = [one for one in inputs.attrs.get("sources", ()) if "segy_endian" in one]
    numbers = [a for name, a in inputs.variables.items() if str(name).startswith("trace_number")]
    if not files or not numbers:
        raise ValueError(
            f"the data of run {run.name} came from no SEG-Y file: export to NetCDF (.nc) instead"
        )
    return {"path": files[0]["source"], "endian": files[0]["segy_endian"], "numbers": numbers[0]}


def _blocks(array: xr.DataArray) -> Iterator[tuple[tuple[slice, ...], Any]]:
    """Blocks of whole traces, one at a time, each with the place of its traces."""
    whole = array.chunk({array.dims[-1]: -1})
    sizes = whole.chunks or ()
    for index in np.ndindex(*(len(s) for s in sizes)):
        starts = [sum(s[:i]) for s, i in zip(sizes, index, strict=True)]
        where = tuple(slice(a, a + s[i]) for a, s, i in zip(starts, sizes, index, strict=True))
        yield where[:-1], whole.data.blocks[index].compute()


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to, which takes its place at the end."""
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _plain(ds: xr.Dataset) -> xr.Dataset:
    """With what NetCDF can hold."""
    for name, array in ds.data_vars.items():
        if array.dtype.kind == "c":
            ds = ds.drop_vars(name).assign({f"{name}_real": array.real, f"{name}_imag": array.imag})
    for variable in ds.variables.values():
        variable.attrs = _json(variable.attrs)
    return ds.drop_encoding().assign_attrs(_json(ds.attrs))


def _json(attrs: dict[Any, Any]) -> dict[Any, Any]:
    return {k: v if isinstance(v, str | int | float) else json.dumps(v) for k, v in attrs.items()}
