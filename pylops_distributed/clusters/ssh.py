"""Machines that are reached through SSH."""

from __future__ import annotations

from typing import Any

from distributed import SSHCluster

from pylops_distributed.clusters import check_options, need


def check(*, hosts: list[str] | None = None, processes: bool = True, **options: Any) -> None:
    """Refuse what :func:`cluster` cannot take."""
    need("asyncssh", "ssh", processes)
    if not isinstance(hosts, list) or len(hosts) < 2:
        raise ValueError(f"hardware='ssh' needs hosts=[scheduler, worker, ...], got hosts={hosts}")
    if options.get("adapt") is not None:
        raise ValueError(
            "hardware='ssh' has the workers that hosts names, no more and no fewer: leave adapt out"
        )
    check_options("ssh", options, SSHCluster)


def cluster(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    hosts: list[str],
    **options: Any,
) -> Any:
    """A scheduler on the first host and workers on the others, by :func:`distributed.SSHCluster`.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Number of workers on each host and of threads of each; default one worker with all cores.
    processes : bool, optional
        Must be True: workers on other machines are always processes.
    hosts : list of str
        Names of the machines, the scheduler's first.
    **options
        Passed to :func:`distributed.SSHCluster`, such as ``connect_options`` or ``remote_python``.
    """
    size = {"n_workers": n_workers, "nthreads": threads_per_worker}
    worker = {name: n for name, n in size.items() if n is not None} | options.pop("worker_options", {})
    return SSHCluster(hosts, worker_options=worker, **options)
