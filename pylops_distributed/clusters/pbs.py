"""Machines that PBS hands out, by :class:`dask_jobqueue.PBSCluster`."""

from functools import partial

from pylops_distributed.clusters import jobs

cluster = partial(jobs, "pbs", "PBSCluster")
