"""Who does what: a traced step shared out among parts, and what they must tell each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeAlias

import dask.array as da
from dask._task_spec import GraphNode

from pylops_distributed.execution.trace import Template, keys_of

Key: TypeAlias = Any
Stages: TypeAlias = dict[tuple[Key, int], int]


@dataclass(frozen=True)
class Work:
    """One task of a part.

    Attributes
    ----------
    node : GraphNode
        The task.
    needs, constants : tuple
        Keys of what it takes from this step, and of what is the same in every step.
    """

    node: GraphNode
    needs: tuple[Key, ...]
    constants: tuple[Key, ...]


@dataclass(frozen=True)
class Message:
    """Values that one part sends to another as soon as it has them all.

    Attributes
    ----------
    part : int
        Who gets it, or who sends it.
    stage : int
        How many messages, one after the other, had to come before: with the sender, its name in a step.
    keys : tuple
        What is in it.
    """

    part: int
    stage: int
    keys: tuple[Key, ...]


@dataclass
class Share:
    """What one part does in a step.

    Attributes
    ----------
    works : list of Work
        Its tasks, the most urgent first.
    carry : dict
        From the keys of the blocks and scalars of the state it holds to those that take their places at the end
        of a step.
    sends, receives : list of Message
        What crosses.
    constant : dict
        Tasks for what its tasks take that is the same in every step.
    """

    works: list[Work] = field(default_factory=list)
    carry: dict[Key, Key] = field(default_factory=dict)
    sends: list[Message] = field(default_factory=list)
    receives: list[Message] = field(default_factory=list)
    constant: dict[Key, GraphNode] = field(default_factory=dict)

    def needed(self) -> set[Key]:
        """All that it takes from outside the step, if need be by its constants' tasks."""
        keys = {k for work in self.works for k in work.constants} | set(self.carry.values())
        return keys.union(*(node.dependencies for node in self.constant.values()))


@dataclass(frozen=True)
class Plan:
    """A step shared out.

    Attributes
    ----------
    shares : list of Share
        One a part.
    homes : dict
        The part that holds each block of the state.
    """

    shares: list[Share]
    homes: dict[Key, int]


def is_scalar(key: Key) -> bool:
    """Whether a key is that of a 0-d array's only block: small enough to be everywhere."""
    return isinstance(key, tuple) and len(key) == 1


def plan(template: Template, parts: int) -> Plan:
    """Share a step out among ``parts``.

    Blocks of the state and of the operator have a home, by their place in their array. A task runs where its
    operator block is, else where its result belongs, else with what it takes. What follows from scalars alone
    is done wherever it is needed.

    Parameters
    ----------
    template : Template
        The traced step.
    parts : int
        How many parts.
    """
    homes = _homes([(keys_of(a), _sizes(a)) for a in template.inputs if a.ndim], parts)
    sequence = _depth_first(template)
    owner = dict(homes)
    _settle(template, sequence, owner, parts)
    places = _places(template, sequence, owner, parts)
    return Plan(_shares(template, sequence, owner, places, parts), homes)


def _depth_first(template: Template) -> list[Key]:
    """The tasks, each after what it takes and as soon as possible: all of the first blocks, then of the second."""
    body, found = template.body, dict[Key, None]()
    for blocks in zip_longest(*map(keys_of, template.outputs)):
        todo = [k for k in reversed(blocks) if k in body]
        while todo:
            missing = [d for d in body[todo[-1]].dependencies if d in body and d not in found]
            if missing:
                todo += missing
            else:
                found[todo.pop()] = None
    return list(found)


def _sizes(a: da.Array) -> list[int]:
    sizes = [1]
    for chunks in a.chunks:
        sizes = [n * c for n in sizes for c in chunks]
    return sizes


