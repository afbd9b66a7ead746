"""Names of the checkpoints of a run, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pylops_distributed.storage.fence import is_published

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

ROOT = "checkpoints"


NAME = re.compile(r"i\d{8,}-a\d{4,}", re.ASCII)


@dataclass(frozen=True, order=True)
class CheckpointKey:
    """A published checkpoint; sorts from the oldest to the newest.

    An iteration reached by a newer attempt is newer than any of an older one, which must have been passed
    over: clocks have no say in it.
    """

    attempt: int
    iteration: int

    @property
    def name(self) -> str:
        """Name of its group."""
        return f"i{self.iteration:08d}-a{self.attempt:04d}"

    @property
    def path(self) -> str:
        """Path of its group in the run."""
        return f"{ROOT}/{self.name}"

    @classmethod
    def of(cls, name: str) -> CheckpointKey:
        """The entry of a name."""
        iteration, _, attempt = name.partition("-a")
        return cls(int(attempt), int(iteration.removeprefix("i")))

    @classmethod
    def names(cls, name: str) -> bool:
        """Whether a name is one of ours; other files may lie there, too, such as copies."""
        return NAME.fullmatch(name) is not None and cls.of(name).name == name


def published_checkpoints(storage: Storage) -> list[CheckpointKey]:
    """The published checkpoints of a run, oldest first."""
    return sorted(entry for entry in all_checkpoints(storage) if is_published(storage, entry.path))


def all_checkpoints(storage: Storage) -> list[CheckpointKey]:
    """The checkpoints of a run that are published, and those that are not, or not yet."""
    return [CheckpointKey.of(name) for name in storage.dirs(ROOT) if CheckpointKey.names(name)]
