"""What of a store can go without a loss that anybody would notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pylops_distributed.store.group import delete_group
from pylops_distributed.store.run import Run, list_runs
from pylops_distributed.store.snapshot import Entry, entries, sound
from pylops_distributed.store.storage import Storage

DAY = 86400.0


@dataclass(frozen=True)
class Waste:
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
    """

    run: Run
    path: str
    size: int
    words: str

    def delete(self) -> None:
        """Delete it.

        Raises
        ------
        RunBusy
            If somebody has begun to work on the run meanwhile.
        """
        with self.run.attempt():
            if self.path:
                delete_group(self.run.storage, self.path)
        if not self.path:
            self.run.storage.delete_prefix("")


def waste(root: str | Path, days: float = 30.0) -> Iterator[Waste]:
    """What can go below a folder or prefix: nothing of a run that somebody works on.

    Of finished runs, all checkpoints but the newest two that are sound, which hold earlier iterates; and runs that were
    stopped and have not been touched for ``days``, with their checkpoints. Results and datasets stay.

    Parameters
    ----------
    root : str or Path
        Where runs live.
    days : float, optional
        Age from which an unfinished run counts as given up.
    """
    for run in list_runs(root):
        status = run.status()
        if status.state == "finished":
            for entry in _older(run.storage):
                yield Waste(run, entry.path, _size(run.storage, entry.path), f"iterate {entry.iteration}")
        elif status.state in ("new", "interrupted", "failed") and status.age > days * DAY:
            yield Waste(run, "", status.size, f"unfinished, and not touched for {status.age / DAY:.0f} days")


def _older(storage: Storage) -> list[Entry]:
    """The checkpoints before the newest two sound ones, oldest first."""
    found = entries(storage)
    kept = list(islice(sound(storage), 2)) if len(found) > 2 else []
    return [entry for entry in found if entry < kept[1]] if len(kept) == 2 else []


def _size(storage: Storage, path: str) -> int:
    return sum(size for _, size in storage.sizes(path))
