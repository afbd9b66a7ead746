"""Partitioning: the tasks of a traced step distributed among parts, and the messages between them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, product, zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dask.typing import Key

from pylops_distributed.compat.dask import GraphNode, cull
from pylops_distributed.execution.state import vectors_of_blocks
from pylops_distributed.graph.folds import split_sum
from pylops_distributed.vectors.space import keys_of

if TYPE_CHECKING:
    import dask.array as da

    from pylops_distributed.execution.tracing import StepTemplate
    from pylops_distributed.graph.lowering import Graph

PAIR = 2  # tasks that take a block of the operator: one of the forward, one of the adjoint
Home: TypeAlias = tuple[int, int]  # bytes, as far as they are known, and part
Stages: TypeAlias = dict[tuple[Key, int], int]  # by value and part
Crossing: TypeAlias = dict[tuple[int, int, int], list[Key]]  # by sender, receiver and stage


@dataclass(frozen=True)
class Work:
    """One task of a part.

    Attributes
    ----------
    node : GraphNode
        The task.
    needs : tuple
        Keys of what it takes from this step.
    """

    node: GraphNode
    needs: tuple[Key, ...]

    @property
    def constants(self) -> tuple[Key, ...]:
        """Keys of what it takes that is the same in every step."""
        return tuple(self.node.dependencies.difference(self.needs))


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
        Keys of its tasks.
    """

    part: int
    stage: int
    keys: tuple[Key, ...]


@dataclass
class Share:
    """One part's share of a step.

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


class PartitionPlan(NamedTuple):
    """A step shared out.

    Attributes
    ----------
    shares : list of Share
        One a part.
    homes : dict
        The part that holds each block of the state.
    held : dict
        Where each block of the operator is.
    """

    shares: list[Share]
    homes: dict[Key, int]
    held: dict[Key, Home]


def is_scalar(key: Key) -> bool:
    """Whether a key is that of a 0-d array's only block: small enough to be everywhere."""
    return isinstance(key, tuple) and len(key) == 1


