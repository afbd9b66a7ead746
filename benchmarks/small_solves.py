"""Small and medium solves of NumPy arrays against PyLops': all solvers and inversions, and CGLS on every operator.

    python benchmarks/small_solves.py --cpu
    python benchmarks/small_solves.py --part operators --sizes 1MB 10MB --dtypes complex64
    python benchmarks/small_solves.py --part operators --large --only FFT MatrixMult --dask

``solvers`` calls each solver and inversion as PyLops' documentation does, on a matrix and on a convolution;
``operators`` is ``cgls`` with 12 steps on every operator of ``numpy_vectors.py``, over sizes of the vector and types.
Whole calls of both libraries in turn, from outside; the shortest of several counts, since what disturbs only makes
one longer. The bar is 1.05 times PyLops' time plus 1 millisecond; calls that miss it are marked, and counted at the
end with the geometric mean of the ratios. Exits with 1 if models, or of ``operators`` the data that they predict,
differ by more than 1e-3 of their norm. In single precision that is 5e-2: there both libraries drift from the numbers of
double precision as directions cease to be orthogonal, by 2e-2 after 12 steps of a smoothing operator. ``--dask`` adds
the time of the same call with the data as a Dask array, computed.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for both libraries
import dask
import dask.array as da
import numpy as np
import pylops
from numpy_vectors import CLOCK, SIZES, best, operators

import pylops_distributed as pld

ADDED = 1e-3  # seconds that a call may take more
TOLERANCE, SINGLE = 1e-3, 5e-2
Call = Callable[[], Any]
# Name, our call, PyLops' and maybe ours with Dask arrays, and what to compare of the models.
Line = tuple[str, list[Call], Callable[[Any], Any]]


def solvers(p: Any, op: Any, y: Any) -> dict[str, Call]:
    """The solvers and inversions of a library on a system, each returning the model alone."""
    basic, sparsity, squares = p.optimization.basic, p.optimization.sparsity, p.optimization.leastsquares
    second = p.SecondDerivative(op.shape[1])
    shrinkage: dict[str, Any] = {"niter": 20, "eps": 0.01, "alpha": 1e-3}
    return {
        "cg": lambda: basic.cg(op.H @ op, op.H @ y, niter=12)[0],
        "cgls": lambda: basic.cgls(op, y, niter=12)[0],
        "lsqr": lambda: basic.lsqr(op, y, niter=12)[0],
        "ista": lambda: sparsity.ista(op, y, **shrinkage)[0],
        "ista, its own step": lambda: sparsity.ista(op, y, niter=20, eps=0.01)[0],
        "fista": lambda: sparsity.fista(op, y, **shrinkage)[0],
        "omp": lambda: sparsity.omp(op, y, niter_outer=5)[0],
        "irls": lambda: sparsity.irls(op, y, nouter=4)[0],
        "irls, of the model": lambda: sparsity.irls(op, y, nouter=3, kind="model")[0],
        "splitbregman": lambda: sparsity.splitbregman(
            op, y, [second], niter_outer=3, niter_inner=3, mu=1.0, epsRL1s=[0.1]
        )[0],
        "regularized": lambda: squares.regularized_inversion(op, y, [second], epsRs=[0.1])[0],
        "normal equations": lambda: squares.normal_equations_inversion(op, y, [second], epsRs=[0.1])[0],
        "preconditioned": lambda: squares.preconditioned_inversion(
            op, y, p.Smoothing1D(5, op.shape[1]), iter_lim=50
        )[0],
        "/": lambda: op / y,
    }  # fmt: skip


def systems() -> dict[str, Callable[[Any], Any]]:
    """Functions that make an operator with a library."""
    matrix, wavelet = np.random.default_rng(0).standard_normal((120, 80)), np.hanning(9)
    return {
        "matrix": lambda p: p.MatrixMult(matrix),
        "convolution": lambda p: p.signalprocessing.Convolve1D(200, wavelet, offset=4),
    }


def solver_calls(options: argparse.Namespace) -> Iterator[Line]:
    """Each solver and inversion on each system."""
    for name, make in systems().items():
        ours, theirs = make(pld), make(pylops)
        model = np.zeros(theirs.shape[1])
        model[[5, 20, 40]] = 1, -2, 3
        data = theirs @ model
        peers = solvers(pylops, theirs, data)
        for solver, call in solvers(pld, ours, data).items():
            if not options.only or solver in options.only:
                yield f"{solver}, {name}", [call, peers[solver]], np.ravel


def operator_calls(options: argparse.Namespace) -> Iterator[Line]:
    """``cgls`` on each operator, size and type."""
    for size in [*options.sizes, *(["100MB"] if options.large else [])]:
        for dtype in options.dtypes:
            samples = max(64, int(SIZES[size] / np.dtype(dtype).itemsize))
            for name, make in operators(samples, dtype).items():
                if not options.only or name in options.only:
                    yield from of_operator(f"{name}, {dtype}, {size}", make, dtype, options.dask)


def of_operator(name: str, make: Callable[[Any], Any], dtype: str, chunked: bool) -> Iterator[Line]:
    """``cgls`` with both libraries; nothing for an operator that has no such type."""
    try:
        ours, theirs = make(pld), make(pylops)
        complex_model = np.dtype(theirs.dtype).kind == "c"
        kind = np.result_type(dtype, np.complex64) if complex_model else np.dtype(dtype)
        model = np.random.default_rng(1).standard_normal(theirs.shape[1]).astype(kind)
        data = np.asarray(theirs @ model).ravel()
    except Exception as error:
        print(f"{name}: not made: {error}"[:110], file=sys.stderr)
        return
    lazy = da.from_array(data)
    calls: list[Call] = [
        lambda: pld.cgls(ours, data, niter=12)[0],
        lambda: pylops.cgls(theirs, data, niter=12)[0],
        lambda: pld.cgls(ours, lazy, niter=12)[0].compute(),
    ]
    yield name, calls[: 2 + chunked], lambda x: theirs @ np.ravel(x)


def measure(name: str, calls: list[Call], compared: Callable[[Any], Any]) -> tuple[float, bool, bool] | None:
    """A line of the table: ratio, whether the bar is missed, and whether the models differ; None for an error."""
    try:
        result, peer = compared(calls[0]()), compared(calls[1]())
        error = float(np.linalg.norm(result - peer)) / (float(np.linalg.norm(peer)) or 1.0)
        mine, limit, *others = best(calls)
    except Exception as problem:
        print(f"{name:44s} {type(problem).__name__}: {problem}"[:150], flush=True)
        return None
    tolerance = SINGLE if np.finfo(peer.dtype).dtype == np.float32 else TOLERANCE
    slow, differs = mine > 1.05 * limit + ADDED, not error <= tolerance
    marks = " SLOW" * slow + f" DIFFERS {error:.1e}" * differs
    marks += "".join(f"  Dask {t * 1e3:.3f} ms" for t in others)
    times = f"{mine * 1e3:10.3f} ms  PyLops {limit * 1e3:10.3f} ms  {mine / limit:6.2f}"
    print(f"{name:44s} {times}{marks}", flush=True)
    return mine / limit, slow, differs


PARTS = {"solvers": solver_calls, "operators": operator_calls}


def main() -> int:
    """Run the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--only", nargs="+", help="solvers or operators, by their names in the table")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES)[:4], choices=SIZES)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64", "complex64"])
    parser.add_argument("--dask", action="store_true", help="the operators with Dask arrays, too")
    parser.add_argument("--large", action="store_true", help="vectors of 100 MB, too")
    parser.add_argument("--cpu", action="store_true", help="processor time, of one thread, on a busy machine")
    options = parser.parse_args()
    if options.cpu:
        CLOCK[0] = time.process_time
        dask.config.set(num_workers=1)
    warnings.simplefilter("ignore")
    wrong = False
    for part in options.part:
        with np.errstate(all="ignore"):
            lines = [line for call in PARTS[part](options) if (line := measure(*call)) is not None]
        mean = math.exp(sum(math.log(ratio) for ratio, *_ in lines) / max(1, len(lines)))
        slow = sum(line[1] for line in lines)
        load = os.getloadavg()[0]
        print(
            f"{part}: {len(lines)} calls, geometric mean {mean:.2f}, {slow} miss the bar, load {load:.1f}\n"
        )
        wrong = wrong or any(line[2] for line in lines)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
