"""Machines that PBS hands out, by :class:`dask_jobqueue.PBSCluster`."""

from functools import partial

from pylops_distributed.clusters.jobqueue import check_jobs, start_jobs
from pylops_distributed.clusters.options import ClusterKind

PBS = ClusterKind(partial(start_jobs, "pbs", "PBSCluster"), partial(check_jobs, "pbs", "PBSCluster"))
