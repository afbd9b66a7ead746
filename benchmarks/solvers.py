"""CGLS on multi-dimensional convolutions and on a post-stack inversion: seconds an iteration, compared with the peers.

    python benchmarks/solvers.py --case small medium --repeat 3
    python benchmarks/solvers.py --mpi PYTHON        # also pylops-mpi, of that interpreter, with 2 ranks
    python benchmarks/solvers.py --original PYTHON CHECKOUT    # also the original, see peers/processes.py

Each engine solves the whole problem; its seconds are divided by the iterations. PyLops runs with one and with two
BLAS threads, and the faster counts. Rounds go through all engines in turn, so that what else the machine does
falls on all of them; the table holds medians. Prints one JSON line a case besides.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from copy import copy
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # a bound; each engine sets its own below it
import dask
import dask.array as da
import numpy as np
import pylops
from peers.processes import HERE, add_original, number, original
from threadpoolctl import threadpool_limits

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.leastsquares import regularized_system
from pylops_distributed.optimization.session import run_solver

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


def mdc(nf: int, ns: int, nr: int, nv: int, niter: int) -> tuple[Any, Any, Any, Any, int]:
    """Operators of both libraries, and data."""
    G, nt = kernel(nf, ns, nr), 2 * nf - 1
    local = pylops.waveeqprocessing.MDC(G, nt=nt, nv=nv, dt=1.0, dr=1.0, twosided=True)
    model = np.random.default_rng(1).standard_normal((nt, nr, nv), dtype=np.float32)
    data = np.asarray(local @ model.ravel(), dtype=np.float32).reshape(nt, ns, nv)
    ours = pld.waveeqprocessing.MDC(da.from_array(G, chunks=(-(-nf // 2), ns, nr)), nt=nt, nv=nv)
    return local, data.ravel(), ours, da.from_array(data, chunks=(nt, -(-ns // 2), nv)), niter


def poststack(nt: int, nx: int, ny: int, niter: int) -> tuple[Any, Any, Any, Any, int]:
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
    ours = pld.avo.poststack.PoststackLinearModelling(wavelet, nt0=nt, spatdims=(nx, ny))
    chunks = (nt, -(-nx // 8), ny)
    system, blocks = regularized_system(
        ours, da.from_array(data.reshape(shape), chunks=chunks),
        [pld.SecondDerivative(shape, axis=axis, dtype=kind) for axis in range(3)], epsRs=eps,
    )  # fmt: skip
    return stacked, stacked_data, system, blocks, niter


def diagonal(n: int, niter: int) -> tuple[Any, Any, Any, Any, int]:
    """A diagonal, as the original's README has it, but large."""
    values = np.linspace(1, 10, n)
    chunked = da.from_array(values, chunks=n // 4)
    return pylops.Diagonal(values), values, pld.Diagonal(chunked), chunked, niter


def problem(name: str) -> tuple[Any, Any, Any, Any, int]:
    """Operators of both libraries, and data, of a case."""
    if name in MDC:
        return mdc(*MDC[name])
    return poststack(*POSTSTACK[name]) if name in POSTSTACK else diagonal(*DIAGONAL[name])


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def engines(case: tuple[Any, Any, Any, Any, int], client: Any) -> dict[str, Callable[[], float]]:
    """Ways to solve a case; each returns seconds an iteration."""
    local, local_data, ours, data, niter = case

    def on_numpy(blas: int) -> float:
        zero = np.zeros(local.shape[1], local_data.dtype)
        with threadpool_limits(blas, user_api="blas"):
            return seconds(lambda: pylops.cgls(local, local_data, zero, niter=niter, tol=0.0)) / niter

    def on_dask(op: Any, y: Any) -> float:
        run_solver(CGLS(1, tol=0.0), op, y)  # loads the modules
        return seconds(lambda: run_solver(CGLS(niter, tol=0.0), op, y).x.persist()) / niter

    def in_process() -> float:
        with dask.config.set(scheduler="threads", num_workers=2):
            return on_dask(ours, data)

    def on_workers() -> float:
        with client.as_current():
            held = copy(ours)
            if hasattr(held, "G"):  # as PyLops has it: in memory
                held.G = ours.G.persist()
            return on_dask(held, dask.persist(data)[0])

    return {
        "pylops, 1 thread": lambda: on_numpy(1), "pylops, 2 threads": lambda: on_numpy(2),
        "in process": in_process, "2 processes": on_workers,
    }  # fmt: skip


def peers(name: str, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """Other libraries that can solve a case, as far as they were given."""
    found: dict[str, Callable[[], float]] = {}
    if options.mpi and name in MDC:
        ranks = ["mpiexec", "--allow-run-as-root", "--oversubscribe", "-n", "2", options.mpi]
        found["pylops-mpi, 2 ranks"] = lambda: number(
            [*ranks, str(HERE / "mdc_mpi.py"), *map(str, MDC[name])]
        )
    if options.original and name in ("mdc-original", *DIAGONAL):
        case = ("mdc", *MDC[name]) if name in MDC else ("diagonal", *DIAGONAL[name])
        found["original, 2020"] = lambda: number(*original(options.original, "original.py", *map(str, case)))
    return found


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--case",
        nargs="+",
        default=["small", "medium", "large", "many"],
        choices=[*MDC, *POSTSTACK, *DIAGONAL],
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--mpi", metavar="PYTHON", help="an interpreter that has pylops_mpi")
    add_original(parser)
    parser.add_argument("--without", nargs="*", default=[], help="engines to leave out")
    options = parser.parse_args()
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1) as client:
        for name in options.case:
            measure(name, options, client)


def measure(name: str, options: argparse.Namespace, client: Any) -> None:
    """Run one case and print its table."""
    ways = engines(problem(name), client) | peers(name, options)
    ways = {way: run for way, run in ways.items() if way not in options.without}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.repeat):
        for way, run in ways.items():
            times[way].append(1e3 * run())
    result = {way: round(median(values), 2) for way, values in times.items()}
    best = min(v for way, v in result.items() if way.startswith("pylops, "))
    print(f"\n{name}: ms an iteration, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    for way, value in result.items():
        print(f"  {way:22s} {value:9.2f}   {value / best:6.2f} x PyLops", file=sys.stderr)
    print(json.dumps({"case": name, "load": os.getloadavg()[0], **result}), flush=True)


if __name__ == "__main__":
    main()
