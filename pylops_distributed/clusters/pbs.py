"""Machines that PBS hands out, by :class:`dask_jobqueue.PBSCluster`."""

from functools import partial

from pylops_distributed.clusters import jobqueue as jobs

check = partial(jobs.check, "pbs", "PBSCluster")
cluster = partial(jobs.cluster, "pbs", "PBSCluster")
