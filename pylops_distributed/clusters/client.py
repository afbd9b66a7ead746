"""Clients of clusters: started here, or joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from distributed import Client

from pylops_distributed.clusters.options import ClusterKind, check_options
from pylops_distributed.compat.distributed import Cluster, tolerate_unknown_workers
from pylops_distributed.registry import Registry

# A kind of cluster is one line here, and a module with a :class:`ClusterKind`.
HARDWARE: Registry[ClusterKind] = Registry(
    {
        "kubernetes": "pylops_distributed.clusters.kubernetes:KUBERNETES",
        "pbs": "pylops_distributed.clusters.pbs:PBS",
        "single": "pylops_distributed.clusters.this_machine:SINGLE",
        "slurm": "pylops_distributed.clusters.slurm:SLURM",
        "ssh": "pylops_distributed.clusters.ssh:SSH",
    }
)


class OwningClient(Client):
    """A client of a cluster that closes with it.

    Also unpacks into itself and the cluster, as scripts for earlier versions expect.

    Parameters
    ----------
    cluster : distributed.deploy.Cluster
        Cluster to use and, in the end, to close.
    **options
        Passed to :class:`distributed.Client`.
    """

    def __init__(self, cluster: Cluster, **options: object) -> None:
        tolerate_unknown_workers(cluster)
        try:
            super().__init__(cluster, **options)
        except BaseException:
            cluster.close()
            raise

    def close(self, *args: object, **options: object) -> object:
        """Close the client, then its cluster."""
        # A closed client is closed again when it is collected, maybe amid another's work on Dask's event loops,
        # where closing the cluster once more would wait for ever.
        cluster = None if self.status == "closed" else self.cluster
        closed = super().close(*args, **options)
        if cluster is not None:
            cluster.close()
        return closed

    def __iter__(self) -> Iterator[object]:
        return iter((self, self.cluster))


class SharingClient(Client):
    """A client of a cluster that others use too; unpacks into itself and None."""

    def __iter__(self) -> Iterator[object]:
        return iter((self, None))


def dask(
    hardware: str = "single",
    client: str | Client | None = None,
    processes: bool = True,
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    **kwargs: object,
) -> Client:
    """Start or join a cluster and make it the one on which Dask computes.

    Parameters
    ----------
    hardware : str, optional
        What to start: ``"single"`` (this machine), ``"ssh"``, ``"slurm"``, ``"pbs"`` or ``"kubernetes"``; see
        the modules of these names in :mod:`pylops_distributed.clusters`. Or the address of a running
        scheduler to join, such as ``"tcp://10.0.0.1:8786"``.
    client : str or distributed.Client, optional
        Address of a running scheduler, or a client of one, to join instead.
    processes : bool, optional
        On this machine, start processes and not threads as workers. Scripts must then keep their code under
        ``if __name__ == "__main__":``.
    n_workers, threads_per_worker : int, optional
        Size of the cluster; by default what the hardware offers.
    **kwargs
        Passed to the cluster, or, when joining, to :class:`distributed.Client`. With
        ``adapt={"minimum": 1, "maximum": 8}`` the cluster grows and shrinks with what there is to do. Clusters
        on several machines use TLS with a temporary certificate, which ``security=False`` turns off.

    Returns
    -------
    distributed.Client
        Client whose ``close()`` closes the cluster too if it was started here. Also unpacks, as in earlier
        versions: ``client, cluster = dask()``.

    Raises
    ------
    ValueError
        If ``hardware`` or an option is unknown, or cannot be what it is.
    ImportError
        If the hardware needs a package that is not installed.

    Examples
    --------
    >>> from pylops_distributed.utils.backend import dask
    >>> with dask(processes=False, n_workers=1, threads_per_worker=1) as client:
    ...     client.submit(sum, [1, 2]).result()
    3
    """
    if isinstance(client, Client):
        kwargs.setdefault("security", client.security)
        scheduler: Any = client.scheduler
        client = str(scheduler.address)
    size = {"n_workers": n_workers, "threads_per_worker": threads_per_worker, "processes": processes}
    check_hardware(client or hardware, {**size, **kwargs})
    if client or "://" in hardware:
        return SharingClient(client or hardware, **kwargs)
    return OwningClient(starter(hardware)(**size, **kwargs))


def check_hardware(hardware: str, options: dict[str, object]) -> None:
    """Raise for a kind of cluster, or options of one, that cannot work; nothing is started.

    Raises
    ------
    ValueError, ImportError
        As :func:`dask`.
    """
    if "://" not in hardware:
        starter(hardware)
        HARDWARE[hardware].check(**options)
        return
    if options.get("adapt") is not None:
        raise ValueError(f"the cluster at {hardware} is scaled by who started it: leave adapt out")
    if isinstance(options.get("security"), bool):
        raise ValueError(
            f"the cluster at {hardware} has its TLS settings already: name its certificates in Dask's configuration "
            "(distributed.comm.tls), and leave security out"
        )
    check_options(hardware, options, Client)


def starter(hardware: str) -> Callable[..., Cluster]:
    """The function that starts clusters of a kind.

    Raises
    ------
    ValueError
        If ``hardware`` is unknown.
    """
    if hardware not in HARDWARE:
        raise ValueError(
            f"hardware must be one of {list(HARDWARE)} or a scheduler's address, got {hardware!r}"
        )
    return HARDWARE[hardware].start
