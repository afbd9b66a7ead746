"""Machines that PBS hands out."""

from __future__ import annotations

from typing import Any

from pylops_distributed.clusters import need


def cluster(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    memory: str | None = None,
    **options: Any,
) -> Any:
    """Workers that run as PBS jobs, one each, by :class:`dask_jobqueue.PBSCluster`.

    Parameters
    ----------
    n_workers : int, optional
        Number of jobs to submit; default one. More can be asked for with ``client.cluster.scale``.
    threads_per_worker : int, optional
        Cores of each job; default one.
    processes : bool, optional
        Must be True: workers on other machines are always processes.
    memory : str
        Memory of each job, such as ``"16GB"``.
    **options
        Passed to :class:`dask_jobqueue.PBSCluster`, such as ``queue`` or ``walltime``.
    """
    jobqueue = need("dask_jobqueue", "pbs")
    if memory is None:
        raise ValueError("hardware='pbs' needs the memory of each job, such as memory='16GB'")
    if not processes:
        raise ValueError("hardware='pbs' starts processes: processes=False is for hardware='single'")
    return jobqueue.PBSCluster(
        n_workers=n_workers or 1, cores=threads_per_worker or 1, processes=1, memory=memory, **options
    )
