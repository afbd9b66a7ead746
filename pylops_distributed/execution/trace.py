"""One step, traced once on placeholders and written out again for any state: what makes many steps cheap."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from itertools import product
from typing import Any, TypeAlias, TypeVar

import dask.array as da
import numpy as np
from dask._task_spec import DataNode, GraphNode, convert_legacy_graph, fuse_linear_task_spec
from dask.array.core import getter, getter_inline, getter_nofancy
from dask.base import tokenize
from dask.blockwise import optimize_blockwise
from dask.core import flatten
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from pylops_distributed.optimization.state import State, leaves, rebuild

S = TypeVar("S", bound=State)
Graph: TypeAlias = dict[Any, Any]
GETTERS = (getter, getter_inline, getter_nofancy)


def keys_of(a: da.Array) -> list[Any]:
    """The keys of an array's blocks, in the order of its blocks."""
    return list(flatten(a.__dask_keys__()))


def _placeholder(a: da.Array, number: int) -> da.Array:
    """An array like ``a`` without data, which no optimisation can look into."""
    # Arrays of equal content share a name, such as the zero blocks of a first residual: number them apart.
    name = f"placeholder-{number}-{tokenize(a.name)}"
    keys = [(name, *index) for index in product(*map(range, a.numblocks))]
    return da.Array({k: DataNode(k, None) for k in keys}, name, a.chunks, meta=a._meta)


@dataclass(frozen=True)
class Template:
    """The optimised graph of one step on placeholders.

    Attributes
    ----------
    constant : dict
        Tasks that do not depend on the state: shared by all steps.
    futures : dict
        What the constant tasks use that a cluster holds already, by key.
    body : dict
        Tasks written out anew for every step.
    before : State
        A state of placeholders.
    outputs : list of dask.array.Array
        The arrays of the state after the step.
    """

    constant: Graph
    futures: Graph
    body: Graph
    before: State
    outputs: list[da.Array]

    @property
    def inputs(self) -> list[da.Array]:
        """The placeholders."""
        return leaves(self.before)

    def carry(self) -> Graph:
        """Each key of the state before the step, with the key of what takes its place."""
        pairs = zip(self.inputs, self.outputs, strict=True)
        return {k: v for i, o in pairs for k, v in zip(keys_of(i), keys_of(o), strict=True)}

    def write(self, keys: list[Hashable], suffix: str) -> tuple[Graph, list[Hashable]]:
        """Tasks of one step whose inputs have ``keys``, and the keys of its outputs."""
        carry = self.carry()
        names = dict(zip(carry, keys, strict=True))
        for key in self.body:
            names[key] = (key[0] + suffix, *key[1:]) if isinstance(key, tuple) else key + suffix
        tasks = {names[key]: task.substitute(names, key=names[key]) for key, task in self.body.items()}
        return tasks, [names.get(k, k) for k in carry.values()]

    def expand(self, state: S, steps: int = 1) -> S:
        """The state ``steps`` steps later, as one lazy graph."""
        arrays = leaves(state)
        keys = [k for a in arrays for k in keys_of(a)]
        token, tasks = tokenize(*(a.name for a in arrays)), {**self.futures, **self.constant}
        for n in range(steps):
            step, keys = self.write(keys, f"-{token}-{n}")
            tasks.update(step)
        name = f"steps-{token}-{steps}-{tokenize(*(a.name for a in self.outputs))}"
        graph = HighLevelGraph.from_collections(name, tasks, dependencies=arrays)
        last = dict(zip(self.carry().values(), keys, strict=False))
        names = [last[keys_of(a)[0]][0] for a in self.outputs]
        for n in set(names) - graph.layers.keys():  # Dask looks arrays up by layer
            graph.layers[n], graph.dependencies[n] = MaterializedLayer({}), {name}
        made = [da.Array(graph, n, a.chunks, meta=a._meta) for n, a in zip(names, self.outputs, strict=True)]
        return rebuild(state, made, state.iteration + steps)


def trace(step: Callable[[S], S], state: S) -> Template:
    """Trace ``step`` on placeholders shaped like ``state``, and optimise its graph once.

    Parameters
    ----------
    step : callable
        Pure function from one state to the next.
    state : State
        Any state with the shapes, types and chunks to trace for; its data is not looked at.
    """
    inputs = [_placeholder(a, number) for number, a in enumerate(leaves(state))]
    before = rebuild(state, inputs, state.iteration)
    outputs = [o.rechunk(i.chunks) for i, o in zip(inputs, leaves(step(before)), strict=True)]
    ends = {k for o in outputs for k in keys_of(o)}
    holes = {k for i in inputs for k in keys_of(i)}
    layers = optimize_blockwise(HighLevelGraph.merge(*(o.__dask_graph__() for o in outputs)), keys=ends)
    raw = layers.cull(ends).to_dict()
    graph = convert_legacy_graph(raw)
    futures = {k: v for k, v in raw.items() if k not in graph}  # Dask takes them for references to themselves
    pieces = _pieces(graph)
    rest = {k: v for k, v in graph.items() if k not in pieces and k not in holes}
    graph = {**pieces, **fuse_linear_task_spec(rest, keys=ends)}
    moving = set(holes)
    order = TopologicalSorter({k: task.dependencies for k, task in graph.items()}).static_order()
    for key in order:
        if key in graph and moving & graph[key].dependencies:
            moving.add(key)
    body = {k: v for k, v in graph.items() if k in moving}
    return Template({k: v for k, v in graph.items() if k not in moving}, futures, body, before, outputs)


def opening(state: State) -> Template:
    """How a lazy state comes about, as a step that takes nothing but data."""
    made = trace(lambda _: state, state)
    data = {k: v for k, v in made.constant.items() if isinstance(v, DataNode)}
    return replace(made, constant=data, body={k: v for k, v in made.constant.items() if k not in data})


def _pieces(graph: Graph) -> Graph:
    """The arrays in a graph, and the pieces that its tasks cut from them: a worker gets its pieces, not all."""

    def piece(key: Any, node: GraphNode) -> Any:
        if getattr(node, "func", None) in GETTERS:
            held = {d: getattr(graph.get(d), "value", None) for d in node.dependencies}
            if all(isinstance(h, np.ndarray) for h in held.values()):
                return DataNode(key, node(held))
        return node if isinstance(getattr(node, "value", None), np.ndarray) else None

    return {key: found for key, node in graph.items() if (found := piece(key, node)) is not None}