def _homes(layers: list[tuple[list[Key], list[int]]], parts: int) -> dict[Key, int]:
    """Consecutive blocks to each part, about as many elements each."""
    homes = {}
    for keys, sizes in layers:
        total, before = max(1, sum(sizes)), 0
        for key, size in zip(keys, sizes, strict=True):
            homes[key] = min(parts - 1, (2 * before + size) * parts // (2 * total))
            before += size
    return homes


def _by_place(keys: set[Key], parts: int) -> dict[Key, int]:
    """Homes by the place in their layer of blocks whose sizes are not known."""
    layers: dict[str, list[Key]] = defaultdict(list)
    for key in keys:
        if isinstance(key, tuple) and len(key) > 1:
            layers[key[0]].append(key)
    sorted_layers = [sorted(layer) for layer in layers.values() if len(layer) > 1]
    return _homes([(layer, [1] * len(layer)) for layer in sorted_layers], parts)


def _settle(template: Template, sequence: list[Key], owner: dict[Key, int], parts: int) -> None:
    """Add the owners of all tasks to ``owner``; those that follow from scalars alone get none."""
    body, holes = template.body, _holes(template)
    held = _by_place(
        {d for t in body.values() for d in t.dependencies if d not in body and d not in holes}, parts
    )
    ends = {new: owner[old] for old, new in _carried(template) if old in owner}
    moving = {k: [d for d in body[k].dependencies if d in body or d in holes] for k in sequence}
    place = _by_place({k for k in sequence if len(moving[k]) != 1}, parts)
    for key in sequence:
        operator = [held[d] for d in body[key].dependencies if d in held]
        near = [owner[d] for d in moving[key] if d in owner]
        if operator:
            owner[key] = min(operator)
        elif key in ends:
            owner[key] = ends[key]
        elif len(near) == 1:
            owner[key] = near[0]
        elif near or not is_scalar(key):
            owner[key] = place.get(key, max(sorted(near), key=near.count, default=0))


def _holes(template: Template) -> set[Key]:
    return {k for a in template.inputs for k in keys_of(a)}


def _carried(template: Template) -> Iterator[tuple[Key, Key]]:
    """Each key of the state, with the key of what takes its place."""
    for i, o in zip(template.inputs, template.outputs, strict=True):
        yield from zip(keys_of(i), keys_of(o), strict=True)


def _places(
    template: Template, sequence: list[Key], owner: dict[Key, int], parts: int
) -> dict[Key, set[int]]:
    """Where each task is done: with its owner, or wherever its result is needed."""
    places: dict[Key, set[int]] = {k: {owner[k]} if k in owner else set() for k in sequence}
    for old, new in _carried(template):
        if is_scalar(old) and new in places and new not in owner:
            places[new] = set(range(parts))
    for key in reversed(sequence):
        for d in template.body[key].dependencies:
            if d in places and d not in owner:
                places[d] = places[d] | places[key]
    return places


def _shares(
    template: Template, sequence: list[Key], owner: dict[Key, int], places: dict[Key, set[int]], parts: int
) -> list[Share]:
    body, holes, shares = template.body, _holes(template), [Share() for _ in range(parts)]
    wanted: dict[Key, set[int]] = defaultdict(set)  # who needs a value from its owner
    for old, new in _carried(template):
        for part in range(parts) if is_scalar(old) else (owner[old],):
            shares[part].carry[old] = new
            wanted[new].add(part)
    for key in sequence:
        for d in body[key].dependencies:
            wanted[d] |= places[key]
    stage, crossing = _stages(template, sequence, owner, places, wanted)
    for (sender, part, n), keys in sorted(crossing.items()):
        shares[sender].sends.append(Message(part, n, tuple(keys)))
        shares[part].receives.append(Message(sender, n, tuple(keys)))
    urgent = _urgency(template, sequence, stage, owner, {k for keys in crossing.values() for k in keys})
    for part, share in enumerate(shares):
        for key in sorted((k for k in sequence if part in places[k]), key=lambda k: urgent(k, part)):
            needs = tuple(d for d in body[key].dependencies if d in body or d in holes)
            share.works.append(Work(body[key], needs, tuple(body[key].dependencies - set(needs))))
        share.constant = _leading_to(template.constant, share)
    return shares


def _stages(
    template: Template, sequence: list[Key], owner: dict[Key, int],
    places: dict[Key, set[int]], wanted: dict[Key, set[int]],
) -> tuple[Stages, dict[tuple[int, int, int], list[Key]]]:  # fmt: skip
    """After how many messages in a row each part can have each value; what crosses, by sender, receiver, stage."""
    stage: Stages = {}
    crossing: dict[tuple[int, int, int], list[Key]] = defaultdict(list)

    def reached(key: Key, part: int) -> int:
        if (key, part) in stage:
            return stage[key, part]
        return stage[key, owner[key]] + 1 if (key in owner and (key, owner[key]) in stage) else 0

    for key in [*(k for k in _holes(template) if k in owner), *sequence]:
        needs = template.body[key].dependencies if key in template.body else ()
        for part in places.get(key, {owner.get(key, 0)}):
            stage[key, part] = max((reached(d, part) for d in needs), default=0)
        if key in owner:
            for part in sorted(wanted[key] - {owner[key]}):
                crossing[owner[key], part, stage[key, owner[key]]].append(key)
    return stage, crossing


def _leading_to(graph: dict[Key, GraphNode], share: Share) -> dict[Key, GraphNode]:
    """All constants that a share takes, and those that they are made of."""
    todo, found = share.needed(), dict[Key, GraphNode]()
    while todo := {k for k in todo if k in graph and k not in found}:
        found.update((k, graph[k]) for k in todo)
        todo = {d for k in todo for d in graph[k].dependencies}
    return found


def _urgency(
    template: Template, sequence: list[Key], stage: Stages, owner: dict[Key, int], awaited: set[Key]
) -> Any:
    """The order of a part's tasks: by stage; in a stage first what others wait for; then as saves memory."""
    rank = {key: n for n, key in enumerate(sequence)}
    for key in reversed(sequence):
        if key in awaited:
            for d in template.body[key].dependencies:
                if d in owner and stage.get((d, owner[d])) == stage.get((key, owner.get(key, 0))):
                    awaited.add(d)
    return lambda key, part: (stage[key, part], key not in awaited, rank[key])
