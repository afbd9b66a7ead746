"""Machines that are reached through SSH."""

from __future__ import annotations

import ipaddress
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from distributed import SpecCluster, SSHCluster

from pylops_distributed.clusters.options import ClusterKind, check_options, check_security, encryption, need
from pylops_distributed.clusters.secured import settings
from pylops_distributed.compat.ssh import process_class

if TYPE_CHECKING:
    from distributed.security import Security

LOOPBACK = "127.0.0.1:0"


def check_ssh(
    *, hosts: list[str] | None = None, processes: bool = True, security: object = None, **options: object
) -> None:
    """Raise for options that :func:`start_ssh` cannot take."""
    need("asyncssh", "ssh", processes)
    check_security("ssh", security)
    if not isinstance(hosts, list) or len(hosts) < 2:
        raise ValueError(f"hardware='ssh' needs hosts=[scheduler, worker, ...], got hosts={hosts}")
    if options.get("adapt") is not None:
        raise ValueError(
            "hardware='ssh' has the workers that hosts names, no more and no fewer: leave adapt out"
        )
    check_options("ssh", options, SSHCluster)


def start_ssh(
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    processes: bool = True,
    *,
    hosts: list[str],
    security: bool | Security | None = None,
    **options: Any,
) -> SpecCluster:
    """A scheduler on the first host and workers on the others, as :func:`distributed.SSHCluster` starts them.

    Dashboards listen on 127.0.0.1 of their machine, and so does all on a host given by a loopback address.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Number of workers on each host and of threads of each; default one worker with all cores.
    processes : bool, optional
        Must be True: workers on other machines are always processes.
    hosts : list of str
        Names of the machines, the scheduler's first.
    security : bool or distributed.Security, optional
        How connections between the machines are encrypted and authenticated. By default with TLS and a certificate of
        this cluster alone, whose key goes through SSH into the memory of its processes; this library must be installed
        on the hosts. False turns it off: whoever reaches the ports can then run code as you.
    **options
        Passed to :func:`distributed.SSHCluster`, such as ``connect_options`` or ``remote_python``.
    """
    size = {"n_workers": n_workers, "nthreads": threads_per_worker}
    worker = {"dashboard_address": LOOPBACK} | {name: n for name, n in size.items() if n is not None}
    options["worker_options"] = worker | (options.get("worker_options") or {})
    options["scheduler_options"] = {"dashboard_address": LOOPBACK, **_host(hosts[0])} | (
        options.get("scheduler_options") or {}
    )
    secured = encryption("ssh", security)
    return _Plan(hosts, options, secured).start()


class _Plan:
    """Processes as :func:`distributed.SSHCluster` starts them, with addresses of each host, and TLS."""

    def __init__(self, hosts: list[str], options: Mapping[str, Any], security: Security | None) -> None:
        self.hosts, self.options, self.security = hosts, dict(options), security

    def start(self) -> SpecCluster:
        """The running cluster."""
        taken = {name: self.options.pop(name, None) for name in ("connect_options", "remote_python")}
        scheduler, worker = self.options.pop("scheduler_options"), self.options.pop("worker_options")
        kind = self.options.pop("worker_class", "distributed.Nanny")
        specs = [self._spec(i, scheduler if not i else _host(host) | worker, **taken)
                 for i, host in enumerate(self.hosts)]  # fmt: skip
        for spec in specs[1:]:
            spec["options"]["worker_class"] = kind
        return SpecCluster(
            dict(enumerate(specs[1:])), specs[0], name="SSHCluster", security=self.security, **self.options
        )

    def _spec(
        self, index: int, kwargs: Mapping[str, object], connect_options: object, remote_python: object
    ) -> dict[str, Any]:
        python = _of(remote_python, index) or sys.executable
        options = {"address": self.hosts[index], "connect_options": _of(connect_options, index) or {},
                   "kwargs": dict(kwargs), "remote_python": python}  # fmt: skip
        if self.security is None:
            return {"cls": process_class(index), "options": options}
        options["kwargs"] = {"protocol": "tls://"} | dict(kwargs)
        options["remote_python"] = f"{python} -m pylops_distributed.clusters.secured"
        text = json.dumps(settings(self.security)) + "\n"
        return {"cls": process_class(index, text), "options": options}


def _of(option: object, index: int) -> object:
    """Value of an option for one host: lists have one value per host."""
    return option[index] if isinstance(option, list) else option


def _host(name: str) -> dict[str, str]:
    """Where to listen: on a loopback address that a host is given as; else the name may be another interface's."""
    with suppress(ValueError):
        if ipaddress.ip_address(name).is_loopback:
            return {"host": name}
    return {}


SSH = ClusterKind(start_ssh, check_ssh)
