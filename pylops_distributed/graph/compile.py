"""Dask tasks as plain functions of the values they need: without Dask's checks and copies at every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from pylops_distributed.compat.dask import Alias, DataNode, GraphNode, Subgraph, Task, TaskRef, subgraph
from pylops_distributed.graph.purity import in_words
from pylops_distributed.vectors.types import NDArray

Values: TypeAlias = Mapping[Any, Any]
Function: TypeAlias = Callable[[Values], Any]


def compile_task(node: GraphNode) -> Function:
    """A function with the same result as calling ``node``.

    Parameters
    ----------
    node : GraphNode
        A task, an alias or data.

    Returns
    -------
    callable
        Takes a mapping that holds at least the values of the node's dependencies.
    """
    if isinstance(node, Alias):
        target = node.target
        return lambda values: values[target]
    if isinstance(node, DataNode):
        data = node.value
        return lambda _: data
    if not isinstance(node, Task):
        raise TypeError(f"cannot compile {type(node).__name__} {node.key!r}, expected a Task of Dask")
    chain = subgraph(node)
    return _call(node) if chain is None else _chain(chain)


def _call(task: Task) -> Function:
    function, positional = task.func, [_argument(a) for a in task.args]
    named = {name: _argument(a) for name, a in task.kwargs.items()}

    def call(values: Values) -> object:
        args = [value if get is None else get(values) for get, value in positional]
        options = {k: value if get is None else get(values) for k, (get, value) in named.items()}
        try:
            return function(*args, **options)
        except ValueError as error:
            raise in_words(function, error) from error

    return call


def _argument(a: NDArray) -> tuple[Function | None, object]:
    """How to get an argument from the values, or None and the argument itself."""
    if isinstance(a, TaskRef):
        key = a.key
        return (lambda values: values[key]), None
    if isinstance(a, GraphNode):
        return compile_task(a), None
    return None, a


def _chain(chain: Subgraph) -> Function:
    """A fused chain of tasks, its own values gone with the call."""
    inner, end, names, arguments = chain
    needs = {k: node.dependencies & inner.keys() for k, node in inner.items()}
    steps = [(key, compile_task(inner[key])) for key in TopologicalSorter(needs).static_order()]
    inputs = [(name, *_argument(a)) for name, a in zip(names, arguments, strict=True)]

    def run(values: Values) -> object:
        local = {name: value if get is None else get(values) for name, get, value in inputs}
        for key, step in steps:
            local[key] = step(local)
        return local[end]

    return run
