"""CGLS on a multi-dimensional convolution with pylops-mpi: prints seconds an iteration.

mpiexec -n 2 PYTHON benchmarks/peers/mdc_mpi.py NF NS NR NV NITER
"""

from __future__ import annotations

import sys
import time

import numpy as np
from mpi4py import MPI
from pylops_mpi import DistributedArray, Partition
from pylops_mpi.optimization.basic import cgls
from pylops_mpi.waveeqprocessing import MPIMDC

nf, ns, nr, nv, niter = map(int, sys.argv[1:6])
comm = MPI.COMM_WORLD
nt, rank, size = 2 * nf - 1, comm.rank, comm.size
first, last = rank * nf // size, (rank + 1) * nf // size
rng = np.random.default_rng(0)
G = rng.standard_normal((nf, ns, nr, 2), dtype=np.float32).view(np.complex64)[..., 0]
G[0] = G[0].real
G = np.ascontiguousarray((G / np.sqrt(ns)).astype(np.complex64)[first:last])
op = MPIMDC(G, nt=nt, nv=nv, nfreq=nf, dt=1.0, dr=1.0, twosided=True)
model = DistributedArray(nt * nr * nv, partition=Partition.BROADCAST, dtype=np.float32)
model[:] = np.random.default_rng(1).standard_normal(nt * nr * nv, dtype=np.float32)
data = op @ model
zero = DistributedArray(nt * nr * nv, partition=Partition.BROADCAST, dtype=np.float32)
zero[:] = 0
cgls(op, data, zero, niter=2, tol=0.0)
comm.Barrier()
start = time.perf_counter()
cgls(op, data, zero, niter=niter, tol=0.0)
comm.Barrier()
if rank == 0:
    print((time.perf_counter() - start) / niter)
