"""Progress of a running run, from its stored files alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pylops_distributed.errors import CorruptionError
from pylops_distributed.runs.plots import relative_cost
from pylops_distributed.storage.atomic_group import open_group
from pylops_distributed.storage.checkpoint_keys import CheckpointKey, published_checkpoints
from pylops_distributed.storage.group_metadata import read_attrs
from pylops_distributed.storage.state_io import SUFFIX

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage
    from pylops_distributed.storage.run import Status


@dataclass(frozen=True)
class StoredProgress:
    """How far a run has come at its newest checkpoint.

    Attributes
    ----------
    iteration, niter : int or None
        Iteration of the newest checkpoint, and the most that were asked for.
    relative_residual : float or None
        Norm of the residual or objective, relative to the first.
    seconds : float or None
        Seconds a step, between the newest two checkpoints of this attempt.
    left : float or None
        Seconds left now, if all steps that were asked for are taken at that speed.
    """

    iteration: int | None
    niter: int | None
    relative_residual: float | None
    seconds: float | None
    left: float | None


def stored_progress(storage: Storage, status: Status) -> StoredProgress:
    """Return how far a run has come.

    Parameters
    ----------
    storage : Storage
        The run's storage.
    status : Status
        Its status.
    """
    saved = sorted(published_checkpoints(storage), key=lambda entry: entry.iteration)
    if not saved:
        return StoredProgress(None, status.niter, None, None, None)
    seconds, newest = _speed(storage, [one for one in saved if one.attempt == status.attempts]), saved[-1]
    left = None
    if seconds is not None and status.niter:
        since = time.time() - _saved_at(storage, newest)
        left = max(0.0, (status.niter - newest.iteration) * seconds - since)
    return StoredProgress(newest.iteration, status.niter, _residual(storage, newest), seconds, left)


def step_seconds(storage: Storage) -> float | None:
    """Return the seconds a step took in the newest attempt that has two checkpoints; None if none has."""
    saved = sorted(published_checkpoints(storage), key=lambda entry: entry.iteration)
    for attempt in sorted({entry.attempt for entry in saved}, reverse=True):
        seconds = _speed(storage, [entry for entry in saved if entry.attempt == attempt])
        if seconds is not None:
            return seconds
    return None


def _speed(storage: Storage, saved: list[CheckpointKey]) -> float | None:
    """Seconds a step between the newest two of an attempt's checkpoints."""
    own = saved[-2:]
    try:
        times = [_saved_at(storage, entry) for entry in own]
    except (FileNotFoundError, CorruptionError):  # one was replaced meanwhile
        return None
    steps = own[-1].iteration - own[0].iteration if own else 0
    return (times[-1] - times[0]) / steps if steps else None


def _saved_at(storage: Storage, entry: CheckpointKey) -> float:
    return datetime.fromisoformat(read_attrs(storage, entry.path)["created_at"]).timestamp()


def _residual(storage: Storage, entry: CheckpointKey) -> float | None:
    try:
        group = open_group(storage, entry.path)
        cost = group.read(f"cost{SUFFIX}") if f"cost{SUFFIX}" in group.manifest else ()
    except (FileNotFoundError, CorruptionError):
        return None
    return float(relative_cost(cost)[-1]) if len(cost) else None