def plan_partitions(
    template: StepTemplate,
    parts: int,
    located: Mapping[Key, Home] | None = None,
    homes: dict[Key, int] | None = None,
) -> PartitionPlan:
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
    located : mapping, optional
        Where blocks are that exist already, by key: those of the operator stay there, and a block of the state that
        they alone are multiplied with lives there, too.
    homes : dict, optional
        The part that holds each block of the state, where another step has laid that down.

    Returns
    -------
    PartitionPlan
        Shares and homes.
    """
    planner = _Planner(template, parts, located or {}, homes)
    return PartitionPlan(planner.shares(), planner.homes, planner.held)


class _Planner:
    """A step on its way to being shared out.

    Attributes
    ----------
    carry : dict
        Each key of the state, with the key of what takes its place.
    moving : dict
        What each task takes of this step.
    sequence : list
        The tasks, in an order in which they can be done.
    homes, owner : dict
        The one part that has each block of the state, and each block and task; those that follow from scalars
        alone have none.
    places : dict
        The parts that do each task: its owner, or all where its result is needed.
    """

    def __init__(
        self, template: StepTemplate, parts: int, located: Mapping[Key, Home], homes: dict[Key, int] | None
    ) -> None:
        self.template, self.parts, self.carry = template, parts, template.carry()
        self.held = self._held(located)
        body = template.body.values()
        self.body = {k: t for node in body for k, t in split_sum(node, self._place_of).items()}
        inner = self.body.keys() | self.carry.keys()
        self.moving = {k: [d for d in t.dependencies if d in inner] for k, t in self.body.items()}
        self.sequence = _depth_first(self.body, template.outputs)
        self.homes = self._block_homes(bool(located)) if homes is None else homes
        self.owner = self._owners()
        self.places = self._places()

    def _held(self, located: Mapping[Key, Home]) -> dict[Key, Home]:
        """The home of each block of the operator: where it is located, else by its place."""
        inner = self.template.body.keys() | self.carry.keys()
        uses = Counter(d for t in self.template.body.values() for d in t.dependencies if d not in inner)
        held = {key: (0, part) for key, part in _by_place(set(uses), self.parts).items()}
        if located:
            places = {key: _location(key, self.template.constant, located) for key in uses}
            # A single block that many tasks take is sent to all of them: they would all run where it is.
            held |= {k: p for k, p in places.items() if p is not None and (k in held or uses[k] <= PAIR)}
        return held

    def _place_of(self, keys: Iterable[Key]) -> int | None:
        """The part that has most of those of the operator's blocks among these; None if there are none."""
        homes = [self.held[key] for key in keys if key in self.held]
        return min(homes, key=lambda home: (-home[0], home[1]))[1] if homes else None

    def _block_homes(self, located: bool) -> dict[Key, int]:
        """The part of each block of the state: by its place, or that of the operator's blocks that take it."""
        vectors = vectors_of_blocks(self.template.before)
        homes = _homes([_layer(arrays) for arrays in vectors], self.parts)
        layout = {
            k: (n, a.chunks, k[1:]) for vector in vectors for n, a in enumerate(vector) for k in keys_of(a)
        }
        places: dict[object, set[int]] = defaultdict(set)
        for key, task in self.body.items() if located else ():
            for d in self.moving[key]:
                places[layout.get(d)].update(self.held[c][1] for c in task.dependencies if c in self.held)
        alone = {where: min(parts) for where, parts in places.items() if len(parts) == 1}
        return homes | {key: alone[where] for key, where in layout.items() if where in alone}

    def _owners(self) -> dict[Key, int]:
        ends = {new: self.homes[old] for old, new in self.carry.items() if old in self.homes}
        place = _by_place({k for k in self.sequence if len(self.moving[k]) != 1}, self.parts)
        owner = dict(self.homes)
        for key in self.sequence:
            operator = self._place_of(self.body[key].dependencies)
            near = [owner[d] for d in self.moving[key] if d in owner]
            if operator is not None:
                owner[key] = operator
            elif key in ends:
                owner[key] = ends[key]
            elif len(near) == 1:
                owner[key] = near[0]
            elif near or not is_scalar(key):
                owner[key] = place.get(key, max(sorted(near), key=near.count, default=0))
        return owner

    def _places(self) -> dict[Key, set[int]]:
        owner, places = self.owner, {k: {self.owner[k]} if k in self.owner else set() for k in self.sequence}
        for old, new in self.carry.items():
            if is_scalar(old) and new in places and new not in owner:
                places[new] = set(range(self.parts))
        for key in reversed(self.sequence):
            for d in self.moving[key]:
                if d in places and d not in owner:
                    places[d] = places[d] | places[key]
        return places

    def shares(self) -> list[Share]:
        """Shares of all parts."""
        shares = [Share() for _ in range(self.parts)]
        wanted: dict[Key, set[int]] = defaultdict(set)  # who needs a value from its owner
        for old, new in self.carry.items():
            for part in range(self.parts) if is_scalar(old) else (self.homes[old],):
                shares[part].carry[old] = new
                wanted[new].add(part)
        for key in self.sequence:
            for d in self.moving[key]:
                wanted[d] |= self.places[key]
        stage, crossing = self._stages(wanted)
        for (sender, part, n), keys in sorted(crossing.items()):
            shares[sender].sends.append(Message(part, n, tuple(keys)))
            shares[part].receives.append(Message(sender, n, tuple(keys)))
        urgent = self._urgency(stage, {k for keys in crossing.values() for k in keys})
        for part, share in enumerate(shares):
            mine = sorted((k for k in self.sequence if part in self.places[k]), key=urgent(part))
            share.works = [Work(self.body[key], tuple(self.moving[key])) for key in mine]
            share.constant = dict(cull(self.template.constant, share.needed()))
        return shares

    def _stages(self, wanted: dict[Key, set[int]]) -> tuple[Stages, Crossing]:
        """After how many messages in a row each part can have each value; what crosses."""
        owner, crossing = self.owner, defaultdict[Any, list[Key]](list)
        stage: Stages = {(k, part): 0 for k in self.carry for part in range(self.parts) if is_scalar(k)}

        def reached(key: Key, part: int) -> int:
            own = stage.get((key, part))
            return stage[key, owner[key]] + 1 if own is None else own

        for key in [*self.homes, *self.sequence]:
            for part in self.places.get(key, {owner.get(key, 0)}):
                stage[key, part] = max((reached(d, part) for d in self.moving.get(key, ())), default=0)
            if key in owner:
                for part in sorted(wanted[key] - {owner[key]}):
                    crossing[owner[key], part, stage[key, owner[key]]].append(key)
        return stage, crossing

    def _urgency(
        self, stage: Stages, awaited: set[Key]
    ) -> Callable[[int], Callable[[Key], tuple[int, bool, int]]]:
        """The order of a part's tasks: by stage; in a stage first what others wait for; then as saves memory."""
        rank = {key: n for n, key in enumerate(self.sequence)}
        at = {key: stage.get((key, self.owner.get(key, 0))) for key in [*self.homes, *self.sequence]}
        for key in reversed(self.sequence):
            if key in awaited:
                awaited.update(d for d in self.moving[key] if d in self.owner and at[d] == at[key])
        return lambda part: lambda key: (stage[key, part], key not in awaited, rank[key])


