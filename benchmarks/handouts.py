"""The cost of beginning a solve on a cluster, of handing out its states, and of saving them.

    python benchmarks/handouts.py
    python benchmarks/handouts.py --only states

``setup``: until a solve on 64 chunks can begin, the best of ten. ``states``: handing out a state of many chunks, wall
time and processor time of the driver. ``saves``: a checkpoint, compared with plain files of the same bytes, in turn.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from distributed import wait
from placement import session

import pylops_distributed as pld
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run


def elementwise(chunks: int, size: int) -> tuple[Any, Any]:
    """A diagonal, and data for it."""
    numbers = da.ones(chunks * size, chunks=size)
    return pld.Diagonal(numbers * 2), numbers


def setup(client: Callable[[int], Any]) -> None:
    """Until a solve on 64 chunks can begin."""
    with client(2):
        times = []
        for _ in range(12):
            start, used = time.perf_counter(), time.process_time()
            with session(*elementwise(64, 1000)):
                times.append((time.perf_counter() - start, time.process_time() - used))
    wall, used = np.min(times[2:], axis=0)
    print(f"64 chunks: {wall:.3f} s, of which {used:.3f} s of the driver's processor")


def states(client: Callable[[int], Any]) -> None:
    """Handing out a state."""
    print(f"{'chunks':>10} {'s':>6} {'driver s':>9}")
    with client(2):
        for chunks in (64, 512, 4096):
            with session(*elementwise(chunks, 8)) as run:
                run._engine.run(2)
                start, used = time.perf_counter(), time.process_time()
                state = run._engine.state()
                futures = [dict(a.dask) for a in (state.x, state.s, state.c)]
                print(
                    f"{chunks:10d} {time.perf_counter() - start:6.2f} {time.process_time() - used:9.2f}",
                    flush=True,
                )
                del state, futures


def plainly(folder: str, size: int, names: Sequence[str]) -> None:
    """Write files of so many numbers, each on disk before the next."""
    block = np.ones(size)
    for name in names:
        with Path(folder, name).open("wb") as file:
            file.write(block.data)
            file.flush()
            os.fsync(file.fileno())


def saves(client: Callable[[int], Any]) -> None:
    """A checkpoint, compared with plain files of as many bytes, by as many processes, in turn."""
    print(f"{'chunks':>14} {'MB':>6} {'saved s':>8} {'plain s':>8} {'x':>5}")
    for chunks, size in ((8, 4_000_000), (128, 250_000)):
        folder = tempfile.mkdtemp()
        with (
            client(2) as c,
            Run.create_or_open(f"{folder}/run.zarr", identity={}, provenance={}).attempt() as attempt,
        ):
            store, workers = CheckpointStore(attempt, background=False), list(c.scheduler_info()["workers"])
            with session(*elementwise(chunks, size)) as run:
                times = []
                for _ in range(5):
                    run._engine.run(1)
                    start = time.perf_counter()
                    store.save(run._engine.state())
                    saved, names = time.perf_counter() - start, [f"plain-{n}" for n in range(3 * chunks)]
                    start = time.perf_counter()
                    halves = zip(workers, (names[::2], names[1::2]), strict=True)
                    wait(
                        [c.submit(plainly, folder, size, half, workers=[w], pure=False) for w, half in halves]
                    )
                    times.append((saved, time.perf_counter() - start))
            store.close()
        shutil.rmtree(folder)
        saved, plain = np.median(times[1:], axis=0)
        megabytes = 24 * chunks * size / 1e6
        print(
            f"{chunks:5d} x {size:6d} {megabytes:6.0f} {saved:8.2f} {plain:8.2f} {saved / plain:5.2f}",
            flush=True,
        )


def main() -> None:
    """Answer the questions asked."""
    questions = {"setup": setup, "states": states, "saves": saves}
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
