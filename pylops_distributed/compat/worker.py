"""The Dask worker on which this process or thread is, without loading :mod:`distributed` where there is none.

Each function says on which behaviour it relies; ``tests/compat/test_worker.py`` has one test for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dask.typing import Key
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


def keep_same(worker: Worker, values: Mapping[Key, object]) -> None:
    """Have a worker keep these very objects under their keys, where it keeps equal ones: each lies in memory once.

    Called by a task that was given the values; keys that it does not keep any more are left out.

    Relies on: ``worker.data`` maps keys to what the worker keeps, and is changed on the thread of ``worker.loop``.
    """

    def replace() -> None:
        for key, value in values.items():
            if key in worker.data:
                worker.data[key] = value

    worker.loop.add_callback(replace)


def keep_data(worker: Worker, values: dict[Key, object]) -> dict[Key, int]:
    """Have a worker keep values under new keys; the bytes of each. On the thread of ``worker.loop`` only.

    Relies on: ``worker.update_data`` is what the worker does with scattered data; it returns their ``nbytes``.
    """
    sizes: dict[Key, int] = worker.update_data(values)["nbytes"]
    return sizes


def actors_on(worker: Worker) -> Callable[[], Iterable[object]]:
    """A function that returns the actors that clients still want of a worker.

    Relies on: ``worker.state.actors``, a dict of them by key, from which Dask takes those that were released.
    """
    values: Callable[[], Iterable[Any]] = worker.state.actors.values
    return values
