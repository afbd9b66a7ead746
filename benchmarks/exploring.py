"""What it takes to look into a large run: open it, and draw each picture of it.

    python benchmarks/exploring.py --gigabytes 4 --iterates 200 --folder /somewhere/with/2/GB

makes a run of post-stack inversion with that many kept iterates, as the library writes runs, and looks at it in a fresh
process for each picture. The large chunks of the checkpoints are hard links to a few files: they take next to no disk,
and each reads as a separate chunk, with its checksum. All else is written by the library: the dataset, the groups of
the checkpoints, and the result, for which the newest checkpoint is read and verified as a whole. Prints one JSON line:
seconds (of imports, of opening, of the picture) and the most memory of the process in MB (VmHWM; Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from peak import peak

FILES = 8  # distinct chunks


def make(folder: Path, gigabytes: float, iterates: int) -> str:
    """Write the run; returns its place."""
    from pylops_distributed.ingest import ingest, open_dataset
    from pylops_distributed.inversion.assembly import assemble
    from pylops_distributed.inversion.inversion import begin
    from pylops_distributed.inversion.result import write_result
    from pylops_distributed.optimization.algorithms.cgls import CGLS
    from pylops_distributed.problems.registry import load_problem

    source, solver = _source(folder, round((gigabytes * 1e9 / 4) ** (1 / 3))), CGLS(10 * iterates)
    settings = {"name": "poststack", "wavelet": {"kind": "ricker", "peak": 25.0}, "dtype": "float32"}
    ref = ingest({"": source}, str(folder / "dataset.zarr"))
    run = begin(str(folder / "runs"), ref.url, load_problem(settings), solver)
    labels = assemble(load_problem(run.attrs["problem"]), open_dataset(ref.url), solver).labels
    problem, ds = load_problem(run.attrs["problem"]), open_dataset(ref.url)
    like = problem.data(ds)
    with run.attempt() as attempt:
        for n in range(iterates):
            _checkpoint(run.storage, folder, attempt.number, 10 * (n + 1), like, labels)
    write_result(run)
    return str(run.storage.url)


def _source(folder: Path, size: int) -> Any:
    """Raw data that are the same everywhere: a Zarr group without a chunk."""
    import zarr

    from pylops_distributed.ingest import Source

    group = zarr.open_group(str(folder / "raw.zarr"), mode="w")
    dims = ("inline", "crossline", "twt")
    for name, value in (("amplitude", 0.01), ("background", 6e6)):
        group.create_array(
            name, shape=(size,) * 3, chunks=(64, 64, size), dtype="f4", fill_value=value, dimension_names=dims
        )
    for name, step in zip(dims, (1, 1, 2), strict=True):
        axis = group.create_array(name, shape=(size,), dtype="f8", dimension_names=(name,))
        axis[:] = step * np.arange(size)
        axis.attrs["units"] = "ms" if name == "twt" else "1"
    return Source(path=str(folder / "raw.zarr"))


def _checkpoint(storage: Any, folder: Path, attempt: int, iteration: int, like: Any, labels: Any) -> None:
    """A checkpoint as :func:`~pylops_distributed.storage.atomic_group.write_group` leaves it, large chunks as links."""
    from pylops_distributed.optimization.algorithms.cgls import CGLSState
    from pylops_distributed.storage.atomic_group import _stored
    from pylops_distributed.storage.checkpoint_keys import CheckpointKey
    from pylops_distributed.storage.group_metadata import encode, metadata_key, read_attrs
    from pylops_distributed.storage.object_store import create_array
    from pylops_distributed.storage.state_io import checkpoint_attrs, contents

    history = {name: 0.99 ** np.arange(iteration + 1.0) for name in ("cost", "cost1")}
    state = CGLSState(iteration, like, like, like, *map(np.float32, (1, 1, 1, 1)))
    found, path = contents(state, history, labels), CheckpointKey(attempt, iteration).path
    sizes = {}
    for name, variable in found.arrays.items():
        large = name in found.vectors
        data = variable.data if large else np.asarray(variable.data)
        grid = tuple(max(c) for c in data.chunks) if large else data.shape
        array = create_array(
            storage / path, name, data.shape, grid, data.dtype, variable.dims, variable.attrs, cold=True
        )
        if not large:
            array[...] = data
        target = (storage / path / name).folder
        for k, index in enumerate(np.ndindex(data.numblocks) if large else ()):
            file = target / array.metadata.encode_chunk_key(index)
            file.parent.mkdir(parents=True, exist_ok=True)
            os.link(_chunk(folder, grid, (k + iteration // 10) % FILES), file)
        sizes[name] = data.chunks if large else tuple((n,) for n in data.shape)
    manifest = _stored(storage, path)
    for name, chunks in sizes.items():
        manifest[name]["chunks"] = [list(c) for c in chunks]
    attrs = checkpoint_attrs(state, history, None, attempt, read_attrs(storage)["fingerprint"])
    attrs["coordinates"] = " ".join(found.coordinates)
    storage.put_new(metadata_key(path), encode({**attrs, "manifest": manifest, "uuid": path}))


def _chunk(folder: Path, shape: tuple[int, ...], k: int) -> Path:
    """A file with a chunk of layers, as the library writes chunks."""
    from pylops_distributed.storage.direct_io import write_chunk

    path = folder / f"chunk-{k}"
    if not path.exists():
        layers = np.random.default_rng(k).normal(0, 0.1, shape[0] // 20 + 1).repeat(20)[: shape[0]]
        values = np.broadcast_to(layers.reshape(-1, *(1,) * (len(shape) - 1)), shape)
        write_chunk(path, values.astype("f4"))
    return path


def look(url: str, what: str) -> dict[str, float]:
    """Open the run and draw one picture."""
    start = time.perf_counter()
    import pylops_distributed as pld
    from pylops_distributed.runs import plots

    imported = time.perf_counter()
    run = pld.open_run(url)
    opened = time.perf_counter()
    model = run["iterates"].to_dataset()["model"]
    pictures = {
        "open": lambda: None,
        "convergence": lambda: pld.plot_convergence(run).figure,
        "iterates": lambda: pld.plot_iterates(run),
        "iterates, time slice": lambda: pld.plot_iterates(run, twt=400),
        "residual": lambda: pld.plot_residual(run),
        "spectrum": lambda: pld.plot_spectrum(run).figure,
        "slices": lambda: pld.plot_slices(run["model"]["impedance"]),
        "difference": lambda: pld.plot_difference(model[0], model[-1]),
        "section": lambda: _section(plots, run),
        "lcurve": lambda: _lcurve(url),
        "view": lambda: _view(run),
    }
    figure = pictures[what]()
    if figure is not None:
        figure.savefig(os.devnull, format="png")
    done = time.perf_counter()
    return {
        "import_s": round(imported - start, 2), "open_s": round(opened - imported, 2),
        "picture_s": round(done - opened, 2), "peak_MB": round(peak() / 2**20),
    }  # fmt: skip


PICTURES = (
    "open", "convergence", "iterates", "iterates, time slice", "residual", "spectrum", "slices", "difference",
    "section", "lcurve", "view",
)  # fmt: skip


def _section(plots: Any, run: Any) -> Any:
    figure = plots.new_figure(8, 5)
    plots.plot_section(plots.section(run["model"]["impedance"]), figure.subplots())
    return figure


def _lcurve(url: str) -> Any:
    from pylops_distributed.runs.lcurve import curve_point, lcurve_table, plot_lcurve

    return plot_lcurve(lcurve_table([url], ["run"], [curve_point(url)]))


def _view(run: Any) -> Any:
    """The first page of `pld view`, with its pictures."""
    from pylops_distributed.runs.viewer import view

    view(run).save(os.devnull)


def main() -> None:
    """Make the run, look, report and delete; or only look, in a separate process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--iterates", type=int, default=200)
    parser.add_argument("--folder", help="where to put the run for the time being")
    parser.add_argument("--keep", action="store_true", help="leave the run there")
    parser.add_argument("--look", nargs=2, metavar=("RUN", "PICTURE"))
    options = parser.parse_args()
    if options.look:
        print(json.dumps(look(*options.look)))
        return
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        found = {"run": make(folder, options.gigabytes, options.iterates)}
        for what in PICTURES:
            words = [sys.executable, __file__, "--look", found["run"], what]
            found[what] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        print(json.dumps(found))
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
