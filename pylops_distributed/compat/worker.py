"""The Dask worker on which this process or thread is, without loading :mod:`distributed` where there is none.

Each function says on which behaviour it relies; ``tests/compat/test_worker.py`` has one test for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Worker


def current_worker() -> Worker | None:
    """The Dask worker on which this runs; None elsewhere.

    Relies on: ``distributed.get_worker`` raises ValueError elsewhere; who runs on a worker has loaded distributed.
    """
    if "distributed" in sys.modules:
        with suppress(ValueError):
            worker: Worker = sys.modules["distributed"].get_worker()
            return worker
    return None


def memory_limit_of(worker: Worker) -> int | None:
    """Bytes that a worker may hold; None if it has no limit.

    Relies on: ``worker.memory_manager.memory_limit``.
    """
    limit: int | None = worker.memory_manager.memory_limit
    return limit


def threads_of(worker: Worker) -> int:
    """How many tasks a worker runs at a time.

    Relies on: ``worker.state.nthreads``.
    """
    return int(worker.state.nthreads)


def never_pause(worker: Worker) -> None:
    """Have a worker run tasks however much memory it holds.

    Relies on: ``worker.memory_manager.memory_pause_fraction``, which is False where a worker is never paused.
    """
    worker.memory_manager.memory_pause_fraction = False


def actors_on(worker: Worker) -> Callable[[], Iterable[object]]:
    """A function that returns the actors that clients still want of a worker.

    Relies on: ``worker.state.actors``, a dict of them by key, from which Dask takes those that were released.
    """
    values: Callable[[], Iterable[Any]] = worker.state.actors.values
    return values
