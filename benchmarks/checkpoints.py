"""What checkpoints cost: CGLS with and without one every ten iterations, in turn.

    python benchmarks/checkpoints.py --case stencil --rounds 3
    python benchmarks/checkpoints.py --case mdc --rounds 2 --niter 20

The state is 800 MB, three vectors of 267 MB. ``stencil`` is a post-stack operator with smoothing along the lines:
some of the lightest iterations there are. ``mdc`` is a kernel of 500 MB with 267 virtual sources. Runs on two
threads, in this process, which keeps the memory that it frees
(``pylops_distributed.compat.malloc.retain_freed_memory``; so do
workers); a round of each comes first, which does not count. The last save, which nothing covers, is waited for.
Prints seconds of both, and the share that checkpoints add.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from statistics import median
from typing import Any

import dask
import dask.array as da
import numpy as np
import pylops
from solvers import kernel

import pylops_distributed as pld
from pylops_distributed.compat.malloc import retain_freed_memory
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run


def stencil() -> tuple[Any, Any]:
    """A post-stack operator with smoothing along the lines."""
    shape = (250, 100, 1334)
    wavelet = pylops.utils.wavelets.ricker(np.arange(31) * 0.004, 20)[0]
    data = da.random.default_rng(0).standard_normal(shape, chunks=(250, 100, 84))
    op = pld.avo.poststack.PoststackLinearModelling(wavelet, nt0=shape[0], spatdims=shape[1:])
    return op @ pld.Smoothing2D((5, 5), shape, axes=(1, 2)), data


def mdc() -> tuple[Any, Any]:
    """A multi-dimensional convolution with many virtual sources."""
    nf, n, nv = 250, 500, 267
    nt = 2 * nf - 1
    op = pld.waveeqprocessing.MDC(da.from_array(kernel(nf, n, n), chunks=(16, n, n)), nt=nt, nv=nv)
    return op, da.random.default_rng(0).standard_normal((nt, n, nv), dtype=np.float32, chunks=(nt, 50, nv))


def solve(op: Any, data: Any, niter: int, folder: str | None) -> float:
    """Seconds of a solve, with checkpoints if there is a folder for them."""
    solver = CGLS(niter, tol=0.0)
    if folder is None:
        start = time.perf_counter()
        session = Session(solver, op, data)
        session.run()
        taken = time.perf_counter() - start
        session.close()
        return taken
    run = Run.create_or_open(f"{folder}/run.zarr", identity={}, provenance={})
    with run.attempt() as attempt:
        start = time.perf_counter()
        with CheckpointStore(attempt) as store:
            session = Session(solver, op, data, store=store, save=Every(10))
            session.run()
        taken = time.perf_counter() - start
    session.close()
    return taken


CASES = {"stencil": stencil, "mdc": mdc}


def main() -> None:
    """Solve in turn, and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, default="stencil")
    parser.add_argument("--niter", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where to put the run for the time being")
    options = parser.parse_args()
    retain_freed_memory(2**31)
    with dask.config.set(scheduler="threads", num_workers=2):
        op, data = CASES[options.case]()
        data = data.persist()
        plain, saved = [], []
        for _ in range(1 + options.rounds):
            plain.append(solve(op, data, options.niter, None))
            folder = tempfile.mkdtemp(dir=options.folder)
            saved.append(solve(op, data, options.niter, folder))
            shutil.rmtree(folder)
        del plain[0], saved[0]
    result = {
        "case": options.case, "vector_MB": round(data.nbytes / 1e6), "niter": options.niter,
        "plain_s": round(median(plain), 2),
        "with_checkpoints_s": round(median(saved), 2),
        "added": round(median(saved) / median(plain) - 1, 3),
        "rounds_s": [[round(a, 1), round(b, 1)] for a, b in zip(plain, saved, strict=True)],
        "load": os.getloadavg()[0],
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
