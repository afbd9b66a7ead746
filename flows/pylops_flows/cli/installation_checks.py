"""Checks of an installation: what breaks silently, looked at aloud."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from pylops_flows.server.version_pins import pins

MIB = 2**20


def checks(root: str) -> Iterator[tuple[str, bool, str]]:
    """Name, whether all is well, and words for each check; the slow one last.

    Parameters
    ----------
    root : str
        Folder or URL where runs live.
    """
    yield from pins()
    for package in ("prefect", "prefect-dask", "dask", "distributed", "zarr", "xarray", "pylops", "segyio"):
        try:
            yield package, True, version(package)
        except PackageNotFoundError:
            yield package, False, "not installed"
    yield disk(root)
    yield ports()
    yield workers()


def disk(root: str) -> tuple[str, bool, str]:
    """Room and the right to write where runs live."""
    if "://" in root:
        return "disk", True, f"{root} is not on this machine"
    from pylops_distributed.storage.local_files import ensure_create
    from pylops_flows.settings.preflight import existing

    folder = existing(root)
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return "disk", False, f"{folder} cannot be written to"
    try:
        ensure_create(folder)
    except OSError as error:
        return "disk", False, error.strerror or str(error)
    return "disk", free > 1024 * MIB, f"{free // MIB} MiB free at {folder}"


def ports() -> tuple[str, bool, str]:
    """Whether servers may listen on this machine."""
    from pylops_flows.server.embedded import free_port

    try:
        return "ports", True, f"servers can listen on 127.0.0.1, on port {free_port()} for one"
    except OSError as error:
        return "ports", False, f"no server can listen on 127.0.0.1: {error}"


def workers() -> tuple[str, bool, str]:
    """Whether Dask worker processes here reach the Prefect server, started for this if there is none."""
    from pylops_distributed.clusters.client import dask
    from pylops_flows.server.embedded import ensure_server, healthy

    try:
        with ensure_server() as url, dask(n_workers=2, threads_per_worker=1) as client:
            reached = client.run(healthy, url)
    except (RuntimeError, OSError) as error:
        return "server", False, str(error)
    missing = [address for address, there in reached.items() if not there]
    if missing:
        return "server", False, f"workers {missing} do not reach {url}"
    return "server", True, f"{url} is reached by {len(reached)} workers"
