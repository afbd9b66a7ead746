"""Rename a run's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pylops_distributed.storage.lease import acquire
from pylops_distributed.storage.run import Run

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

NAME = re.compile(r"[^\W_][\w. -]*")


def rename_run(run: Run, name: str) -> Run:
    """Rename a run; links next to it that lead to it are renewed.

    Parameters
    ----------
    run : Run
        A run on a local disk.
    name : str
        New name; the suffix of the old one is added where it is missing.

    Returns
    -------
    Run
        The run under its new name.

    Raises
    ------
    RunBusyError
        If a process is working on the run.
    FileExistsError
        If the name is taken.
    ValueError
        If it cannot be a name, or the run is in an object store, which cannot rename.
    """
    old = run.storage.folder
    if old is None:
        raise ValueError(
            f"{run.storage.place} is in an object store, which cannot rename: copy it to the new name with your "
            "storage's own tool, verify the copy with pld verify, and delete the old one with pld rm"
        )
    new = old.with_name(_full_name(name, old.suffix))
    if new.exists() or new.is_symlink():
        raise FileExistsError(f"{new} already exists: choose another name")
    links = list(links_to(run.storage))
    attempt = acquire(run.storage)  # nobody else works on it from now on
    attempt.end()
    try:
        old.rename(new)
        run = Run.open(new)
        attempt.storage = run.storage
    finally:
        attempt.close()
    for link in links:
        _renew(link, new)
    return run


def links_to(storage: Storage) -> Iterator[Path]:
    """Yield the links next to a local folder that lead to it."""
    if (folder := storage.folder) is None:
        return
    for entry in folder.parent.iterdir():
        if entry.is_symlink() and entry.resolve() == folder.resolve():
            yield entry


def _full_name(name: str, suffix: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a run: use letters, digits, blanks and any of . _ -, and begin with a "
            "letter or digit"
        )
    return name if name.endswith(suffix) else f"{name}{suffix}"


def _renew(link: Path, target: Path) -> None:
    """Have a link lead to a new place, at once."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target if link.readlink().is_absolute() else target.name)
    fresh.replace(link)
