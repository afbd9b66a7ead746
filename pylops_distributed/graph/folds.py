"""Sums over many blocks by one task, and by several: each where its blocks are, with the same bits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TypeAlias, TypeVar

from dask.typing import Key

from pylops_distributed.compat.dask import GraphNode, Task, TaskRef

Function: TypeAlias = Callable[..., object]
F = TypeVar("F", bound=Function)

_CONTINUATIONS: dict[object, Function] = {}


def continued_by(continuation: Function) -> Callable[[F], F]:
    """Declare a function of blocks, ``count`` of them for each term, as a sum from the first term to the last.

    Parameters
    ----------
    continuation : callable
        Given the sum of the terms so far and the blocks of further ones, the sum of all of them, bit by bit what the
        function itself makes of all; it leaves what it is given as it is.
    """

    def declare(function: F) -> F:
        _CONTINUATIONS[function] = continuation
        return function

    return declare


def split_sum(node: GraphNode, home: Callable[[list[Key]], int | None]) -> dict[Key, GraphNode]:
    """A task, or a chain of tasks in its place, each with terms whose blocks have one home.

    Parameters
    ----------
    node : GraphNode
        Any task.
    home : callable
        Given the keys of blocks that are used together, where they are; None if that does not matter.
    """
    continuation = _CONTINUATIONS.get(getattr(node, "func", None))
    if continuation is None or not isinstance(node, Task):
        return {node.key: node}
    each = node.kwargs["count"]
    terms = [node.args[i : i + each] for i in range(0, len(node.args), each)]
    runs = [list(run) for _, run in groupby(terms, key=lambda term: home(_keys(term)))]
    tasks, before = dict[Key, GraphNode](), list[TaskRef]()
    for number, run in enumerate(runs, 1):
        key = node.key if number == len(runs) else _numbered(node.key, number)
        function = continuation if before else node.func
        tasks[key] = Task(key, function, *before, *(block for term in run for block in term), **node.kwargs)
        before = [TaskRef(key)]
    return tasks if len(runs) > 1 else {node.key: node}


def _keys(term: tuple[object, ...]) -> list[Key]:
    return [block.key for block in term if isinstance(block, TaskRef)]


def _numbered(key: Key, number: int) -> Key:
    return (f"{key[0]}-until-{number}", *key[1:]) if isinstance(key, tuple) else f"{key}-until-{number}"
