"""The demo's inversion by this library and by PyLops in memory: difference of the models, seconds an iteration.

    python benchmarks/poststack.py
    python benchmarks/poststack.py --processes 2 --shape 80 96 192 --niter 60

solves the same system in float64 from a zero start with both, prints one JSON line, and exits with 1 if the
models differ by more than 1e-6 of their norm. One worker is one thread; PyLops runs on one thread, too, unless
the environment lets BLAS take more.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pylops
import xarray as xr
import yaml
from distributed import Client, LocalCluster

from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.synthetic.layered_volume import layered_volume, ricker_wavelet
from pylops_flows.cli.demo_data import SETTINGS

LIMIT = 1e-6


class Clock:
    """Seconds between the calls of it."""

    def __init__(self) -> None:
        self.times = [time.perf_counter()]

    def __call__(self, *_: Any) -> None:
        self.times.append(time.perf_counter())

    @property
    def median(self) -> float:
        """Median of the seconds of an iteration."""
        return float(np.median(np.diff(self.times)))


def with_pylops(
    ds: xr.Dataset, problem: Poststack, niter: int, on_step: Callable[..., None] | None = None
) -> np.ndarray[Any, Any]:
    """Update of ln impedance, time first, by PyLops' operators and CGLS on NumPy arrays."""
    amplitude, background = (
        ds[n].transpose("twt", ...).values.astype(float) for n in ("amplitude", "background")
    )
    shape = amplitude.shape
    wavelet = ricker_wavelet(ds.attrs["wavelet_peak_hz"], ds.attrs["wavelet_dt_ms"]) / 2
    modelling = pylops.avo.poststack.PoststackLinearModelling(wavelet, shape[0], spatdims=shape[1:])
    weights = (problem.vertical, *(problem.lateral,) * (len(shape) - 1))
    roughness = [eps * pylops.SecondDerivative(shape, axis=axis) for axis, eps in enumerate(weights)]
    system = pylops.VStack([modelling, *roughness])
    data = amplitude.ravel() - modelling @ np.log(background).ravel()
    padded = np.concatenate([data, np.zeros(system.shape[0] - data.size)])
    zero = np.zeros(system.shape[1])
    model: np.ndarray[Any, Any] = pylops.cgls(system, padded, zero, niter=niter, tol=0.0, callback=on_step)[0]
    return model.reshape(shape)


def with_ours(
    ds: xr.Dataset, problem: Poststack, niter: int, on_step: Callable[..., None] | None = None
) -> np.ndarray[Any, Any]:
    """The same by this library, on the Dask scheduler in use."""
    found: np.ndarray[Any, Any] = run_solver(
        CGLS(niter, tol=0.0), *problem.system(ds), on_step=on_step
    ).x.compute()
    return found


@contextmanager
def where(processes: int) -> Iterator[str]:
    """Two threads, or so many worker processes of one thread each."""
    if not processes:
        with dask.config.set(scheduler="threads", num_workers=2):
            yield "2 threads"
        return
    cluster = LocalCluster(
        n_workers=processes, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    with cluster, Client(cluster):
        yield f"{processes} processes"


def main() -> int:
    """Solve twice and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(80, 96, 192))
    parser.add_argument("--niter", type=int, default=60)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    problem = Poststack.model_validate(yaml.safe_load(SETTINGS)["problem"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "demo.zarr")
        layered_volume(tuple(options.shape), seed=options.seed).to_zarr(path, consolidated=False)
        ds = xr.open_zarr(path, consolidated=False, chunks={})
        theirs, ours = Clock(), Clock()
        wanted = with_pylops(ds, problem, options.niter, theirs)
        with where(options.processes) as place:
            found = with_ours(ds, problem, options.niter, ours)
    difference = float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
    row = {
        "shape": list(options.shape), "niter": options.niter, "where": place, "relative_difference": difference,
        "pylops_seconds": round(theirs.median, 4), "ours_seconds": round(ours.median, 4),
        "ratio": round(ours.median / theirs.median, 2),
    }  # fmt: skip
    print(json.dumps(row))
    return int(difference > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
