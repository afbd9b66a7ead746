"""Dask's undocumented parts: the only importer of :mod:`dask._task_spec`, :mod:`dask.blockwise` and the like.

Above each name is the behaviour that this library relies on; ``tests/compat/test_dask.py`` has one test for each,
which fails where a newer Dask behaves otherwise. Classes and functions are handed on as they are: these are hot paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import dask
import dask.array as da
from dask._task_spec import (
    Alias,
    DataNode,
    GraphNode,
    List,
    NestedContainer,
    Task,
    TaskRef,
    _execute_subgraph,
    convert_legacy_graph,
    cull,
    fuse_linear_task_spec,
)
from dask.array import chunk
from dask.array.core import getter, getter_inline, getter_nofancy
from dask.base import get_scheduler
from dask.blockwise import optimize_blockwise
from dask.core import flatten
from dask.highlevelgraph import HighLevelGraph
from dask.system import CPU_COUNT
from dask.typing import Key

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "CPU_COUNT",
    "GETTERS",
    "Alias",
    "DataNode",
    "GraphNode",
    "List",
    "NestedContainer",
    "Subgraph",
    "Task",
    "TaskRef",
    "array_of_key",
    "computes_in_one_thread",
    "computes_in_threads",
    "cull",
    "current_client",
    "current_scheduler",
    "flatten",
    "fuse_chains",
    "meta_of",
    "noting_arrays",
    "optimised",
    "slice_block",
    "subgraph",
    "task_graph",
]

Graph: TypeAlias = dict[Any, Any]

# -- nodes of task graphs --------------------------------------------------------------------------------------
# Task(key, func, *args, **kwargs) calls func; keys in its arguments are TaskRef(key), alone or in a List. It has the
# attributes key, func, args, kwargs, and dependencies, a set of keys. task.substitute({old: new}, key=name) is the same
# task under another key, of other dependencies. task({key: value, ...}) computes it.
# Alias(key, target) stands for another key, DataNode(key, value) for a value; GraphNode is the base class of all,
# NestedContainer that of List.
# cull(graph, keys) keeps what keys depend on, and passes over keys that are not in the graph.

# The functions of the tasks by which arrays in memory or in files enter a graph: func(array, index, ...).
GETTERS = (getter, getter_inline, getter_nofancy)

# The function of the tasks by which an array is sliced, next to operator.getitem: func(block, index).
slice_block: Callable[..., Any] = chunk.getitem

# The number of processors that this process may use: those of its affinity and of its control group.
CPU_COUNT: int = CPU_COUNT

# flatten(keys) yields the keys of an array, nested lists, one after the other.


class Subgraph(NamedTuple):
    """A chain of tasks that Dask has fused into one.

    Attributes
    ----------
    tasks : mapping
        The tasks of the chain.
    output : hashable
        Key of the result.
    inputs : sequence
        Keys by which the tasks of the chain refer to the arguments of the fused task.
    arguments : sequence
        The arguments, in the same order.
    """

    tasks: Mapping[Any, GraphNode]
    output: Any
    inputs: Any
    arguments: tuple[Any, ...]


def subgraph(node: object) -> Subgraph | None:
    """The chain that a task was fused from; None of any other.

    Relies on: Dask fuses tasks into one whose function is ``dask._task_spec._execute_subgraph`` and whose arguments
    are the chain's tasks, the key of its result, keys of what it needs, and what it needs.
    """
    if isinstance(node, Task) and node.func is _execute_subgraph:
        tasks, output, inputs, *arguments = node.args
        return Subgraph(tasks, output, inputs, tuple(arguments))
    return None


def optimised(arrays: Iterable[da.Array], ends: Set[object], apart: Set[object]) -> Graph:
    """The graph of some arrays, blockwise layers fused, without tasks that are not needed for ``ends``.

    Relies on: ``dask.blockwise.optimize_blockwise(graph, keys)`` fuses layers one block at a time, but none whose keys
    are asked for.
    """
    merged = HighLevelGraph.merge(*(a.__dask_graph__() for a in arrays))
    return dict(optimize_blockwise(merged, keys=apart).cull(ends).to_dict())


def task_graph(graph: Mapping[Key, object]) -> tuple[Graph, Graph]:
    """A graph as tasks, aliases and data alone; and what it holds that a cluster has already, by key.

    Relies on: ``convert_legacy_graph`` makes tuples of earlier Dasks into tasks, and leaves out a
    :class:`distributed.Future` under its own key, which it takes for a reference of a key to itself.
    """
    nodes: Graph = convert_legacy_graph(graph)
    return nodes, {key: value for key, value in graph.items() if key not in nodes}


def fuse_chains(graph: Graph, apart: Set[object]) -> Graph:
    """A graph in which tasks that have one dependency and one dependent are one task; those of ``apart`` are not.

    Relies on: ``fuse_linear_task_spec(graph, keys)`` does so, and leaves an alias under the key of a chain's end.
    """
    return dict(fuse_linear_task_spec(graph, keys=apart))


# -- arrays ----------------------------------------------------------------------------------------------------


def meta_of(x: object) -> object:
    """An empty array of the type of a Dask array's blocks; any other object as it is.

    Relies on: ``da.Array._meta``.
    """
    return getattr(x, "_meta", x)


def array_of_key(key: object) -> str:
    """Name of the array of which a key is a block, for tasks within fused ones, too.

    Relies on: keys of blocks are tuples that begin with the array's name; when Dask fuses layers, blocks within one
    task are keys of text, the array's name followed by ``_.`` and a number.
    """
    return key[0] if isinstance(key, tuple) else re.sub(r"_\.\d+$", "", str(key))


@contextmanager
def noting_arrays(note: Callable[[da.Array], None]) -> Iterator[None]:
    """Have ``note`` called with each Dask array that is made meanwhile.

    Relies on: functions in Dask's setting ``array_plugins`` are called with each array that is made, and may give None.
    """
    with dask.config.set(array_plugins=[*dask.config.get("array_plugins", ()), note]):
        yield


# -- how Dask computes now -------------------------------------------------------------------------------------


def current_scheduler() -> object:
    """The function by which Dask computes arrays now: of a client, or as its configuration says.

    Relies on: ``dask.base.get_scheduler(cls=da.Array)`` looks at the configuration first, then for a client.
    """
    return get_scheduler(cls=da.Array)


def current_client() -> Client | None:
    """The :class:`distributed.Client` by which Dask computes arrays now; None if it computes without.

    Relies on: a client's scheduler is its bound method ``get``. Unlike ``distributed.get_client`` this heeds
    ``scheduler="threads"`` in the configuration, and does not load distributed.
    """
    return getattr(current_scheduler(), "__self__", None)


def computes_in_threads() -> bool:
    """Whether Dask computes arrays now with threads of this process.

    Relies on: the scheduler of ``scheduler="threads"``, the default, is ``dask.threaded.get``.
    """
    return bool(current_scheduler() is dask.threaded.get)


def compute_keys(graph: Mapping[Key, object], keys: Sequence[Key]) -> Sequence[object]:
    """Values of keys of a graph, computed in this thread.

    Relies on: ``dask.local.get_sync`` takes a graph and a list of keys.
    """
    values: Sequence[object] = dask.local.get_sync(graph, list(keys))
    return values


def computes_in_one_thread() -> bool:
    """Whether Dask computes arrays now in this thread.

    Relies on: the scheduler of ``scheduler="synchronous"`` is ``dask.local.get_sync``.
    """
    return bool(current_scheduler() is dask.local.get_sync)
