"""How the cost of an iteration grows: with workers, with chunks, and with the iterations before it.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --only chunks --most-chunks 512

Prints a table a question. ``client`` is the processor time of the process that drives the solve, an iteration;
``held`` is how many tasks the scheduler knows of between iterations.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
from solvers import kernel

import pylops_distributed as pld
from pylops_distributed import tuning
from pylops_distributed.execution import replay
from pylops_distributed.optimization.algorithms.cgls import CGLS

FOREVER = CGLS(10**9, tol=-1.0)


def engine(op: Any, y: Any) -> Any:
    """An endless solve, ready to take steps."""
    return replay(partial(FOREVER.step, op, y), FOREVER.init(op, y), FOREVER.done)


def smooth(chunks: int, size: int) -> tuple[Any, Any]:
    """A derivative in so many chunks, each of which meets its neighbours."""
    dims = (chunks * size, 16, 16)
    y = da.random.default_rng(0).standard_normal(dims, chunks=(size, 16, 16))
    return pld.FirstDerivative(dims, axis=0), y.persist()


def tasks(client: Any) -> int:
    """How many tasks the scheduler knows of."""
    count: int = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
    return count


def by_workers(client: Callable[[int], Any], _: argparse.Namespace) -> None:
    """A fixed problem on one worker and on two."""
    G = kernel(120, 300, 300)
    print(f"{'workers':>10} {'ms/it':>8}")
    for n in (1, 2):
        with client(n):
            op = pld.waveeqprocessing.MDC(da.from_array(G, chunks=(60, 300, 300)).persist(), nt=239, nv=1)
            run = engine(
                op, da.random.default_rng(0).standard_normal((239, 300, 1), dtype="f4", chunks=(239, 150, 1))
            )
            run.run(10)
            start = time.perf_counter()
            run.run(40)
            print(f"{n:10d} {1e3 * (time.perf_counter() - start) / 40:8.2f}")


def by_chunks(client: Callable[[int], Any], options: argparse.Namespace) -> None:
    """More and more chunks of one size on two workers, which are left to themselves for a moment, as in a solve."""
    print(f"{'chunks':>10} {'ms/it':>8} {'client ms':>10} {'ready s':>8} {'held':>6}")
    with client(2) as c:
        for n in (8, 64, 512, 4096):
            if n > options.most_chunks:
                return
            op, y = smooth(n, 4)
            start = time.perf_counter()
            run = engine(op, y)
            ready = time.perf_counter() - start
            moment, start = tuning.seconds("execution.report-interval"), time.perf_counter()
            run.run(2)
            at_once = max(1, int(2 * moment / (time.perf_counter() - start)))  # as a solve asks for steps
            steps = 4 * at_once
            start, used = time.perf_counter(), time.process_time()
            for _ in range(4):
                run.run(at_once)
            used, taken = time.process_time() - used, time.perf_counter() - start
            print(f"{n:10d} {1e3 * taken / steps:8.2f} {1e3 * used / steps:10.2f} {ready:8.2f} {tasks(c):6d}")
            run.close()
            del run, op, y


def by_iterations(client: Callable[[int], Any], _: argparse.Namespace) -> None:
    """The 10th, 100th and 1000th iteration on two workers."""
    print(f"{'iteration':>10} {'ms/it':>8} {'held':>6}")
    with client(2) as c:
        run = engine(*smooth(16, 64))
        for end in (10, 100, 1000):
            run.run(end - run.iteration)
            times = []
            for _ in range(20):
                start = time.perf_counter()
                run.run(10)
                times.append((time.perf_counter() - start) / 10)
            print(f"{end:10d} {1e3 * np.median(times):8.2f} {tasks(c):6d}")


def main() -> None:
    """Answer the questions asked."""
    questions = {"workers": by_workers, "chunks": by_chunks, "iterations": by_iterations}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=questions)
    parser.add_argument("--most-chunks", type=int, default=4096)
    options = parser.parse_args()
    client = partial(pld.utils.backend.dask, "single", None, True, threads_per_worker=1)
    for name, ask in questions.items():
        if options.only in (None, name):
            print(f"\nby {name} (load {os.getloadavg()[0]:.1f})")
            ask(lambda n: client(n_workers=n), options)


if __name__ == "__main__":
    main()
