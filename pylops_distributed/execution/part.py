"""One part of a solve: it holds its blocks of state and operator, and replays its share of the step."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from heapq import heappop
from typing import Any, TypeAlias

import numpy as np
from threadpoolctl import ThreadpoolController

from pylops_distributed.execution.frame import Frame, Program
from pylops_distributed.execution.plan import Key, Message, Share, is_scalar

Row: TypeAlias = list[Any]
# The scalars after each step, and the bytes that came from outside the part's memory since its beginning.
Taken: TypeAlias = tuple[list[Row], int]
# Seconds after which Python lets another thread go on: with its 5 ms, messages would wait for computing threads.
SWITCH = 0.0002


class PartLost(ConnectionError):
    """The connection with another part ended in the middle of a solve."""


class Part:
    """One part's share of the step, done again and again by ``threads`` threads.

    Parameters
    ----------
    opening, share : Share
        What to do for the first state, and in every step.
    first : int
        Number of the first state.
    room : int
        Bytes in which blocks of the operator may be kept.
    threads : int
        How many tasks to run at once.
    done : callable
        Given the number of the last step and the scalars after it, whether to stop: all parts come to the same
        answer, since all hold the scalars.
    links : Links, optional
        The way to other parts.
    """

    def __init__(
        self, opening: Share, share: Share, first: int, room: int, threads: int,
        done: Callable[[int, Row], bool], links: Any = None,
    ) -> None:  # fmt: skip
        self.threads, self.done, self.links = threads, done, links
        self.state: dict[Key, Any] = {}
        self.step, self.read = first - 1, 0
        self._opening, self._program = {self.step: Program(opening, room)}, Program(share, room)
        self._frames: dict[int, Frame] = {}
        self._scalars = [key for key in share.carry if is_scalar(key)]
        self._changed, self._blas = threading.Condition(), ThreadpoolController()
        self._error: BaseException | None = None
        self._helpers = ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="part")

    def address(self) -> Any:
        """Where other parts reach this one."""
        return self.links.address

    def connect(self, addresses: Sequence[tuple[str, int]]) -> None:
        """Connect with all parts; listening to them does not keep this one, once its solve has let go of it."""
        me = weakref.ref(self)

        def deliver(*message: Any) -> None:
            if (part := me()) is not None:
                part.deliver(*message)

        def lost(*news: Any) -> None:
            if (part := me()) is not None:
                part.lost(*news)

        weakref.finalize(self, self.links.close)
        self.links.connect(addresses, deliver, lost)

    def give(self, values: Mapping[Key, Any]) -> None:
        """Take blocks of the operator and of the data that were computed elsewhere."""
        for program in (*self._opening.values(), self._program):
            needed = program.share.needed()
            program.constants.give({k: v for k, v in values.items() if k in needed})

    def run(self, steps: int) -> Taken:
        """Take up to ``steps`` steps, fewer if the solver is done; the very first makes the first state."""
        rows: list[Row] = []
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            with self._blas.limit(limits=1, user_api="blas"):  # tasks are what runs side by side
                while len(rows) < steps and not (rows and self.done(self.step, rows[-1])):
                    self._advance()
                    rows.append([np.asarray(self.state[key])[()] for key in self._scalars])
        except BaseException:
            self.close()  # tells the others
            raise
        finally:
            sys.setswitchinterval(interval)
        return rows, self.read + (self.links.sent if self.links else 0)

    def close(self) -> None:
        """Let go of all."""
        if self.links:
            self.links.close()
        self._helpers.shutdown(wait=False)
        self.state = {}

    # -- one step ------------------------------------------------------------------------------------------

    def _frame(self, step: int) -> Frame:
        """The course of a step, which may begin with a message that is early."""
        if step not in self._frames:
            self._frames[step] = Frame(self._opening.get(step, self._program), step)
        return self._frames[step]

    def _advance(self) -> None:
        # From here on the state lives in the frame alone, which lets go of each block after its last use.
        given, self.state = self.state, {}
        first: list[Message] = []
        with self._changed:
            frame = self._frame(self.step)
            while given:
                first += frame.store(*given.popitem())
        self._send(frame, first)
        others = [self._helpers.submit(self._work, frame) for _ in range(self.threads - 1)]
        self._work(frame)
        wait(others)
        if self._error is not None:
            raise self._error
        self.state = frame.carried()
        self.read += frame.program.constants.reset()
        with self._changed:
            del self._frames[self.step]
            self._opening.pop(self.step, None)
            self.step += 1

    def _work(self, frame: Frame) -> None:
        """Do what is ready, the most urgent first, until the step is over."""
        tasks, constants = frame.program.tasks, frame.program.constants
        try:
            while True:
                with self._changed:
                    while not frame.ready and frame.open and self._error is None:
                        self._changed.wait()
                    if self._error is not None or not frame.open:
                        return
                    function, key, needs, fixed = tasks[heappop(frame.ready)]
                    values = {d: frame.values[d] for d in needs}
                for c in fixed:
                    values[c] = constants[c]
                value = function(values)
                del values
                with self._changed:
                    messages = frame.store(key, value)
                    frame.release(needs)
                    frame.open -= 1
                    if len(frame.ready) > 1 or not frame.open:
                        self._changed.notify_all()
                del value
                self._send(frame, messages)
        except BaseException as error:
            self._fail(error)

    def _send(self, frame: Frame, messages: Sequence[Message]) -> None:
        for m in messages:
            self.links.send(m.part, frame.step, m.stage, [frame.values[key] for key in m.keys])
            with self._changed:
                frame.release(m.keys)

    # -- called by the threads that listen -----------------------------------------------------------------

    def deliver(self, step: int, sender: int, stage: int, values: Any) -> None:
        """Take a message, of the step under way or of the next."""
        with self._changed:
            self._frame(step).arrive(sender, stage, values)
            self._changed.notify_all()

    def lost(self, part: int, error: BaseException) -> None:
        """Another part is gone."""
        self._fail(PartLost(f"part {part} of the solve is gone: {error}"))

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()
