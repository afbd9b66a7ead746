"""Operators applied to arrays of 200 MB and more, forward and adjoint, compared with PyLops on NumPy.

    python benchmarks/operators.py
    python benchmarks/operators.py --case Laplacian FFT2D --repeat 5
    python benchmarks/operators.py --original PYTHON CHECKOUT    # also the original, see peers/processes.py

Arrays lie in memory before and after. This library works with two threads, in a process that keeps the memory it frees
(``pylops_distributed.compat.malloc.retain_freed_memory``); PyLops with one and with two BLAS threads, and its faster
median
counts.
Rounds go through all engines in turn, so that what else the machine does falls on all of them. Prints one JSON line a
case and, at the end, the median and the largest of the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # a bound; each engine sets its own below it
os.environ.setdefault("NUMBA_NUM_THREADS", "2")
import dask
import dask.array as da
import numpy as np
import pylops
from operator_cases import CASES, MORE, Case
from peers.processes import Conversation, add_original, original
from threadpoolctl import threadpool_limits

import pylops_distributed as pld
from pylops_distributed.compat.malloc import retain_freed_memory

WAYS = ("forward", "adjoint")
PAUSE = 0.1  # seconds: threads of OpenBLAS keep looking for work for a while after each of its calls


def seconds(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def engines(case: Case) -> tuple[dict[str, Callable[[], float]], Any]:
    """Each engine in each direction, as a function that returns seconds; and this library's operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local = case.make(pylops)
    ours = case.make(pld)
    rng = np.random.default_rng(1)
    found: dict[str, Callable[[], float]] = {}
    for way, f, g, chunks in (
        ("forward", local, ours, case.chunks),
        ("adjoint", local.H, ours.H, case.chunksd),
    ):
        x = rng.standard_normal(f.dims, dtype="f4").astype(case.dtype, copy=False)
        lazy = da.from_array(x, chunks=chunks).persist()

        def on_numpy(blas: int, f: Any = f, x: Any = x) -> float:
            with threadpool_limits(blas, user_api="blas"):
                return seconds(lambda: f @ x)

        def in_process(g: Any = g, lazy: Any = lazy) -> float:
            with dask.config.set(scheduler="threads", num_workers=2), threadpool_limits(1, user_api="blas"):
                return seconds(lambda: (g @ lazy).persist())

        found |= {
            f"{way}, pylops, 1 thread": lambda run=on_numpy: run(1),
            f"{way}, pylops, 2 threads": lambda run=on_numpy: run(2), f"{way}, ours": in_process,
        }  # fmt: skip
    return found, ours


def originals(case: Case, ours: Any, where: Any, stack: ExitStack) -> dict[str, Callable[[], float]]:
    """The original in each direction, where it was given and has the operator."""
    if case.original is None or where is None:
        return {}
    spec = {
        "shape": ours.dims, "shaped": ours.dimsd, "chunks": case.chunks, "chunksd": case.chunksd,
        "dtype": case.dtype, "dtyped": case.dtype, **case.original,
    }  # fmt: skip
    talk = Conversation(*original(where, "original_operators.py", json.dumps(spec)))
    stack.callback(talk.close)
    return {f"{way}, original": lambda way=way: float(talk.ask(way)) for way in WAYS}


def measure(name: str, repeat: int, where: Any) -> dict[str, float]:
    """Run one case and print its line; returns the ratios in both directions."""
    with ExitStack() as stack:
        case = (CASES | MORE)[name]()
        ways, ours = engines(case)
        ways |= originals(case, ours, where, stack)
        for run in ways.values():
            run()  # loads modules, compiles kernels, touches memory
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(repeat):
            for way, run in ways.items():
                time.sleep(PAUSE)
                times[way].append(run())
    result = {way: round(median(values), 4) for way, values in times.items()}
    ratios = {}
    for way in WAYS:
        best = min(v for w, v in result.items() if w.startswith(f"{way}, pylops"))
        ratios[way] = round(result[f"{way}, ours"] / best, 3)
        if f"{way}, original" in result:
            ratios[f"{way}, original"] = round(result[f"{way}, ours"] / result[f"{way}, original"], 3)
    print(
        json.dumps({"case": name, "load": round(os.getloadavg()[0], 1), **ratios, "seconds": result}),
        flush=True,
    )
    return ratios


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", nargs="+", choices=[*CASES, *MORE])
    parser.add_argument("--repeat", type=int, default=5)
    add_original(parser)
    options = parser.parse_args()
    retain_freed_memory(2**31)
    names = options.case or [*CASES, *(MORE if options.original else ())]
    found = {name: measure(name, options.repeat, options.original) for name in names}
    pylops_s = [r for name in names if name in CASES for way, r in found[name].items() if way in WAYS]
    original_s = [r for ratios in found.values() for way, r in ratios.items() if way not in WAYS]
    for peer, ratios in {"pylops": pylops_s, "original": original_s}.items():
        if ratios:
            print(json.dumps({"peer": peer, "median": round(median(ratios), 3), "largest": max(ratios)}))


if __name__ == "__main__":
    main()
