"""States handed out: lazy arrays whose blocks stay with their parts until somebody looks at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar
from weakref import WeakValueDictionary

import dask.array as da
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from dask.typing import Key

from pylops_distributed.compat.dask import meta_of

T = TypeVar("T")
BlockKey: TypeAlias = tuple[str, *tuple[int, ...]]
Job: TypeAlias = tuple[Key, tuple[object, ...]]  # a block's key, and what a function of it takes besides


class Holder(Protocol):
    """Holder of the blocks of states: the engine."""

    def register(self, step: int, names: Mapping[Key, Key]) -> dict[Key, object]:
        """Have the cluster hold blocks of the state after a step under other names; futures by name."""

    def apply(self, step: int, function: Callable[..., T], jobs: Sequence[Job]) -> list[T]:
        """Call a function with blocks of the state after a step, each where it is."""


class Handout:
    """The state after a step, kept by the parts for as long as arrays of it are looked at by somebody.

    Parameters
    ----------
    holder : Holder
        The engine.
    step : int
        Number of the state.
    """

    def __init__(self, holder: Holder, step: int) -> None:
        self.holder, self.step = holder, step
        self._blocks: WeakValueDictionary[str, StateBlocks] = WeakValueDictionary()

    def blocks(self, keys: Iterable[BlockKey], name: str) -> StateBlocks:
        """The graph of one of its arrays, under its name."""
        blocks = self._blocks[name] = StateBlocks(self, {(name, *key[1:]): key for key in keys})
        return blocks

    def wanted(self) -> bool:
        """Whether there are arrays whose blocks only the parts have."""
        return any(blocks.with_parts() for blocks in list(self._blocks.values()))

    def settle(self) -> None:
        """Have the cluster hold the blocks of all arrays that exist."""
        for blocks in list(self._blocks.values()):
            blocks.graph()


class StateBlocks:
    """The blocks of an array of a state: the cluster hears of them when somebody looks.

    Parameters
    ----------
    handout : Handout
        The state.
    names : dict
        For each key of the array the block's key at its part.
    """

    def __init__(self, handout: Handout, names: dict[Key, Key]) -> None:
        self._handout: Handout | None = handout
        self._names, self._graph = names, dict[Key, object]()
        self._lock = threading.Lock()

    def with_parts(self) -> bool:
        """Whether only the parts have them."""
        return self._handout is not None

    def graph(self) -> dict[Key, object]:
        """Futures by key."""
        with self._lock:
            if self._handout is not None:
                holder, step = self._handout.holder, self._handout.step
                self._graph = holder.register(step, {old: new for new, old in self._names.items()})
                self._handout = None
            return self._graph

    def apply(
        self, function: Callable[..., T], arguments: Mapping[Key, tuple[object, ...]]
    ) -> list[T] | None:
        """Call a function with each block and further arguments, where it is; None if the cluster has the blocks."""
        if (handout := self._handout) is None:
            return None
        jobs = [(self._names[key], further) for key, further in arguments.items()]
        return handout.holder.apply(handout.step, function, jobs)


class StateArray(da.Array):
    """An array of a state, whose graph is made when somebody looks; results of it are plain arrays."""

    __slots__ = ("_lazy", "blocks_of_state")
    _lazy: HighLevelGraph
    blocks_of_state: StateBlocks

    def __new__(cls, blocks: StateBlocks, name: str, like: da.Array) -> StateArray:
        """Make one with the chunks and the type of another."""
        array: StateArray = super().__new__(
            cls, HighLevelGraph({}, {}), name, like.chunks, meta=meta_of(like)
        )
        array.blocks_of_state = blocks
        return array

    @property
    def dask(self) -> HighLevelGraph:
        """The graph, of futures."""
        if not self._lazy.layers:
            layers = {self.name: MaterializedLayer(self.blocks_of_state.graph())}
            self._lazy = HighLevelGraph(layers, {self.name: set()})
        return self._lazy

    @dask.setter
    def dask(self, graph: HighLevelGraph) -> None:
        self._lazy = graph

    def __reduce__(self) -> tuple[object, ...]:
        return da.Array, (self.dask, self.name, self.chunks, self.dtype, meta_of(self))


def state_blocks(array: da.Array) -> StateBlocks | None:
    """The blocks of an array of a state that only the parts have; None of any other array."""
    blocks = array.blocks_of_state if isinstance(array, StateArray) else None
    return blocks if blocks is not None and blocks.with_parts() else None
