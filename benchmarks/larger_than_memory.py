"""CGLS with a kernel that does not fit into the workers' memory, compared with reading the same chunks.

    python benchmarks/larger_than_memory.py --gigabytes 6 --limit 1000

writes a random kernel to Zarr, solves a multi-dimensional deconvolution on two worker processes which together
may take ``--limit`` megabytes, and reads the kernel as often as the solve does, on the same workers. Prints the
speed of both, their ratio, and the peak memory of each worker (the kernel's own, VmHWM; Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
import zarr
from peak import peak

import pylops_distributed as pld
from pylops_distributed.execution import replay
from pylops_distributed.optimization.algorithms.cgls import CGLS

SOURCES = RECEIVERS = 700


def make(path: str, gigabytes: float, frequencies: int) -> int:
    """Write a kernel of about this size, some frequencies a chunk; returns its number of frequencies."""
    pieces = max(2, round(gigabytes * 1e9 / (frequencies * SOURCES * RECEIVERS * 8)))
    shape, chunk = (pieces * frequencies, SOURCES, RECEIVERS), (frequencies, SOURCES, RECEIVERS)
    stored = zarr.create_array(path, shape=shape, chunks=chunk, dtype="c8")
    rng = np.random.default_rng(0)
    for n in range(pieces):
        block = rng.standard_normal((*chunk, 2), dtype=np.float32).view(np.complex64)[..., 0]
        stored[n * frequencies : (n + 1) * frequencies] = block / np.float32(np.sqrt(SOURCES))
    return shape[0]


def one(block: Any) -> Any:
    """Next to nothing of a block that was read."""
    return np.asarray(block.ravel()[:1])


def main() -> None:
    """Make, solve, read, report and delete."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=6.0)
    parser.add_argument("--limit", type=float, default=1000.0, help="megabytes of all workers together")
    parser.add_argument("--frequencies", type=int, default=4, help="frequencies a chunk")
    parser.add_argument("--niter", type=int, default=2)
    parser.add_argument("--folder", help="where to put the kernel for the time being")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(dir=options.folder)
    try:
        report(f"{folder}/kernel.zarr", options)
    finally:
        shutil.rmtree(folder)


def report(path: str, options: argparse.Namespace) -> None:
    """Solve and read."""
    nf = make(path, options.gigabytes, options.frequencies)
    nt = 2 * nf - 1
    limit = f"{options.limit / 2}MB"
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1, memory_limit=limit) as client:
        G = da.from_zarr(path)
        op = pld.waveeqprocessing.MDC(G, nt=nt, nv=1, chunks=(nt, RECEIVERS // 2, 1))
        y = da.random.default_rng(1).standard_normal(
            (nt, SOURCES, 1), dtype="f4", chunks=(nt, SOURCES // 2, 1)
        )
        solver = CGLS(options.niter + 1, tol=0.0)
        engine = replay(partial(solver.step, op, y), solver.init(op, y), solver.done)
        engine.run(1)
        start = time.perf_counter()
        engine.run(options.niter)
        solving = (time.perf_counter() - start) / options.niter
        peaks = client.run(peak)
        engine.close()
        start = time.perf_counter()
        for _ in range(2):  # a step reads the kernel twice
            G.map_blocks(one, drop_axis=(1, 2), chunks=(1,), dtype=G.dtype).sum().compute()
        reading = time.perf_counter() - start
    print(
        json.dumps({
            "kernel_GB": round(G.nbytes / 1e9, 2), "iteration_s": round(solving, 2),
            "reading_twice_s": round(reading, 2),
            "speed_of_reading": round(reading / solving, 2), "peak_MB": [round(p / 1e6) for p in peaks.values()],
            "limit_MB": options.limit, "load": os.getloadavg()[0],
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
