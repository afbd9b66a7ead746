"""Workers as jobs of a queue, by :mod:`dask_jobqueue`: what Slurm and PBS have in common."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dask
from distributed.security import Security

from pylops_distributed.clusters.adaptive import adapted
from pylops_distributed.clusters.options import check_options, check_security, encryption, need
from pylops_distributed.compat.distributed import get_ip
from pylops_distributed.compat.jobqueue import DeletesKeyFiles

if TYPE_CHECKING:
    from distributed import SpecCluster
    from distributed.security import Security

LOOPBACK = "127.0.0.1:0"


def check_jobs(
    hardware: str, kind: str, *, memory: str | None = None, processes: bool = True, security: object = None,
    **options: object,
) -> None:  # fmt: skip
    """Raise for options that :func:`start_jobs` cannot take."""
    check_security(hardware, security)
    form = getattr(need("dask_jobqueue", hardware, processes), kind)
    if memory is None:
        raise ValueError(f"hardware={hardware!r} needs the memory of each job, such as memory='16GB'")
    check_options(hardware, options, form, form.job_cls)


def start_jobs(
    hardware: str,
    kind: str,
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    memory: str | None = None,
    adapt: Mapping[str, object] | None = None,
    security: bool | Security | None = None,
    **options: object,
) -> SpecCluster:
    """Workers that run as jobs of a queue, one each.

    The scheduler runs in this process and listens where the jobs reach this machine: on ``interface`` if it is set,
    else on the address of this machine in its network. All dashboards listen on 127.0.0.1, unless set otherwise.

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
    security : bool or distributed.Security, optional
        How connections are encrypted and authenticated. By default with TLS and a certificate of this cluster alone,
        whose key is written to files that only you can read, below ``shared_temp_directory`` (default: the working
        folder), and deleted with the cluster. False turns it off: whoever reaches the ports can then run code as you.
    **options
        Passed to the cluster, such as ``queue`` or ``walltime``.
    """
    jobqueue = need("dask_jobqueue", hardware, processes)
    options |= _private(hardware, options)
    if (secured := encryption(hardware, security)) is not None:
        options |= {"security": secured, "protocol": "tls://"}
        if dask.config.get(f"jobqueue.{hardware}.shared-temp-directory", None) is None:
            options.setdefault("shared_temp_directory", os.getcwd())
    form = type(kind, (DeletesKeyFiles, getattr(jobqueue, kind)), {})
    jobs: SpecCluster = form(
        n_workers=1 if n_workers is None else n_workers, cores=threads_per_worker or 1, processes=1,
        memory=memory, **options,
    )  # fmt: skip
    return adapted(jobs, adapt)


def _private(hardware: str, options: Mapping[str, Any]) -> dict[str, object]:
    """Options by which scheduler and jobs listen on no more interfaces than they must."""
    scheduler = {"dashboard_address": LOOPBACK, **(options.get("scheduler_options") or {})}
    interface = options.get("interface") or dask.config.get(f"jobqueue.{hardware}.interface", None)
    if not interface and not scheduler.keys() & {"host", "interface"}:
        scheduler["host"] = get_ip()
    extra = options.get("worker_extra_args")
    if extra is None:
        extra = dask.config.get(f"jobqueue.{hardware}.worker-extra-args", None)
    extra = list(extra or ())
    if not any(str(word).startswith("--dashboard-address") for word in extra):
        extra += ["--dashboard-address", LOOPBACK]
    return {"scheduler_options": scheduler, "worker_extra_args": extra}
