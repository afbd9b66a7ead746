"""Removable data of a store: neither results nor resuming needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pylops_distributed.storage import local_files as files
from pylops_distributed.storage.checkpoint_keys import CheckpointKey, published_checkpoints
from pylops_distributed.storage.checkpoint_policies import FEWEST
from pylops_distributed.storage.group_metadata import delete_group
from pylops_distributed.storage.lease import ROOT as ATTEMPTS
from pylops_distributed.storage.lease import acquire, owner
from pylops_distributed.storage.object_store import Storage, open_storage
from pylops_distributed.storage.run import Run, list_runs
from pylops_distributed.storage.state_io import verified_checkpoints

DAY = 86400.0


@dataclass(frozen=True)
class Removable:
    """Something that can go.

    Attributes
    ----------
    run : Run
        Run that it belongs to.
    path : str
        What of it; empty for all.
    size : int
        Bytes.
    words : str
        Why it can go.
    attempt : int
        Number of the run's newest attempt when it was looked at.
    """

    run: Run
    path: str
    size: int
    words: str
    attempt: int = 0

    def delete(self) -> None:
        """Delete it, as the run's owner: nobody else works on the run meanwhile.

        Raises
        ------
        RunBusyError
            If somebody works on the run, or has since it was looked at.
        OSError
            If something could not be deleted; it lists the remaining files.
        """
        if not self.path:
            delete_run(self.run.storage, self.attempt)
            return
        with self.run.attempt() as attempt:
            attempt.check()
            delete_group(self.run.storage, self.path)


def delete_run(storage: Storage, after: int) -> None:
    """Delete a run whose newest attempt is ``after``.

    The attempt that deletes says so in its record, which is put only if nobody else has begun one: no other is granted
    after it. So whoever sleeps in the middle of this, and for however long, deletes nothing that came later.
    """
    if storage.folder is None:
        attempt = acquire(storage, deletes=True, after=after)
        storage.delete("zarr.json")
        for name in storage.dirs():
            if name != ATTEMPTS:
                storage.delete_prefix(name)
        attempt.end()
        storage.delete_prefix("")
        return
    with files.open_folder(
        storage.folder
    ) as folder:  # a new run may take the name as soon as this one is gone
        attempt = acquire(storage, deletes=True, after=after)
        try:
            attempt.check()
            with suppress(FileNotFoundError):
                os.unlink("zarr.json", dir_fd=folder)
            files.clear(folder, storage.folder, but=ATTEMPTS)
        finally:
            attempt.end()
        files.clear(folder, storage.folder)
    with suppress(FileNotFoundError):
        storage.folder.rmdir()


def find_removable(root: str | Path, days: float = 30.0) -> Iterator[Removable]:
    """Removable data below a folder or prefix: nothing of a run that somebody works on.

    Of finished runs, all checkpoints but the newest two intact ones, which hold earlier iterates; runs that were
    stopped and have not been touched for ``days``, with their checkpoints; and remains of runs whose deletion was
    broken off. Results and datasets stay.

    The :class:`~pylops_distributed.storage.checkpoint_policies.Retention` of a run, which is ``checkpoint.keep`` and
    ``checkpoint.keep_every`` in settings, counts only while it is solved: iterates that it kept to be looked at are
    what there is to remove afterwards. A run that can still be resumed keeps all that its retention kept.

    Parameters
    ----------
    root : str or Path
        Where runs live.
    days : float, optional
        Age from which an unfinished run counts as given up.
    """
    for run in list_runs(root):
        status = run.status()
        if status.owner is not None and status.owner.deletes:
            continue
        if status.state in ("finished", "out of date"):
            for entry in _older(run.storage):
                size = _size(run.storage, entry.path)
                yield Removable(run, entry.path, size, f"iterate {entry.iteration}", status.attempts)
        elif status.state in ("new", "interrupted", "failed") and status.age > days * DAY:
            words = f"unfinished, and not touched for {status.age / DAY:.0f} days"
            yield Removable(run, "", status.size, words, status.attempts)
    yield from _remains(root)


def _remains(root: str | Path) -> Iterator[Removable]:
    """Runs whose deletion was begun by somebody who is gone."""
    folder = open_storage(root)
    for name in folder.dirs():
        storage = (folder / name).pinned()
        last = owner(storage)
        if last is not None and last.deletes and not last.alive:
            yield Removable(
                Run(storage, {}), "", _size(storage, ""), "its deletion was broken off", last.number
            )


def _older(storage: Storage) -> list[CheckpointKey]:
    """The checkpoints before the newest two intact ones, oldest first."""
    entries = published_checkpoints(storage)
    kept = list(islice(verified_checkpoints(storage), FEWEST)) if len(entries) > FEWEST else []
    return [entry for entry in entries if entry < kept[-1]] if len(kept) == FEWEST else []


def _size(storage: Storage, path: str) -> int:
    return sum(size for _, size in storage.sizes(path))
