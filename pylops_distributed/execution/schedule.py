"""One part's share of a running step: values computed, tasks ready, values missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappush
from itertools import chain
from typing import TYPE_CHECKING, Any

from dask.typing import Key

from pylops_distributed.execution.partition_plan import Message, Share, is_scalar
from pylops_distributed.graph.compile import compile_task

if TYPE_CHECKING:
    from pylops_distributed.execution.operator_cache import OperatorCache


class PartitionProgram:
    """A share made ready to be done again and again.

    Parameters
    ----------
    share : Share
        What to do.
    constants : Constants
        What its tasks take that is the same in every step.
    """

    def __init__(self, share: Share, constants: OperatorCache) -> None:
        works, sends = share.works, share.sends
        self.share, self.constants = share, constants
        self.scalars = [new for old, new in share.carry.items() if is_scalar(old)]
        produced = {w.node.key for w in works}.union(*(m.keys for m in share.receives))
        self.unknown = produced.intersection(self.scalars)
        self.tasks = [(compile_task(w.node), w.node.key, w.needs, w.constants) for w in works]
        self.waiting, self.sending = _index(w.needs for w in works), _index(m.keys for m in sends)
        self.contents = {(m.part, m.stage): m.keys for m in share.receives}
        self.uses = Counter(chain(share.carry.values(), *(w.needs for w in works), *(m.keys for m in sends)))


class StepRun:
    """The course of one step.

    Attributes
    ----------
    open : int
        Tasks and messages still to come.
    ready : list of int
        Heap of the tasks that can be done, the most urgent first.
    unknown : set
        Scalars of the next state that are still to come.
    announced : bool
        Whether the leading part has sent the scalars to the others.
    """

    def __init__(self, program: PartitionProgram, step: int) -> None:
        share = program.share
        self.program, self.step, self.uses = program, step, program.uses.copy()
        self.missing = [len(w.needs) for w in share.works]
        self.ready = [n for n, count in enumerate(self.missing) if not count]
        self.unsent = [len(m.keys) for m in share.sends]
        self.open = len(share.works) + len(share.receives)
        self.values: dict[Key, Any] = {}
        self.unknown, self.announced = program.unknown.copy(), False

    def store(self, key: Key, value: object) -> list[Message]:
        """Note a value; returns the messages that are complete with it."""
        if not self.uses[key]:
            return []
        self.values[key] = value
        self.unknown.discard(key)
        for n in self.program.waiting.get(key, ()):
            self.missing[n] -= 1
            if not self.missing[n]:
                heappush(self.ready, n)
        complete = []
        for n in self.program.sending.get(key, ()):
            self.unsent[n] -= 1
            if not self.unsent[n]:
                complete.append(self.program.share.sends[n])
        return complete

    def arrive(self, sender: int, stage: int, values: Iterable[object]) -> None:
        """Note the values of a message."""
        self.open -= 1
        for key, value in zip(self.program.contents[sender, stage], values, strict=True):
            self.store(key, value)

    def release(self, keys: Iterable[Key]) -> None:
        """Let go of values after their last use."""
        for key in keys:
            self.uses[key] -= 1
            if not self.uses[key]:
                self.values.pop(key, None)

    def scalars(self) -> list[object]:
        """The scalars of the state after the step."""
        return [self._end(key) for key in self.program.scalars]

    def carried(self) -> dict[Key, object]:
        """The state after the step, under the keys of the state before."""
        return {old: self._end(new) for old, new in self.program.share.carry.items()}

    def _end(self, key: Key) -> object:
        return self.values[key] if key in self.values else self.program.constants[key]


def _index(groups: Iterable[Sequence[Key]]) -> dict[Key, list[int]]:
    """Numbers of the groups that each key is in."""
    positions: dict[Key, list[int]] = defaultdict(list)
    for n, keys in enumerate(groups):
        for key in keys:
            positions[key].append(n)
    return positions
