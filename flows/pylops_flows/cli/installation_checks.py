"""Checks of an installation: what would otherwise break silently."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from pylops_distributed.clusters.client import dask
from pylops_distributed.storage.local_files import ensure_create
from pylops_flows.cli.late_binding import import_late
from pylops_flows.server.version_pins import check_pins
from pylops_flows.settings.paths import existing_folder

MIB = 2**20
PACKAGES = ("prefect", "prefect-dask", "dask", "distributed", "zarr", "xarray", "pylops", "segyio")


def check_installation(root: str) -> Iterator[tuple[str, bool, str]]:
    """Yield the name, success and message of each check; the slow one last.

    Parameters
    ----------
    root : str
        Folder or URL where runs live.
    """
    yield from check_pins()
    for package in PACKAGES:
        try:
            yield package, True, version(package)
        except PackageNotFoundError:
            yield package, False, "not installed"
    yield _disk(root)
    yield _ports()
    yield _workers()


def _disk(root: str) -> tuple[str, bool, str]:
    """Free space and write permission where runs live."""
    if "://" in root:
        return "disk", True, f"{root} is not on this machine"
    folder = existing_folder(root)
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return "disk", False, f"{folder} is not writable"
    try:
        ensure_create(folder)
    except OSError as error:
        return "disk", False, error.strerror or str(error)
    return "disk", free > 1024 * MIB, f"{free // MIB} MiB free at {folder}"


def _ports() -> tuple[str, bool, str]:
    """Whether servers may listen on this machine."""
    try:
        return (
            "ports",
            True,
            f"servers can listen on 127.0.0.1, for example on port {import_late('free_port')()}",
        )
    except OSError as error:
        return "ports", False, f"no server can listen on 127.0.0.1: {error}"


def _workers() -> tuple[str, bool, str]:
    """Whether Dask workers on this machine reach the Prefect server, a temporary one if none is configured."""
    healthy = import_late("healthy")
    try:
        with import_late("ensure_server")() as url, dask(n_workers=2, threads_per_worker=1) as client:
            answers = client.run(healthy, url)
    except (RuntimeError, OSError) as error:
        return "server", False, str(error)
    if unreachable := [address for address, reached in answers.items() if not reached]:
        return "server", False, f"workers {unreachable} do not reach {url}"
    return "server", True, f"{url} is reached by {len(answers)} workers"
