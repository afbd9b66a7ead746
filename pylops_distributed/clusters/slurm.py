"""Machines that Slurm hands out, by :class:`dask_jobqueue.SLURMCluster`."""

from functools import partial

from pylops_distributed.clusters import jobqueue as jobs

check = partial(jobs.check, "slurm", "SLURMCluster")
cluster = partial(jobs.cluster, "slurm", "SLURMCluster")
