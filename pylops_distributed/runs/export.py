"""Results for other programs: NetCDF, and SEG-Y with the headers of the file that the data came from."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats.file_digest import size_and_sha256
from pylops_distributed.ingest.formats.segy.su import find_layout
from pylops_distributed.ingest.formats.segy.template_copy import RawHeaders, write_with_headers
from pylops_distributed.ingest.merge import trace_numbers
from pylops_distributed.ingest.raw_headers import stored_headers

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json

SHOWN = ("model", "residual", "history")
MISSING = "NetCDF needs h5netcdf: pip install 'pylops-distributed[hdf]'"


def to_netcdf(run: xr.DataTree, path: str | Path, *, iterates: bool = False) -> None:
    """Write a run's model, data and history as one NetCDF file with a group for each, chunk by chunk.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.runs.reading.open_run` returns it. path : str or Path
        File to write; it must not exist.
    iterates : bool, optional
        The kept iterates, too.

    Raises
    ------
    FileExistsError
        If there is a file already.
    ModuleNotFoundError
        If h5netcdf is not installed.
    ValueError
        If the run has no checkpoint yet.

    Notes
    -----
    NetCDF has no complex numbers: such an array becomes two, with ``_real`` and ``_imag`` after its name. Attributes
    that NetCDF cannot hold are written as JSON.
    """
    if find_spec("h5netcdf") is None:
        raise ModuleNotFoundError(MISSING)
    wanted = [name for name in (*SHOWN, *(("iterates",) if iterates else ())) if name in run]
    if not wanted:
        raise ValueError(f"run {run.name} has no checkpoint yet: solve it first")
    nodes = {f"/{name}": _plain(run[name].to_dataset()) for name in wanted}
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=_json(run.attrs)), **nodes})
    with _whole(Path(path)) as part:
        tree.to_netcdf(part, engine="h5netcdf")


def to_segy(
    run: xr.DataTree,
    path: str | Path,
    variable: str | None = None,
    *,
    original: str | Path | None = None,
    keep_format: bool = False,
) -> None:
    """Write a variable of a run as SEG-Y: the file that the data came from, with other samples.

    Parameters
    ----------
    run : xarray.DataTree
        A run, as :func:`~pylops_distributed.runs.reading.open_run` returns it, on data from SEG-Y.
    path : str or Path
        File to write; it must not exist.
    variable : str, optional
        A variable of the model, or ``observed``, ``predicted`` or ``residual``; may be left out if the model has
        but one.
    original : str or Path, optional
        The SEG-Y file whose headers are taken, instead of those that the dataset holds; by default of datasets without
        them, the file that the data came from.
    keep_format : bool, optional
        Whether to write integers where the file has them, instead of IEEE floats. Files that end in ``.su`` are
        Seismic Unix, which has IEEE floats alone.

    Raises
    ------
    FileExistsError
        If there is a file already.
    FileNotFoundError
        If the dataset holds no headers, and the SEG-Y file that the data came from is no longer there.
    ValueError
        If the data came from none, if it was changed since, if the variable is not on its traces and samples, or if
        it is not clear which variable is meant.

    Notes
    -----
    Headers (text, binary, extended and of traces) are those of the file, byte by byte, and so is the order of traces;
    samples that are integers there become IEEE floats, and the code of the sample format with them.
    """
    su = Path(path).suffix.lower() == ".su"
    if su and keep_format:
        raise ValueError(
            f"{str(path)!r} would be Seismic Unix, which has IEEE floats alone: leave out --keep-format "
            "(keep_format=True), or export SEG-Y (.sgy)"
        )
    array = _variable(run, variable)
    source, numbers = _source(run, array)
    headers = _headers(run, source, original)
    with _whole(Path(path)) as part:
        write_with_headers(headers, str(part), array, numbers, keep_format=keep_format, su=su)


def _headers(run: xr.DataTree, source: Json, original: str | Path | None) -> RawHeaders:
    """Headers of the SEG-Y file: from the dataset, or from the file where the dataset does not hold them."""
    if original is None and "dataset" in run.attrs:
        stored = stored_headers(run.attrs["dataset"], str(np.ravel(source["variables"])[0]))
        if stored is not None:
            return stored
    file = str(original or source["source"])
    if not Path(file).exists():
        raise FileNotFoundError(
            f"{file!r} is not there, whose headers are wanted: say where the file is now (original=, --original)"
        )
    if size_and_sha256(file)["sha256"] != source["sha256"]:
        raise ValueError(f"{file!r} is not the file that was ingested: its content has another SHA-256")
    options = {k: v for k, v in source.get("options", {}).items() if k in ("revision", "samples")}
    return RawHeaders.of_file(
        find_layout(file, source["segy_endian"], su=source["format"] == "su", **options)
    )


def _variable(run: xr.DataTree, name: str | None) -> xr.DataArray:
    nodes = [run[node].to_dataset().data_vars for node in ("model", "residual") if node in run]
    there = {str(key): array for node in nodes for key, array in node.items()}
    if not there:
        raise ValueError(f"run {run.name} has no checkpoint yet: solve it first")
    if name is None and len(nodes[0]) == 1:
        name = str(next(iter(nodes[0])))
    if name not in there:
        asked = "several variables" if name is None else f"no variable {name!r}"
        raise ValueError(f"run {run.name} has {asked}: give one of {sorted(there)}")
    chosen = there[name]
    if chosen.dtype.kind == "c":
        raise ValueError(
            f"{chosen.name!r} is complex, which SEG-Y cannot hold: export to NetCDF (.nc) instead"
        )
    return chosen


def _source(run: xr.DataTree, array: xr.DataArray) -> tuple[Json, xr.DataArray]:
    """Provenance of the first SEG-Y file whose traces are those of ``array``, and their numbers."""
    inputs = run["inputs"].to_dataset() if "inputs" in run else xr.Dataset()
    seen = []
    for source in inputs.attrs.get("sources", ()):
        for name in (n for n in source["variables"] if "segy_endian" in source and n in inputs):
            like, numbers = inputs[name], trace_numbers(inputs, name)
            if (
                numbers
                and "window" not in source.get("options", {})  # the file has other traces or samples
                and set(array.dims) == set(like.dims)
                and all(array.indexes[d].equals(like.indexes[d]) for d in array.dims)
            ):
                return source, inputs[numbers].assign_attrs(samples=like.dims[-1])
            seen.append(f"{source['source']!r} ({', '.join(f'{d}: {n}' for d, n in like.sizes.items())})")
    if not seen:
        raise ValueError(
            f"the data of run {run.name} came from no SEG-Y file: export to NetCDF (.nc) instead"
        )
    raise ValueError(
        f"{array.name!r} ({', '.join(f'{d}: {n}' for d, n in array.sizes.items())}) is on the traces and samples of "
        f"none of {', '.join(seen)}: export to NetCDF (.nc) instead"
    )


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file next to ``path`` to write to, which replaces it once it is whole."""
    if path.exists():
        raise FileExistsError(f"{path} exists already: delete it first, or give another name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        yield part
        Path(part).replace(path)
    finally:
        part.unlink(missing_ok=True)


def _plain(ds: xr.Dataset) -> xr.Dataset:
    """With what NetCDF can hold."""
    for name, array in ds.data_vars.items():
        if array.dtype.kind == "c":
            ds = ds.drop_vars(str(name)).assign({f"{name}_real": array.real, f"{name}_imag": array.imag})
    ds = ds.copy()
    for variable in ds.variables.values():
        variable.attrs = _json(variable.attrs)
    return ds.drop_encoding().assign_attrs(_json(ds.attrs))


def _json(attrs: dict[object, object]) -> dict[object, object]:
    plain: dict[object, object] = {
        k: v for k, v in attrs.items() if isinstance(v, str | int | float) and not isinstance(v, bool)
    }
    return plain | {k: json.dumps(v) for k, v in attrs.items() if k not in plain}
