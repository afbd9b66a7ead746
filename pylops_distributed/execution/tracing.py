"""One step, traced once on placeholders and written out again for any state: what makes many steps cheap."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from pylops_distributed.compat.dask import DataNode, cull, meta_of
from pylops_distributed.errors import ComputedTooEarlyError
from pylops_distributed.execution.state import (
    State,
    is_numpy,
    nan_unless_finite,
    replace_arrays,
    state_arrays,
)
from pylops_distributed.graph.lowering import Graph, lower, placeholder, placeholders
from pylops_distributed.graph.purity import (
    Applied,
    applications,
    check_generators,
    check_repeatable,
    foreign_within,
)
from pylops_distributed.vectors.space import Vector, as_floating, keys_of
from pylops_distributed.vectors.types import Typed

S = TypeVar("S", bound=State)
Op = TypeVar("Op", bound=Typed)
Op_contra = TypeVar("Op_contra", bound=Typed, contravariant=True)
RETRACES = 4  # complex numbers have reached all arrays of a state by then


@dataclass(frozen=True)
class StepTemplate:
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
    applied : tuple
        The outermost operators that the step applies, with the vectors that they are applied to.
    """

    constant: Graph
    futures: Graph
    body: Graph
    before: State
    outputs: list[da.Array]
    applied: tuple[tuple[Applied, Vector | None], ...] = ()

    @property
    def inputs(self) -> list[da.Array]:
        """The placeholders."""
        return state_arrays(self.before)

    def foreign(self) -> list[object]:
        """The functions and operators of users' own that take part in the step."""
        operators = [op for op, _ in self.applied]
        return list(foreign_within([*operators, *self.body.values(), *self.constant.values()]))

    def check(self) -> None:
        """Raise an error for users' functions and operators that are not pure; computes blocks where there are any."""
        if foreign := self.foreign():
            check_generators(foreign)
            check_repeatable(self.applied)

    def carry(self) -> Graph:
        """Each key of the state before the step, with the key of what takes its place."""
        pairs = zip(self.inputs, self.outputs, strict=True)
        return {k: v for i, o in pairs for k, v in zip(keys_of(i), keys_of(o), strict=True)}

    def write(self, keys: Sequence[Hashable], suffix: str) -> tuple[Graph, list[Hashable]]:
        """Tasks of one step whose inputs have ``keys``, and the keys of its outputs."""
        carry = self.carry()
        names = dict(zip(carry, keys, strict=True))
        for key in self.body:
            names[key] = (key[0] + suffix, *key[1:]) if isinstance(key, tuple) else key + suffix
        tasks = {names[key]: task.substitute(names, key=names[key]) for key, task in self.body.items()}
        return tasks, [names.get(k, k) for k in carry.values()]

    def expand(self, state: S, steps: int = 1) -> S:
        """The state ``steps`` steps later, as one lazy graph."""
        arrays = state_arrays(state)
        keys: Sequence[Hashable] = [k for a in arrays for k in keys_of(a)]
        token, tasks = tokenize(*(a.name for a in arrays)), {**self.futures, **self.constant}
        for n in range(steps):
            step, keys = self.write(keys, f"-{token}-{n}")
            tasks.update(step)
        name = f"steps-{token}-{steps}-{tokenize(*(a.name for a in self.outputs))}"
        graph = HighLevelGraph.from_collections(name, tasks, dependencies=arrays)
        last = dict(zip(self.carry().values(), keys, strict=False))
        names = [last[keys_of(a)[0]][0] for a in self.outputs]
        # Dask looks arrays up by layer.
        extra = set(names) - graph.layers.keys()
        layers = {**graph.layers, **{n: MaterializedLayer({}) for n in extra}}
        graph = HighLevelGraph(layers, {**graph.dependencies, **{n: {name} for n in extra}})
        results = [
            da.Array(graph, n, a.chunks, meta=meta_of(a)) for n, a in zip(names, self.outputs, strict=True)
        ]
        return replace_arrays(state, results, state.iteration + steps)


