"""What a solve leaves behind: names of results, memory, threads, sockets and settings of the process.

    python benchmarks/lifetimes.py names [SOLVES]     200 solves of one shape, kept and computed together
    python benchmarks/lifetimes.py memory [SOLVES]    100 solves on 256 MB, results dropped, no garbage collection

Both run in this process and on two worker processes, by public functions only, and assert what they count. The seed is
fixed. Figures: names 200 solves, memory 100 solves on a matrix of 256 MB (float32, 8 blocks).
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from peak import peak

import pylops_distributed as pld

SEED = 7
ROWS, COLUMNS = 8192, 8192  # float32: 256 MB
MOST = 1.1  # of the peak of one solve


@contextmanager
def places(name: str) -> Iterator[Client | None]:
    """This process, or two worker processes."""
    if name == "in process":
        with dask.config.set(scheduler="threads", num_workers=2):
            yield None
    else:
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


def names(solves: int) -> None:
    """Solves of one shape, all kept, with garbage collection between; then computed together."""
    for place in ("in process", "two workers"):
        rng = np.random.default_rng(SEED)
        matrix = rng.standard_normal((40, 20))
        with places(place):
            op = pld.MatrixMult(da.from_array(matrix, chunks=(10, 20)))
            data = rng.standard_normal((solves, 40))
            kept = []
            for y in data:
                kept.append(pld.cgls(op, da.from_array(y, chunks=10), niter=25, tol=0.0)[0])
                gc.collect()
            found = dask.compute(*kept)
            right = np.linalg.lstsq(matrix, data.T, rcond=None)[0].T
            wrong = sum(
                not np.allclose(x, r, rtol=1e-8, atol=1e-8) for x, r in zip(found, right, strict=True)
            )
            distinct = len({x.name for x in kept})
            print(f"{place}: {solves} solves kept, {distinct} names, {wrong} wrong", flush=True)
            assert wrong == 0
            assert distinct == solves
            del kept, found


def pids(client: Client | None) -> list[int]:
    """The processes that may hold something."""
    return [os.getpid(), *(client.run(os.getpid).values() if client else ())]


def left(dask_worker: Any = None) -> dict[str, Any]:
    """Threads, sockets and settings of a process, and parts of solves where it is a worker."""
    from threadpoolctl import threadpool_info

    sockets = 0
    for fd in Path("/proc/self/fd").iterdir():
        try:
            sockets += str(Path(fd).readlink()).startswith("socket:")
        except OSError:  # that of the listing itself
            continue
    ours = ("solve", "part", "seat")
    return {
        "threads": sorted(
            t.name for t in threading.enumerate() if t.name.startswith(ours) or "_listen" in t.name
        ),
        "actors": len(dask_worker.state.actors) if dask_worker else 0,
        "switch": sys.getswitchinterval(),
        "blas": sorted(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"),
    } | ({"sockets": sockets} if dask_worker is None else {})


def memory(solves: int) -> None:
    """Public solves in a loop: the peak after all, over that after one."""
    gc.disable()
    for place in ("in process", "two workers"):
        rng = np.random.default_rng(SEED)
        with places(place) as client:
            if client:
                client.run(gc.disable)
            blocks = [
                da.random.default_rng(SEED + k).standard_normal((ROWS // 8, COLUMNS), dtype="f4", chunks=-1)
                for k in range(8)
            ]
            op = pld.MatrixMult(da.concatenate(blocks), dtype="f4")
            y = rng.standard_normal(ROWS).astype("f4")

            def once() -> None:
                np.asarray(da.asarray(pld.cgls(op, y, niter=3, tol=0.0)[0]).compute())  # noqa: B023

            def peaks() -> int:
                return sum(peak(pid) for pid in pids(client))

            before = left()
            once()
            one = peaks()
            for _ in range(solves - 1):
                once()
            more, after = peaks(), left()
            print(
                f"{place}: peak after 1 solve {one / 2**20:.0f} MB, after {solves} {more / 2**20:.0f} MB: "
                f"{more / one:.3f} times",
                flush=True,
            )
            assert more <= MOST * one
            assert after["threads"] == [], after
            assert {k: after[k] for k in ("switch", "blas")} == {k: before[k] for k in ("switch", "blas")}
            if client:
                for held in client.run(left).values():
                    assert (held["threads"], held["actors"]) == ([], 0), held
    gc.enable()


if __name__ == "__main__":
    what, *count = sys.argv[1:] or ["names"]
    {"names": names, "memory": memory}[what](int(count[0]) if count else {"names": 200, "memory": 100}[what])
