"""One part of a solve: it holds its blocks of state and operator, and replays its share of the step."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from heapq import heappop
from typing import Any, TypeAlias

import numpy as np
from threadpoolctl import ThreadpoolController

from pylops_distributed.execution.frame import Frame, Program
from pylops_distributed.execution.links import Links
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
        self,
        opening: Share,
        share: Share,
        first: int,
        room: int,
        threads: int,
        done: Callable[[int, Row], bool],
        links: Links | None = None,
    ) -> None:
        self.threads, self.done, self.links = threads, done, links
        self.state: dict[Key, Any] = {}
        self.step = first - 1
        self._opening, self._program = Program(opening, room), Program(share, room)
        self._scalars = [key for key in share.carry if is_scalar(key)]
        self._changed, self._blas = threading.Condition(), ThreadpoolController()
        self._frame: Frame | None = None
        self._early: dict[int, list[tuple[int, int, Any]]] = defaultdict(list)
        self._error: BaseException | None = None
        self._helpers = ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="part")

    def address(self) -> tuple[str, int]:
        """Where other parts reach this one."""
        assert self.links is not None
        return self.links.address

    def connect(self, addresses: Sequence[tuple[str, int]]) -> None:
        """Connect with all parts."""
        assert self.links is not None
        self.links.connect(addresses, self.deliver, self.lost)

    def give(self, values: Mapping[Key, Any]) -> None:
        """Take blocks of the operator and of the data that were computed elsewhere."""
        for program in (self._opening, self._program):
            program.constants.give({k: v for k, v in values.items() if k in program.share.needed()})

    def begin(self) -> Taken:
        """Make the first state."""
        with self._computing():
            self._advance(self._opening)
        read = self._opening.constants.read
        self._opening = Program(Share(), 0)
        self._program.constants.read = read
        return [self._row()], self._moved()

    def run(self, steps: int) -> Taken:
        """Take up to ``steps`` steps, fewer if the solver is done."""
        rows: list[Row] = []
        with self._computing():
            while len(rows) < steps and not (rows and self.done(self.step, rows[-1])):
                self._advance(self._program)
                rows.append(self._row())
        return rows, self._moved()

    def close(self) -> None:
        """Let go of all."""
        if self.links is not None:
            self.links.close()
        self._helpers.shutdown(wait=False)
        self.state = {}

    def _row(self) -> Row:
        return [np.asarray(self.state[key])[()] for key in self._scalars]

    def _moved(self) -> int:
        return self._program.constants.read + (self.links.sent if self.links is not None else 0)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            with self._blas.limit(limits=1, user_api="blas"):  # tasks are what runs side by side
                yield
        except BaseException:
            self.close()  # tells the others
            raise
        finally:
            sys.setswitchinterval(interval)

    # -- one step ------------------------------------------------------------------------------------------

    def _advance(self, program: Program) -> None:
        frame, given = Frame(program, self.step), self.state
        # From here on the state lives in the frame alone, which lets go of each block after its last use.
        self.state = {}
        first: list[Message] = []
        with self._changed:
            for key, value in given.items():
                first += frame.store(key, value)
            for message in self._early.pop(frame.step, ()):
                frame.arrive(*message)
            self._frame = frame
        del given
        self._send(frame, first)
        others = [self._helpers.submit(self._work, frame) for _ in range(self.threads - 1)]
        self._work(frame)
        for other in others:
            other.result()
        if self._error is not None:
            raise self._error
        with self._changed:
            self._frame = None
        self.state = frame.carried()
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
            assert self.links is not None
            self.links.send(m.part, frame.step, m.stage, [frame.values[key] for key in m.keys])
            with self._changed:
                frame.release(m.keys)

    # -- called by the threads that listen -----------------------------------------------------------------

    def deliver(self, step: int, sender: int, stage: int, values: Any) -> None:
        """Take a message; one for a later step is put aside."""
        with self._changed:
            if self._frame is not None and self._frame.step == step:
                self._frame.arrive(sender, stage, values)
            else:
                self._early[step].append((sender, stage, values))
            self._changed.notify_all()

    def lost(self, part: int, error: OSError) -> None:
        """Another part is gone."""
        self._fail(PartLost(f"part {part} of the solve is gone: {error}"))

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()
