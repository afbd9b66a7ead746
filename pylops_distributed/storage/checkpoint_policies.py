"""When to save a state, and which to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# The newest one, and one to fall back to where that is corrupt: kept while a run is solved, and after it is finished.
FEWEST = 2


class Numbered(Protocol):
    """Anything with an iteration number."""

    @property
    def iteration(self) -> int:
        """The number."""


class Timed(Protocol):
    """Anything that knows what its last save took."""

    @property
    def seconds(self) -> float:
        """Seconds from the call to the published checkpoint."""


@dataclass(frozen=True)
class Every:
    """Save every so many iterations, or after so many seconds, whichever comes first.

    Parameters
    ----------
    iterations : int, optional
        Iterations between two checkpoints; None not to count them.
    seconds : float, optional
        Seconds after which to save in any case.
    """

    iterations: int | None = 10
    seconds: float | None = None

    def due(self, iteration: int, elapsed: float) -> bool:
        """Whether to save now, ``elapsed`` seconds after the last save."""
        counted = self.iterations is not None and iteration % self.iterations == 0
        return counted or (self.seconds is not None and elapsed >= self.seconds)


@dataclass(frozen=True)
class Budget:
    """Save as often as costs at most a share of the time; the first state at once, to learn the cost.

    Parameters
    ----------
    store : CheckpointStore
        The store, which measures what a save takes.
    fraction : float, optional
        Share of the time.
    least : float, optional
        Seconds between two saves at least; the first state is not saved at once, then.
    """

    store: Timed
    fraction: float = 0.05
    least: float = 0.0

    def due(self, iteration: int, elapsed: float) -> bool:
        """Whether to save now, ``elapsed`` seconds after the last save."""
        return elapsed >= self.least and elapsed * self.fraction >= self.store.seconds


@dataclass(frozen=True)
class Retention:
    """Which checkpoints to keep while a run is solved.

    It is applied after each save, to intact checkpoints. Once a run is finished, nothing is deleted before a user asks
    for it: :func:`pylops_distributed.runs.pruning.find_removable`, behind ``pld runs --prune``, then lists all but the
    newest 2 intact ones, whatever ``latest`` and ``every`` are. Export iterates that you want to keep for longer.

    Parameters
    ----------
    latest : int
        How many of the newest; at least 2, so that there is one to fall back to.
    every : int, optional
        Keep those whose iteration is a multiple of this, too.

    Raises
    ------
    ValueError
        If ``latest`` is below 2 or ``every`` below 1.
    """

    latest: int = FEWEST
    every: int | None = None

    def __post_init__(self) -> None:
        if self.latest < FEWEST or (self.every is not None and self.every < 1):
            raise ValueError(f"keep at least the latest {FEWEST} and every 1st checkpoint, got {self}")

    def keeps(self, entry: Numbered, rank: int) -> bool:
        """Whether to keep a checkpoint which ``rank`` others are newer than."""
        return rank < self.latest or (self.every is not None and entry.iteration % self.every == 0)
