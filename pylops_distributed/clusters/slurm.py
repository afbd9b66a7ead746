"""Machines that Slurm hands out."""

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
    """Workers that run as Slurm jobs, one each, by :class:`dask_jobqueue.SLURMCluster`.

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
        Passed to :class:`dask_jobqueue.SLURMCluster`, such as ``queue`` or ``walltime``.
    """
    jobqueue = need("dask_jobqueue", "slurm")
    if memory is None:
        raise ValueError("hardware='slurm' needs the memory of each job, such as memory='16GB'")
    if not processes:
        raise ValueError("hardware='slurm' starts processes: processes=False is for hardware='single'")
    return jobqueue.SLURMCluster(
        n_workers=n_workers or 1, cores=threads_per_worker or 1, processes=1, memory=memory, **options
    )
