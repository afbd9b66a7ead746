"""How large the blocks of a graph are, and how much of them would travel: read off the graph, nothing is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from math import prod
from operator import getitem
from typing import Any

import dask.array as da
import numpy as np
from dask.typing import Key

from pylops_distributed.compat.dask import (
    GETTERS,
    Alias,
    DataNode,
    GraphNode,
    Task,
    array_of_key,
    slice_block,
    subgraph,
)
from pylops_distributed.graph.lowering import OUTPUT_SIZE_RULES, current_operator
from pylops_distributed.vectors.types import Chunks


def fused_tasks(task: object) -> Mapping[Key, GraphNode]:
    """The tasks that were fused into one; none if it is a plain one."""
    chain = subgraph(task)
    return {} if chain is None else chain.tasks


class BlockSizes:
    """How large the blocks are that keys of a graph stand for.

    Parameters
    ----------
    arrays : iterable of dask.array.Array
        Arrays that are known beforehand; those made meanwhile are noted by :meth:`note`.
    """

    def __init__(self, arrays: Iterable[da.Array]) -> None:
        self._arrays: dict[str, tuple[Chunks, int, Any]] = {}
        self._others: dict[Any, int] = {}
        for a in arrays:
            self.note(a)

    def note(self, a: da.Array) -> None:
        """Take down the chunks of an array, and which operator is making it."""
        self._arrays.setdefault(a.name, (a.chunks, a.dtype.itemsize, current_operator()))

    def __getitem__(self, key: object) -> int:
        if key in self._others:
            return self._others[key]
        entry = self._entry(key)
        return prod(self.shape(key)) * entry[1] if entry else 0

    def _entry(self, key: object) -> tuple[Chunks, int, Any] | None:
        return self._arrays.get(array_of_key(key))

    def shape(self, key: object) -> tuple[int, ...]:
        """Shape of a block; of the largest one where it is not known which."""
        entry = self._entry(key)
        if entry is None:
            return ()
        if isinstance(key, tuple) and len(key) == len(entry[0]) + 1:
            return tuple(c[i] for c, i in zip(entry[0], key[1:], strict=True))
        return tuple(map(max, entry[0]))

    def owner(self, key: object, tasks: Mapping[object, GraphNode]) -> Any:
        """The operator that made a task, or the first that needs what it makes."""
        if inner := fused_tasks(tasks.get(key)):  # the first of those that were fused
            first = TopologicalSorter(
                {k: t.dependencies & inner.keys() for k, t in inner.items()}
            ).static_order()
            entries = (self._entry(k) for k in first)
            owner = next((e[2] for e in entries if e is not None and e[2] is not None), None)
            if owner is not None:
                return owner
        while key is not None:
            entry = self._entry(key)
            if entry is not None and entry[2] is not None:
                return entry[2]
            key = next((k for k, t in tasks.items() if key in t.dependencies), None)
        return None

    def settle(self, tasks: Mapping[object, GraphNode]) -> None:
        """Find the sizes of values that are no blocks of arrays: data, and tasks' intermediate results."""
        users: dict[Any, list[Any]] = {}
        for key, made_by in tasks.items():
            for need in made_by.dependencies:
                users.setdefault(need, []).append(key)
        for key in TopologicalSorter({k: t.dependencies for k, t in tasks.items()}).static_order():
            task: GraphNode | None = tasks.get(key)
            if isinstance(task, DataNode):
                self._others[key] = int(getattr(task.value, "nbytes", 0)) if _takes_memory(task.value) else 0
            elif task is not None and self._entry(key) is None:
                largest = max((self[k] for k in users.get(key, ())), default=0)
                self._others[key] = self._by_rule(task) or largest or sum(self[k] for k in task.dependencies)

    def _by_rule(self, task: GraphNode) -> int:
        """The size of what a task makes, where that follows from its function; else 0."""
        if not isinstance(task, Task) or not task.dependencies:
            return 0
        last: Any = task
        if (chain := subgraph(task)) is not None:
            if self._entry(chain.output):
                return self[chain.output]
            last = chain.tasks[chain.output]
        shape = self.shape(need := next(iter(task.dependencies)))
        if not isinstance(last, Task):
            return 0
        if last.func in OUTPUT_SIZE_RULES:
            count = OUTPUT_SIZE_RULES[last.func](shape, **last.kwargs)
        elif last.func in (slice_block, getitem) and isinstance(last.args[1], tuple):
            count = prod(len(range(*s.indices(n))) for s, n in zip(last.args[1], shape, strict=False))
        else:
            return 0
        return int(count * self[need] / max(1, prod(shape)))

    def peak(self, task: Task) -> int:
        """Bytes that a task holds at most."""
        inputs = sum(self[k] for k in task.dependencies)
        inner = fused_tasks(task)
        if not inner:
            return inputs + self[task.key]
        steps = (sum(self[k] for k in t.dependencies if k in inner) + self[k] for k, t in inner.items())
        return inputs + max(steps, default=0)

    def read(self, task: GraphNode) -> int:
        """Bytes that a task reads from where they are stored."""
        if isinstance(task, Alias):
            return 0
        if isinstance(task, DataNode):
            return self[task.key]
        parts = fused_tasks(task).values() or (task,)
        return sum(self[t.key] for t in parts if isinstance(t, Task) and t.func in GETTERS)


def _takes_memory(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) or not hasattr(value, "chunks")


def bytes_moved(body: Mapping[object, GraphNode], sizes: BlockSizes, sources: set[str]) -> int:
    """Bytes that travel if each task runs where most of its input is, and the blocks of ``sources`` are apart."""
    homes: dict[Any, Any] = {}
    sent: dict[tuple[Any, Any], int] = {}
    for key in TopologicalSorter({k: t.dependencies for k, t in body.items()}).static_order():
        if key not in body:
            if isinstance(key, tuple) and key[0] in sources:
                homes[key] = key[1:]  # members of a BlockVector lie on the same workers
            continue
        needs = sorted((k for k in body[key].dependencies if k in homes), key=str)
        homes[key] = homes[max(needs, key=lambda k: sizes[k])]
        sent |= {(k, homes[key]): sizes[k] for k in needs if homes[k] != homes[key]}
    return sum(sent.values())
