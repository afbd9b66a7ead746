"""Step-independent values: computed once where memory suffices to keep them, else whenever they are needed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from dask.sizeof import sizeof
from dask.typing import Key

from pylops_distributed.compat.dask import DataNode, GraphNode
from pylops_distributed.compat.malloc import as_aligned
from pylops_distributed.graph.compile import compile_task
from pylops_distributed.graph.purity import read_only


class OperatorCache:
    """Blocks of the operator, by key, for any number of threads.

    Kept once computed as long as they fit into ``room``; what does not fit is read again for every use, so
    that an operator may be larger than memory. Threads that want one block at a time share what the first reads.

    Parameters
    ----------
    graph : mapping
        Tasks of the constants.
    room : int
        Bytes that may be kept, besides values that are data already.
    """

    def __init__(self, graph: Mapping[Key, GraphNode], room: int) -> None:
        self._tasks = {key: (compile_task(node), tuple(node.dependencies)) for key, node in graph.items()}
        uses = Counter(d for _, needs in self._tasks.values() for d in needs)
        self._shared = {key for key, count in uses.items() if count > 1}
        self._room, self._read = room, 0
        self._lock = threading.Lock()
        self._kept: dict[Any, Any] = {}
        self._sizes: dict[Any, int] = {}  # of what takes up room
        self._under_way: dict[Any, Future[Any]] = {}
        self.give({key: node.value for key, node in graph.items() if isinstance(node, DataNode)})

    def give(self, values: Mapping[object, object]) -> None:
        """Take values that were computed elsewhere."""
        self._kept.update((key, read_only(as_aligned(value))) for key, value in values.items())

    def held(self, keys: Iterable[Key]) -> dict[Key, object]:
        """Those of the values with these keys that are kept."""
        return {key: self._kept[key] for key in keys if key in self._kept}

    def retain(self, keys: Container[Key]) -> None:
        """Let go of all others than these."""
        with self._lock:
            for held in (self._kept, self._tasks):
                for key in [key for key in held if key not in keys]:
                    del held[key]
                    self._room += self._sizes.pop(key, 0)

    def reset(self) -> int:
        """Bytes of the blocks computed since this was last asked."""
        read, self._read = self._read, 0
        return read

    def __getitem__(self, key: Key) -> object:
        with self._lock:
            if key in self._kept:
                return self._kept[key]
            other = self._under_way.get(key)
            if other is None:
                mine = self._under_way[key] = Future[Any]()
        if other is not None:
            return other.result()
        try:
            value = read_only(as_aligned(self._compute(key)))
            self._keep(key, value)
            mine.set_result(value)
            return value
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[key]
            del mine  # holds the error, which holds this frame

    def _keep(self, key: object, value: object) -> None:
        size = sizeof(value)
        with self._lock:
            self._read += size
            if size <= self._room:
                self._room -= size
                self._kept[key], self._sizes[key] = value, size

    def _compute(self, key: Key) -> object:
        function, needs = self._tasks[key]
        return function(
            {d: self[d] if d in self._shared or d in self._kept else self._compute(d) for d in needs}
        )
