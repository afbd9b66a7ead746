"""Machines that Slurm hands out, by :class:`dask_jobqueue.SLURMCluster`."""

from functools import partial

from pylops_distributed.clusters import jobs

cluster = partial(jobs, "slurm", "SLURMCluster")
