"""Settings of the whole process while steps are taken, counted: whoever is last restores what the first one found."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

from pylops_distributed import tuning

_lock = threading.Lock()
_users = 0
_before: tuple[float, float, Any] | None = None
_libraries: Any = None
_modules = 0  # how many had been imported when the libraries were found


def find_libraries() -> None:
    """Find the BLAS libraries of this process: those that were loaded since the last time, too.

    They come with modules: where none was imported since, there is nothing to find, which takes some milliseconds.
    """
    global _libraries, _modules
    if _libraries is None or _modules != len(sys.modules):
        _libraries, _modules = ThreadpoolController(), len(sys.modules)


@contextmanager
def computing() -> Iterator[None]:
    """One BLAS thread a call, since tasks run side by side, and short turns for Python's threads.

    Both belong to the process. Any number of threads may be inside, in any order: the first to enter saves the
    settings of the process and the last to leave restores them.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _before
    with _lock:
        if not _users:
            if _libraries is None:
                find_libraries()
            blas = _libraries.limit(limits=1, user_api="blas")
            short = tuning.seconds("execution.switch-interval")
            _before = sys.getswitchinterval(), short, blas
            sys.setswitchinterval(short)
        _users += 1


def _leave() -> None:
    global _users, _before
    with _lock:
        _users -= 1
        if _users or _before is None:
            return
        (interval, short, blas), _before = _before, None
        # Else somebody has set another one meanwhile.
        if abs(sys.getswitchinterval() - short) < short / 100:
            sys.setswitchinterval(interval)
        blas.restore_original_limits()
