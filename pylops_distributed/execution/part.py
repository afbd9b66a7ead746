"""One part of a solve: it holds its blocks of state and operator, and replays its share of the step."""

from __future__ import annotations

import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from heapq import heappop, heappush
from typing import Any, TypeAlias

import numpy as np
from threadpoolctl import ThreadpoolController

from pylops_distributed.execution.compiled import compiled
from pylops_distributed.execution.constants import Constants
from pylops_distributed.execution.links import Links
from pylops_distributed.execution.plan import Message, Share, is_scalar
from pylops_distributed.memory import aligned

Key: TypeAlias = Any
Row: TypeAlias = list[Any]
# Seconds after which Python lets another thread go on: with its 5 ms, messages would wait for computing threads.
SWITCH = 0.0002


class PartLost(ConnectionError):
    """The connection with another part ended in the middle of a solve."""


class Frame:
    """The course of one step: what is there, what is ready, what is missing."""

    def __init__(
        self, step: int, missing: list[int], uses: Counter[Key], unsent: list[int], open_: int
    ) -> None:
        self.step, self.missing, self.uses, self.unsent = step, missing, uses, unsent
        self.open = open_  # tasks and messages still to come
        self.values: dict[Key, Any] = {}
        self.ready: list[int] = []


class Part:
    """One part's share of the step, run again and again by ``threads`` threads.

    Parameters
    ----------
    share : Share
        What to do.
    room : int
        Bytes in which blocks of the operator may be kept.
    threads : int
        How many tasks to run at once.
    done : callable
        Given the number of the last step and the scalars after it, whether to stop: all parts come to the same
        answer, since all hold the scalars.
    """

    def __init__(self, share: Share, room: int, threads: int, done: Callable[[int, Row], bool]) -> None:
        self.share, self.threads, self.done = share, threads, done
        self.constants = Constants(share.constant, room)
        self.state: dict[Key, Any] = {}
        self.step = 0
        self.rows: list[Row] = []
        self.scalars = [key for key in share.inputs if is_scalar(key)]
        self.links: Links | None = None
        self._tasks = [(compiled(w.node), w.node.key, w.needs, w.constants) for w in share.works]
        self._needs = [len(w.needs) for w in share.works]
        self._waiting = _index(w.needs for w in share.works)
        self._sending = _index(m.keys for m in share.sends)
        self._contents = {(m.part, m.stage): m.keys for m in share.receives}
        self._uses = Counter(d for w in share.works for d in w.needs)
        self._uses.update(share.carry.values())
        self._uses.update(key for m in share.sends for key in m.keys)
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

    def load(self, step: int, state: Mapping[Key, Any]) -> None:
        """Take blocks and scalars of the state after ``step`` steps."""
        self.step = step
        self.state.update((key, aligned(value)) for key, value in state.items())

    def run(self, steps: int) -> list[Row]:
        """Take up to ``steps`` steps, fewer if the solver is done.

        Returns
        -------
        list of list
            The scalars after each step.
        """
        self.rows = []
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        try:
            with self._blas.limit(limits=1, user_api="blas"):  # tasks are what runs side by side
                for _ in range(steps):
                    self._advance()
                    self.rows.append([np.asarray(self.state[key])[()] for key in self.scalars])
                    if self.done(self.step, self.rows[-1]):
                        break
        except BaseException:
            self.close()  # tells the others
            raise
        finally:
            sys.setswitchinterval(interval)
        return self.rows

    def close(self) -> None:
        """Let go of all."""
        if self.links is not None:
            self.links.close()
        self._helpers.shutdown(wait=False)
        self.state = {}

    # -- one step ------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        given, share = self.state, self.share
        missing, unsent = self._needs.copy(), [len(m.keys) for m in share.sends]
        frame = Frame(self.step, missing, self._uses.copy(), unsent, len(missing) + len(share.receives))
        # From here on the state lives in the frame alone, which lets go of each block after its last use.
        self.state = {}
        first: list[Message] = []
        with self._changed:
            for key, value in given.items():
                first += self._store(frame, key, value)
            for sender, stage, values in self._early.pop(frame.step, ()):
                self._arrive(frame, sender, stage, values)
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
        values, constants = frame.values, self.constants
        self.state = {
            old: values[new] if new in values else constants[new] for old, new in share.carry.items()
        }
        self.step += 1

    def _work(self, frame: Frame) -> None:
        """Do what is ready, the most urgent first, until the step is over."""
        try:
            while True:
                with self._changed:
                    while not frame.ready and frame.open and self._error is None:
                        self._changed.wait()
                    if self._error is not None or not frame.open:
                        return
                    function, key, needs, constants = self._tasks[heappop(frame.ready)]
                    values = {d: frame.values[d] for d in needs}
                for c in constants:
                    values[c] = self.constants[c]
                value = function(values)
                del values
                with self._changed:
                    messages = self._store(frame, key, value)
                    for d in needs:
                        _release(frame, d)
                    frame.open -= 1
                    if len(frame.ready) > 1 or not frame.open:
                        self._changed.notify_all()
                del value
                self._send(frame, messages)
        except BaseException as error:
            self._fail(error)

    def _store(self, frame: Frame, key: Key, value: Any) -> list[Message]:
        """Note a value; gives the messages that are complete with it."""
        if not frame.uses[key]:
            return []
        frame.values[key] = value
        for n in self._waiting.get(key, ()):
            frame.missing[n] -= 1
            if not frame.missing[n]:
                heappush(frame.ready, n)
        complete = []
        for n in self._sending.get(key, ()):
            frame.unsent[n] -= 1
            if not frame.unsent[n]:
                complete.append(self.share.sends[n])
        return complete

    def _send(self, frame: Frame, messages: Sequence[Message]) -> None:
        for m in messages:
            assert self.links is not None
            self.links.send(m.part, frame.step, m.stage, [frame.values[key] for key in m.keys])
            with self._changed:
                for key in m.keys:
                    _release(frame, key)

    # -- called by the threads that listen -----------------------------------------------------------------

    def deliver(self, step: int, sender: int, stage: int, values: Any) -> None:
        """Take a message; one for a later step is put aside."""
        with self._changed:
            if self._frame is not None and self._frame.step == step:
                self._arrive(self._frame, sender, stage, values)
            else:
                self._early[step].append((sender, stage, values))
            self._changed.notify_all()

    def lost(self, part: int, error: OSError) -> None:
        """Another part is gone."""
        self._fail(PartLost(f"part {part} of the solve is gone: {error}"))

    def _arrive(self, frame: Frame, sender: int, stage: int, values: Any) -> None:
        frame.open -= 1
        for key, value in zip(self._contents[sender, stage], values, strict=True):
            self._store(frame, key, value)

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()


def _index(groups: Iterable[Sequence[Key]]) -> dict[Key, list[int]]:
    """Numbers of the groups that each key is in."""
    found: dict[Key, list[int]] = defaultdict(list)
    for n, keys in enumerate(groups):
        for key in keys:
            found[key].append(n)
    return found


def _release(frame: Frame, key: Key) -> None:
    frame.uses[key] -= 1
    if not frame.uses[key]:
        frame.values.pop(key, None)
