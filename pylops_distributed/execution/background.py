"""Calls in background threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from typing import TypeVar

T = TypeVar("T")


def in_background(call: Callable[[], T]) -> Future[T]:
    """Call in a new thread, for which the end of the process does not wait: the call may never end.

    Parameters
    ----------
    call : callable
        What to call, in a copy of the present context.
    """
    done: Future[T] = Future()

    def work(context: Context) -> None:
        try:
            done.set_result(context.run(call))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=work, args=(copy_context(),), daemon=True).start()
    return done
