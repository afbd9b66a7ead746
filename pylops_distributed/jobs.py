"""Workers as jobs of a queue, by :mod:`dask_jobqueue`: what Slurm and PBS have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pylops_distributed.clusters import check_options, need
from pylops_distributed.utils.adaptive import adapted


def check(
    hardware: str, kind: str, *, memory: str | None = None, processes: bool = True, **options: Any
) -> None:
    """Refuse what :func:`cluster` cannot take."""
    form = getattr(need("dask_jobqueue", hardware, processes), kind)
    if memory is None:
        raise ValueError(f"hardware={hardware!r} needs the memory of each job, such as memory='16GB'")
    check_options(hardware, options, form, form.job_cls)


def cluster(
    hardware: str,
    kind: str,
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    memory: str | None = None,
    adapt: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Workers that run as jobs of a queue, one each.

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
    adapt : dict, optional
        ``minimum`` and ``maximum`` of the number of jobs, which then goes with what there is to do.
    **options
        Passed to the cluster, such as ``queue`` or ``walltime``.
    """
    jobqueue = need("dask_jobqueue", hardware, processes)
    made = getattr(jobqueue, kind)(
        n_workers=1 if n_workers is None else n_workers, cores=threads_per_worker or 1, processes=1,
        memory=memory, **options,
    )  # fmt: skip
    return adapted(made, adapt)
