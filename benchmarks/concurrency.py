"""Many solves at once on one cluster: clients in separate processes, and threads of one program.

    python benchmarks/concurrency.py clients [SOLVES]    3 clients, 3 workers, 50 solves each with `on_step`
    python benchmarks/concurrency.py threads [SOLVES]    4 threads of one program, 50 solves each
    python benchmarks/concurrency.py deaths              one of three clients is killed, and the others continue

By public functions only; asserts that all end, that no model is wrong, and that no part is left. The seed is fixed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver

SEED, ROWS, COLUMNS, STEPS = 7, 60, 8, 12
LIMIT = 1800.0  # seconds after which solves count as hanging


def note(seen: list[int], state: Any) -> None:
    """Look at a state."""
    seen.append(state.iteration)


def wrong(seed: int, solves: int, watched: bool) -> int:
    """How many of some solves give a wrong model."""
    rng, bad = np.random.default_rng(seed), 0
    for _ in range(solves):
        matrix, y = rng.standard_normal((ROWS, COLUMNS)), rng.standard_normal(ROWS)
        op = pld.MatrixMult(da.from_array(matrix, chunks=(10, COLUMNS)))
        seen: list[int] = []
        found = run_solver(
            CGLS(STEPS, tol=-1.0), op, da.from_array(y, chunks=10),
            on_step=partial(note, seen) if watched else None,
        )  # fmt: skip
        right = np.linalg.lstsq(matrix, y, rcond=None)[0]
        bad += not np.allclose(found.x.compute(), right, rtol=1e-8, atol=1e-8)
        bad += seen != (list(range(1, STEPS + 1)) if watched else [])
    return bad


def parts(client: Client) -> int:
    """Number of actors on all workers, once releases have reached them."""

    def count(dask_worker: object) -> int:
        return len(dask_worker.state.actors)  # type: ignore[attr-defined]

    end = time.monotonic() + 10
    while (held := sum(client.run(count).values())) and time.monotonic() < end:
        time.sleep(0.1)
    return held


def one(address: str, number: int, solves: int) -> None:
    """A client in a separate process."""
    with Client(address):
        sys.exit(min(100, wrong(SEED + number, solves, watched=True)))


def clients(solves: int, killed: int | None = None) -> None:
    """Three clients on three workers; one of them may be killed amid its solves."""
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        start = time.monotonic()
        command = [sys.executable, __file__, "one", cluster.scheduler_address]
        running = [subprocess.Popen([*command, str(k), str(solves)]) for k in range(3)]
        if killed is not None:
            time.sleep(8)
            os.kill(running[killed].pid, signal.SIGKILL)
        codes = [process.wait(LIMIT) for process in running]
        took = time.monotonic() - start
        with Client(cluster) as client:
            held = parts(client)
    print(
        f"3 clients x 3 workers x {solves} solves: exit codes {codes}, {held} parts left, {took:.0f} s",
        flush=True,
    )
    assert [code for k, code in enumerate(codes) if k != killed] == [0] * (3 if killed is None else 2)
    assert held == 0


def threads(solves: int) -> None:
    """Four threads of one program."""
    with (
        LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        start, results = time.monotonic(), dict[int, int]()

        def work(number: int) -> None:
            results[number] = wrong(SEED + number, solves, watched=bool(number % 2))

        running = [threading.Thread(target=work, args=(k,), daemon=True) for k in range(4)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(LIMIT)
        held, took = parts(client), time.monotonic() - start
    print(f"4 threads x {solves} solves: wrong {results}, {held} parts left, {took:.0f} s", flush=True)
    assert results == dict.fromkeys(range(4), 0)
    assert held == 0


if __name__ == "__main__":
    what, *rest = sys.argv[1:] or ["clients"]
    if what == "one":
        one(rest[0], int(rest[1]), int(rest[2]))
    elif what == "deaths":
        clients(10, killed=1)
    else:
        {"clients": clients, "threads": threads}[what](int(rest[0]) if rest else 50)
