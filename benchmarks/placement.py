"""Where the blocks of a solve lie on a cluster, and how much memory they take.

    python benchmarks/placement.py
    python benchmarks/placement.py --only operators

``operators``: MB of an operator that the workers hold already, and how much of it a solve moves to other workers and
holds twice. ``memory``: what four workers hold at most in a solve, compared with operator and state (Linux).
"""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
from distributed import wait

import pylops_distributed as pld
from pylops_distributed.execution import cluster_engine
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session
from pylops_distributed.vectors.space import reshape

ENDLESS = CGLS(10**9, tol=-1.0)


def fredholm(blocks: int) -> tuple[Any, Any]:
    """Blocks of 8 MB, each of which meets one block of the model."""
    kernel = da.random.default_rng(0).standard_normal((blocks, 1024, 1024), chunks=(1, -1, -1)).persist()
    op = pld.signalprocessing.Fredholm1(kernel, nz=1)
    return op, kernel


def matrix(rows: int, columns: int) -> tuple[Any, Any]:
    """A matrix in blocks of 8 MB."""
    kernel = da.random.default_rng(0).standard_normal((1024 * rows, 1024 * columns), chunks=1024).persist()
    return pld.MatrixMult(kernel), kernel


def diagonal(blocks: int) -> tuple[Any, Any]:
    """Matrices on a diagonal, each an operator of one block of 8 MB."""
    kernel = da.random.default_rng(0).standard_normal((blocks, 1024, 1024), chunks=(1, -1, -1)).persist()
    return pld.BlockDiag([pld.MatrixMult(k) for k in kernel]), kernel


CASES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "Fredholm1 8": partial(fredholm, 8), "Fredholm1 32": partial(fredholm, 32),
    "MatrixMult 16x1": partial(matrix, 16, 1), "MatrixMult 1x16": partial(matrix, 1, 16),
    "MatrixMult 6x6": partial(matrix, 6, 6), "BlockDiag 16": partial(diagonal, 16),
}  # fmt: skip


@contextmanager
def session(op: Any, y: Any, **options: Any) -> Iterator[Any]:
    """A solve without an end."""
    begun = Session(ENDLESS, op, y, **options)
    try:
        yield begun
    finally:
        begun.close()


def address(value: Any) -> int:
    """Where an array lies in memory."""
    place: int = value.__array_interface__["data"][0]
    return place


def look(dask_worker: Any) -> tuple[int, int, int]:
    """Bytes that have come to a worker; of its part's large blocks; and of those that Dask's data hold another of."""
    came = sum(entry["total"] for entry in dask_worker.transfer_incoming_log)
    values = {address(v) for v in dict(dask_worker.data).values() if getattr(v, "nbytes", 0) > 2**20}
    kept = [v for p in cluster_engine._parts.values() for v in p._constants._kept.values()]
    mine = {address(v): v.nbytes for v in kept if getattr(v, "nbytes", 0) > 2**20}
    return came, sum(mine.values()), sum(n for a, n in mine.items() if a not in values)


def operators(client: Callable[[int], Any]) -> None:
    """Bytes moved and held twice of operators that are on the workers."""
    print(f"{'operator':>20} {'MB':>6} {'moved':>6} {'in parts':>9} {'twice':>6}")
    for name, make in CASES.items():
        with client(4) as c:
            op, kernel = make()
            wait(kernel)
            before = sum(came for came, *_ in c.run(look).values())
            with session(op, reshape(da.ones(op.shape[0], chunks=1024), op.codomain)) as run:
                run._engine.run(2)
                came, kept, twice = map(sum, zip(*c.run(look).values(), strict=True))
            sizes = (kernel.nbytes, came - before, kept, twice)
            print(
                f"{name:>20} {'{:6.0f} {:6.0f} {:9.0f} {:6.0f}'.format(*(n / 1e6 for n in sizes))}",
                flush=True,
            )
            del op, kernel, run


def peak(dask_worker: Any, begin: bool = False) -> int:
    """Bytes that a worker's process holds, or has held at most since this was asked to begin (Linux)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if begin:
        Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(status["VmRSS" if begin else "VmHWM"].split()[0])


def memory(client: Callable[[int], Any]) -> None:
    """What four workers hold at most, compared with operator and state."""
    print(f"{'operator':>20} {'MB':>6} {'state':>6} {'most':>6} {'x':>5}")
    for name, make in (
        ("Fredholm1 128", partial(fredholm, 128)),
        ("MatrixMult 128x1", partial(matrix, 128, 1)),
    ):
        with client(4) as c:
            op, kernel = CASES["Fredholm1 8"]()
            with session(op, reshape(da.ones(op.shape[0], chunks=1024), op.codomain)) as run:
                run._engine.run(2)  # all is imported
            del op, kernel, run
            c.run(gc.collect)
            before = sum(c.run(partial(peak, begin=True)).values())
            op, kernel = make()
            wait(kernel)
            with session(op, reshape(da.ones(op.shape[0], chunks=1024), op.codomain)) as run:
                run._engine.run(5)
                state = sum(a.nbytes for a in run._engine.template.inputs)
                most = sum(c.run(peak).values()) - before
            sizes = (kernel.nbytes / 1e6, state / 1e6, most / 1e6, most / (kernel.nbytes + state))
            print(f"{name:>20} {'{:6.0f} {:6.1f} {:6.0f} {:5.2f}'.format(*sizes)}", flush=True)
            del op, kernel, run


def main() -> None:
    """Answer the questions asked."""
    questions = {"operators": operators, "memory": memory}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=questions)
    options = parser.parse_args()
    client = partial(pld.utils.backend.dask, "single", None, True, threads_per_worker=1)
    for name, ask in questions.items():
        if options.only in (None, name):
            print(f"\n{name} (load {os.getloadavg()[0]:.1f})", flush=True)
            ask(lambda n: client(n_workers=n))


if __name__ == "__main__":
    main()
