"""Machines that PBS hands out, by :class:`dask_jobqueue.PBSCluster`."""

from functools import partial

from pylops_distributed import jobs

check = partial(jobs.check, "pbs", "PBSCluster")
cluster = partial(jobs.cluster, "pbs", "PBSCluster")
