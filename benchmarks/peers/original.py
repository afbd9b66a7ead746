"""CGLS with the original PyLops-distributed (0.2, of 2020): prints seconds an iteration.

    PYTHONPATH=CHECKOUT PYTHON benchmarks/peers/original.py diagonal N NITER
    PYTHONPATH=CHECKOUT PYTHON benchmarks/peers/original.py mdc NF NS NR NV NITER

See processes.py for what it runs on.
"""

from __future__ import annotations

import sys
import time

import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster

import pylops_distributed
from pylops_distributed.waveeqprocessing import MDC


def main() -> None:
    """Solve on one worker of two threads, in this process: the fastest of the ways it offers."""
    kind, *sizes = sys.argv[1], *map(int, sys.argv[2:])
    niter = sizes[-1]
    if kind == "diagonal":
        n = sizes[0]
        op = pylops_distributed.Diagonal(da.linspace(1, 10, n, chunks=n // 4).persist())
        data = op.matvec(da.ones(n, chunks=n // 4)).persist()
    else:
        nf, ns, nr, nv, _ = sizes
        G = (np.random.default_rng(0).standard_normal((nf, ns, nr)) + 0j).astype("c8")
        op = MDC(
            da.from_array(G, chunks=(-(-nf // 5), ns, nr)).persist(), nt=2 * nf - 1, nv=nv, dt=0.004, dr=1.0
        )
        data = op.matvec(da.ones((2 * nf - 1) * nr * nv, chunks=-1, dtype="f4")).persist()
    best = np.inf
    for options in ({}, {"client": client}):
        start = time.perf_counter()
        pylops_distributed.cgls(op, data, niter=niter, tol=0, **options)[0].compute()
        best = min(best, time.perf_counter() - start)
    print(best / niter)


if __name__ == "__main__":
    client = Client(LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None))
    main()
