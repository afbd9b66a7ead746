"""Machines that Slurm hands out, by :class:`dask_jobqueue.SLURMCluster`."""

from functools import partial

from pylops_distributed.clusters.jobqueue import check_jobs, start_jobs
from pylops_distributed.clusters.options import ClusterKind

SLURM = ClusterKind(
    partial(start_jobs, "slurm", "SLURMCluster"), partial(check_jobs, "slurm", "SLURMCluster")
)
