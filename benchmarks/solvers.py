"""Public solvers on multi-dimensional convolutions and other systems: milliseconds an iteration, with the peers'.

    python benchmarks/solvers.py --case small medium --solver cgls lsqr --repeat 3
    python benchmarks/solvers.py --mpi PYTHON        # also pylops-mpi, of that interpreter, with 2 ranks
    python benchmarks/solvers.py --original PYTHON CHECKOUT    # also the original, see peers/processes.py

Each engine calls the library's function as its users do, set-up included; the time is divided by the iterations, of
which all take the same number. PyLops runs with one and with two BLAS threads, and the faster counts. Ours take NumPy
arrays, Dask arrays in this process, and Dask arrays that two worker processes hold. Rounds go through all engines in
turn, so that what else the machine does falls on all of them; the table holds medians. Prints one JSON line a case.

The interpreter of ``--mpi`` may have any MPI: Open MPI and MPICH come as the packages ``openmpi`` and ``mpich``, to be
installed with ``mpi4py`` and ``pylops-mpi``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # a bound; each engine sets its own below it
import dask
import dask.array as da
import numpy as np
import pylops
from peers.processes import HERE, add_original, number, on_ranks, original
from threadpoolctl import threadpool_limits

import pylops_distributed as pld
from pylops_distributed.optimization.leastsquares import regularized_system

# Frequencies, sources, receivers, virtual sources, iterations.
MDC = {
    "small": (120, 100, 100, 1, 100), "medium": (120, 300, 300, 1, 60),
    "large": (250, 500, 500, 1, 30), "many": (120, 100, 100, 50, 20), "mdc-original": (65, 60, 60, 1, 20),
}  # fmt: skip
POSTSTACK = {"poststack": (300, 400, 400, 50), "poststack-small": (100, 120, 120, 30)}
DIAGONAL = {"diagonal": (4_000_000, 20)}


def kernel(nf: int, ns: int, nr: int) -> np.ndarray[Any, Any]:
    """A random kernel whose products keep their size."""
    rng = np.random.default_rng(0)
    G = rng.standard_normal((nf, ns, nr, 2), dtype=np.float32).view(np.complex64)[..., 0]
    G[0] = G[0].real
    return np.asarray(G / np.sqrt(ns), dtype=np.complex64)


@dataclass(frozen=True)
class Problem:
    """One system, as each way to solve it takes it."""

    local: Any  # PyLops' operator
    numpy: Any  # ours, which holds NumPy arrays
    lazy: Any  # ours, which holds Dask arrays
    flat: Any  # data as a flat NumPy vector
    chunked: Any  # data in chunks
    niter: int


def mdc(nf: int, ns: int, nr: int, nv: int, niter: int) -> Problem:
    """A multi-dimensional convolution."""
    G, nt = kernel(nf, ns, nr), 2 * nf - 1
    local = pylops.waveeqprocessing.MDC(G, nt=nt, nv=nv, dt=1.0, dr=1.0, twosided=True)
    model = np.random.default_rng(1).standard_normal((nt, nr, nv), dtype=np.float32)
    data = np.asarray(local @ model.ravel(), dtype=np.float32).reshape(nt, ns, nv)
    ours, lazy = (
        pld.waveeqprocessing.MDC(g, nt=nt, nv=nv, dt=1.0, dr=1.0, twosided=True)
        for g in (G, da.from_array(G, chunks=(-(-nf // 2), ns, nr)))
    )
    return Problem(local, ours, lazy, data.ravel(), da.from_array(data, chunks=(nt, -(-ns // 2), nv)), niter)


def poststack(nt: int, nx: int, ny: int, niter: int) -> Problem:
    """The 3-D system with regularisation along each axis, as both libraries have it."""
    shape, kind = (nt, nx, ny), np.float32
    wavelet = pylops.utils.wavelets.ricker(np.arange(21) * 0.004, 20)[0].astype(kind)
    rng = np.random.default_rng(0)
    model = np.cumsum(rng.standard_normal(shape, dtype=kind), axis=0) * kind(0.01)
    local = pylops.avo.poststack.PoststackLinearModelling(wavelet, nt0=nt, spatdims=(nx, ny))
    data = np.asarray(local @ model.ravel(), dtype=kind)
    regs = [pylops.SecondDerivative(shape, axis=axis, dtype=kind) for axis in range(3)]
    eps = [0.05, 0.1, 0.1]
    stacked = pylops.VStack([local, *(e * r for e, r in zip(eps, regs, strict=True))], dtype=kind)
    stacked_data = np.concatenate([data, np.zeros(3 * data.size, kind)])
    on_numpy = pld.VStack([
        pld.avo.poststack.PoststackLinearModelling(wavelet, nt0=nt, spatdims=(nx, ny)),
        *(e * pld.SecondDerivative(shape, axis=axis, dtype=kind) for axis, e in enumerate(eps)),
    ], dtype=kind)  # fmt: skip
    ours = pld.avo.poststack.PoststackLinearModelling(wavelet, nt0=nt, spatdims=(nx, ny))
    chunks = (nt, -(-nx // 8), ny)
    system, blocks = regularized_system(
        ours, da.from_array(data.reshape(shape), chunks=chunks),
        [pld.SecondDerivative(shape, axis=axis, dtype=kind) for axis in range(3)], epsRs=eps,
    )  # fmt: skip
    return Problem(stacked, on_numpy, system, stacked_data, blocks, niter)


def diagonal(n: int, niter: int) -> Problem:
    """A diagonal, as the original's README has it, but large."""
    values = np.linspace(1, 10, n)
    chunked = da.from_array(values, chunks=n // 4)
    return Problem(
        pylops.Diagonal(values), pld.Diagonal(values), pld.Diagonal(chunked), values, chunked, niter
    )


def problem(name: str, niter: int | None) -> Problem:
    """A case, with its number of steps or another."""
    made = _problem(name)
    return made if niter is None else replace(made, niter=niter)


def _problem(name: str) -> Problem:
    if name in MDC:
        return mdc(*MDC[name])
    return poststack(*POSTSTACK[name]) if name in POSTSTACK else diagonal(*DIAGONAL[name])


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def solver(package: Any, name: str) -> Callable[..., Any]:
    """A public function of a package that takes a fixed number of steps from a model of zero."""
    function = getattr(package.optimization.basic, name)
    # Neither stops before its last step.
    exact = {"tol": 0.0} if name in ("cg", "cgls") else {"atol": 0.0, "btol": 0.0, "conlim": 0.0}
    return lambda op, y, niter: function(op, y, niter=niter, **exact)


def engines(case: Problem, name: str, client: Any) -> dict[str, Callable[[], float]]:
    """Ways to solve a case; each returns seconds an iteration."""
    niter = case.niter
    held = copy(case.lazy)
    if hasattr(held, "G"):  # as PyLops has it: in memory
        with client.as_current():
            held.G = case.lazy.G.persist()

    def on_numpy(package: Any, op: Any, threads: int) -> float:
        solve = solver(package, name)
        with threadpool_limits(threads, user_api="blas"), dask.config.set(num_workers=2):
            return seconds(lambda: solve(op, case.flat, niter)) / niter

    def on_dask(op: Any, y: Any) -> float:
        solve = solver(pld, name)
        solve(op, y, 1)  # loads the modules
        return seconds(lambda: dask.persist(solve(op, y, niter)[0])) / niter

    def in_process() -> float:
        with dask.config.set(scheduler="threads", num_workers=2):
            return on_dask(case.lazy, case.chunked)

    def on_workers() -> float:
        with client.as_current():
            return on_dask(held, dask.persist(case.chunked)[0])

    return {
        "pylops, 1 thread": lambda: on_numpy(pylops, case.local, 1),
        "pylops, 2 threads": lambda: on_numpy(pylops, case.local, 2),
        "numpy": lambda: on_numpy(pld, case.numpy, 2), "in process": in_process, "2 processes": on_workers,
    }  # fmt: skip


def peers(name: str, niter: int, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """Other libraries that can solve a case by CGLS, as far as they were given."""
    found: dict[str, Callable[[], float]] = {}
    if options.mpi and name in MDC:
        script = [options.mpi, str(HERE / "mdc_mpi.py"), *map(str, (*MDC[name][:4], niter))]
        found["pylops-mpi, 2 ranks"] = lambda: number(on_ranks(2, script))
    if options.original and name in ("mdc-original", *DIAGONAL):
        case = ("mdc", *MDC[name][:4]) if name in MDC else ("diagonal", *DIAGONAL[name][:1])
        command = original(options.original, "original.py", *map(str, (*case, niter)))
        found["original, 2020"] = lambda: number(*command)
    return found


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cases = [*MDC, *POSTSTACK, *DIAGONAL]
    parser.add_argument("--case", nargs="+", default=["small", "medium", "large", "many"], choices=cases)
    parser.add_argument("--solver", nargs="+", default=["cgls"], choices=["cg", "cgls", "lsqr"])
    parser.add_argument("--niter", type=int, help="steps; by default those of the case")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--mpi", metavar="PYTHON", help="an interpreter that has pylops_mpi and an MPI")
    add_original(parser)
    parser.add_argument("--without", nargs="*", default=[], help="engines to leave out")
    options = parser.parse_args()
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1) as client:
        for case in options.case:
            for name in options.solver:
                measure(case, name, options, client)


def measure(case: str, name: str, options: argparse.Namespace, client: Any) -> None:
    """Run one case by one solver and print its table."""
    made = problem(case, options.niter)
    ways = engines(made, name, client) | (peers(case, made.niter, options) if name == "cgls" else {})
    ways = {way: run for way, run in ways.items() if way not in options.without}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.repeat):
        for way, run in ways.items():
            times[way].append(1e3 * run())
    result = {way: round(median(values), 2) for way, values in times.items()}
    best = min(v for way, v in result.items() if way.startswith("pylops, "))
    load = os.getloadavg()[0]
    print(f"\n{case}, {name}, {made.niter} steps: ms a step, load {load:.1f}", file=sys.stderr)
    for way, value in result.items():
        print(f"  {way:22s} {value:9.2f}   {value / best:6.2f} x PyLops", file=sys.stderr)
    about = {"case": case, "solver": name, "niter": made.niter, "load": load, "commit": commit()}
    print(json.dumps({**about, **result}), flush=True)


def commit() -> str:
    """The commit of this checkout."""
    git = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main()