def _depth_first(body: Graph, outputs: Sequence[da.Array]) -> list[Key]:
    """The tasks, each after what it takes and as soon as possible: all of the first blocks, then of the second."""
    visited = dict[Key, None]()
    for blocks in zip_longest(*map(keys_of, outputs)):
        todo = [k for k in reversed(blocks) if k in body]
        while todo:
            missing = [d for d in body[todo[-1]].dependencies if d in body and d not in visited]
            if missing:
                todo += missing
            else:
                visited[todo.pop()] = None
    return list(visited)


def _layer(arrays: Sequence[da.Array]) -> tuple[list[Key], list[int]]:
    """Keys and sizes of the blocks of arrays that are shared out together."""
    sizes = [math.prod(lengths) for a in arrays for lengths in product(*a.chunks)]
    return [key for a in arrays for key in keys_of(a)], sizes


def _homes(layers: Sequence[tuple[Sequence[Key], list[int]]], parts: int) -> dict[Key, int]:
    """Consecutive blocks to each part, about as many elements each."""
    homes = {}
    for keys, sizes in layers:
        twice = max(1, 2 * sum(sizes))
        for key, size, end in zip(keys, sizes, accumulate(sizes), strict=True):
            homes[key] = min(parts - 1, (2 * end - size) * parts // twice)
    return homes


def _location(key: Key, graph: Mapping[Key, GraphNode], located: Mapping[Key, Home]) -> Home | None:
    """The part that has most of what a constant is made of, and how much; None if that is not on any yet."""
    if key in located or key not in graph:
        return located.get(key)
    sizes: Counter[int] = Counter()
    for home in (_location(d, graph, located) for d in graph[key].dependencies):
        if home is not None:
            sizes[home[1]] += home[0]
    return max(((size, part) for part, size in sizes.items()), default=None)


def _by_place(keys: set[Key], parts: int) -> dict[Key, int]:
    """Homes by the place in their layer of blocks whose sizes are not known."""
    blocks = sorted(key for key in keys if isinstance(key, tuple) and len(key) > 1)
    layers = [list(layer) for _, layer in groupby(blocks, key=itemgetter(0))]
    return _homes([(layer, [1] * len(layer)) for layer in layers if len(layer) > 1], parts)
