"""Clusters: the name of a file is the value of ``hardware``, its function ``cluster`` starts one."""

from importlib import import_module
from typing import Any


def need(package: str, hardware: str, processes: bool = True) -> Any:
    """Import a package that only this hardware takes, hardware of other machines.

    Raises
    ------
    ImportError
        If it is not installed; says how to install it.
    ValueError
        If workers are not to be processes: on other machines they always are.
    """
    if not processes:
        raise ValueError(f"hardware={hardware!r} starts processes: processes=False is for hardware='single'")
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"hardware={hardware!r} needs the package {package!r}: pip install 'pylops-distributed[cluster]'"
        ) from error


def jobs(
    hardware: str,
    kind: str,
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    memory: str | None = None,
    **options: Any,
) -> Any:
    """Workers that run as jobs of a queue, one each, by a cluster of :mod:`dask_jobqueue`.

    Parameters
    ----------
    hardware, kind : str
        Name of the hardware, and of its class in :mod:`dask_jobqueue`.
    n_workers : int, optional
        Number of jobs to submit; default one. More can be asked for with ``client.cluster.scale``.
    threads_per_worker : int, optional
        Cores of each job; default one.
    processes : bool, optional
        Must be True: workers on other machines are always processes.
    memory : str
        Memory of each job, such as ``"16GB"``.
    **options
        Passed to the cluster, such as ``queue`` or ``walltime``.
    """
    jobqueue = need("dask_jobqueue", hardware, processes)
    if memory is None:
        raise ValueError(f"hardware={hardware!r} needs the memory of each job, such as memory='16GB'")
    return getattr(jobqueue, kind)(
        n_workers=n_workers or 1, cores=threads_per_worker or 1, processes=1, memory=memory, **options
    )
