"""What is the same in every step: computed once where there is room to keep it, else whenever it is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dask._task_spec import DataNode, GraphNode
from dask.sizeof import sizeof

from pylops_distributed.execution.compiled import compiled
from pylops_distributed.memory import aligned


class Constants:
    """Blocks of the operator, by key.

    Kept once computed as long as they fit into ``room``; what does not fit is read again for every use, so
    that an operator may be larger than memory.

    Parameters
    ----------
    graph : mapping
        Tasks of the constants.
    room : int
        Bytes that may be kept, besides what is data already.
    """

    def __init__(self, graph: Mapping[Any, GraphNode], room: int) -> None:
        self._tasks = {key: (compiled(node), tuple(node.dependencies)) for key, node in graph.items()}
        uses = Counter(d for _, needs in self._tasks.values() for d in needs)
        self._shared = {key for key, count in uses.items() if count > 1}
        self._room, self._read = room, 0
        self._kept: dict[Any, Any] = {}
        self.give({key: node.value for key, node in graph.items() if isinstance(node, DataNode)})

    def give(self, values: Mapping[Any, Any]) -> None:
        """Take values that were computed elsewhere."""
        self._kept.update((key, aligned(value)) for key, value in values.items())

    def reset(self) -> int:
        """Bytes of the blocks computed since this was last asked."""
        read, self._read = self._read, 0
        return read

    def __getitem__(self, key: Any) -> Any:
        if key in self._kept:
            return self._kept[key]
        value = aligned(self._compute(key))
        size = sizeof(value)
        self._read += size
        if size <= self._room:
            self._room -= size
            self._kept[key] = value
        return value

    def _compute(self, key: Any) -> Any:
        function, needs = self._tasks[key]
        return function(
            {d: self[d] if d in self._shared or d in self._kept else self._compute(d) for d in needs}
        )