def trace_step(step: Callable[[S], S], state: S, whole: Iterable[Hashable] = ()) -> StepTemplate:
    """Trace ``step`` on placeholders shaped like ``state``, and optimise its graph once.

    Parameters
    ----------
    step : callable
        Pure function from one state to the next.
    state : State
        Any state with the shapes, types and chunks to trace for; its data is not looked at.
    whole : iterable, optional
        Keys of tasks that must stay separate tasks.
    """
    inputs = [placeholder(a.chunks, meta_of(a), number) for number, a in enumerate(state_arrays(state))]
    before = replace_arrays(state, inputs, state.iteration)
    with placeholders(), applications() as applied:
        after = step(before)
    outputs = [o.rechunk(i.chunks) for i, o in zip(inputs, state_arrays(after), strict=True)]
    graph = lower(outputs, inputs, whole)
    return StepTemplate(graph.constant, graph.futures, graph.body, before, outputs, tuple(applied))


def trace_from(step: Callable[[S], S], state: S) -> tuple[StepTemplate, S]:
    """The traced step, and the state to begin with, complex wherever the step makes complex numbers of real ones.

    The data may be real where the operator is complex: an array that turns complex in the first step would else be
    stated, and stored, as real.
    """
    state = replace_arrays(
        state, state_arrays(state), state.iteration
    )  # numbers in memory, once for all traces
    for _ in range(RETRACES):
        template = trace_step(step, state)
        arrays = state_arrays(state)
        kinds = [
            np.result_type(a, o) if o.dtype.kind == "c" else a.dtype
            for a, o in zip(arrays, template.outputs, strict=True)
        ]
        if kinds == [a.dtype for a in arrays]:
            break
        state = replace_arrays(
            state, [a.astype(k) for a, k in zip(arrays, kinds, strict=True)], state.iteration
        )
    return template, state


class Steps(Protocol[Op_contra, S]):
    """An algorithm, as far as its steps go."""

    def init(self, op: Op_contra, y: Vector, x0: Vector | None = None, /) -> S:
        """State before the first step, lazily."""

    def step(self, op: Op_contra, y: Vector, state: S, /) -> S:
        """State after one more step, lazily."""


def unroll(solver: Steps[Op, S], op: Op, y: Vector, niter: int, x0: Vector | None = None) -> S:
    """The state of a solver after ``niter`` steps, as one lazy graph; nothing is computed.

    Data ``y`` have the shape ``op.dimsd``, and the initial model ``x0`` has ``op.dims``; or they are Blocks.
    """
    y, x0 = as_floating(y, op.dtype), None if x0 is None else as_floating(x0, op.dtype)
    state = solver.init(op, y, x0)
    if is_numpy(state):
        return _taken(solver, op, y, state, niter)

    def step(before: S) -> S:
        return solver.step(op, y, before)

    try:
        template, state = trace_from(step, state)
    except ComputedTooEarlyError:
        # Then each step is traced by Dask alone, and the operator computes what it wants.
        last = state
        for _ in range(niter):
            last = step(last)
        return nan_unless_finite(last)
    template.check()
    return nan_unless_finite(template.expand(state, niter))


def _taken(solver: Steps[Op, S], op: Op, y: Vector, state: S, niter: int) -> S:
    """The state of NumPy arrays after ``niter`` steps."""
    for _ in range(niter):
        state = solver.step(op, y, state)
    return nan_unless_finite(state)


def trace_initial_state(state: State, template: StepTemplate) -> StepTemplate:
    """How a lazy state comes about, as a step that takes nothing.

    Parameters
    ----------
    state : State
        The lazy state.
    template : Template
        The step that is taken from it: tasks of the operator that occur in both have the same keys, and values that
        are only read are the same in every step.
    """
    initial = trace_step(lambda _: state, state, template.constant)
    data = {k for k, v in initial.constant.items() if isinstance(v, DataNode)} | initial.futures.keys()
    # What takes several data computes something, such as the product of a block of the operator and one of the data:
    # that is a task of one part, where the operator's block is.
    read = {k: v for k, v in initial.constant.items() if v.dependencies <= data and len(v.dependencies) <= 1}
    shared = cull(template.constant, template.constant.keys() & initial.constant.keys())
    constant = {**read, **shared}
    body = {k: v for k, v in initial.constant.items() if k not in constant}
    return replace(initial, constant=constant, futures={**template.futures, **initial.futures}, body=body)
