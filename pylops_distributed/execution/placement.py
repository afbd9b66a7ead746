"""Where the blocks lie that a cluster holds already, and which part works with each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from dask.typing import Key

from pylops_distributed import tuning
from pylops_distributed.compat.dask import DataNode
from pylops_distributed.execution.partition_plan import Home, Share
from pylops_distributed.vectors.types import Settings

if TYPE_CHECKING:
    from distributed import Client, Future


@dataclass(frozen=True)
class Placement:
    """Workers in the order of their parts, and the blocks that they hold.

    Attributes
    ----------
    workers : list of str
        Address of the worker of each part.
    homes : dict of tuple of int
        Bytes of each block that the cluster holds, and the part that works with it.
    travels : dict of int
        Bytes of the blocks that must travel to their part.
    """

    workers: list[str]
    homes: dict[Key, Home] = field(default_factory=dict)
    travels: dict[Key, int] = field(default_factory=dict)


def find_placement(
    client: Client, futures: Mapping[Key, Future[object]], info: Mapping[str, Settings], most: int
) -> Placement:
    """Parts of at most ``most`` workers: those that hold most of ``futures``, whose blocks stay where they are.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster.
    futures : mapping
        Blocks that are computed, by key.
    info : mapping
        The workers, by address.
    most : int
        How many parts at most.

    Returns
    -------
    Placement
        Blocks stay, with one exception: of a worker that holds many times an even share others take some, or it
        would work alone. ``execution.largest-share`` says how many times.
    """
    held = client.who_has(list(futures.values())) if futures else {}
    held = {key: workers for key, workers in held.items() if workers}
    sizes = client.nbytes(list(held), summary=False) if held else {}
    keys = sorted((key for key in held if sizes.get(key)), key=_order)
    workers = _in_order(keys, held, sizes, info)[:most]
    homes = _homes(keys, held, sizes, workers)
    away = {k: size for k, (size, part) in homes.items() if workers[part] not in held[k]}
    return Placement(workers, homes, away)


def _order(key: Key) -> tuple[str, tuple[object, ...]]:
    """Keys of blocks by array, then by place."""
    return (str(key[0]), key[1:]) if isinstance(key, tuple) else (str(key), ())


def _in_order(
    keys: Sequence[Key],
    held: Mapping[Key, Sequence[str]],
    sizes: Mapping[Key, int],
    info: Iterable[str],
) -> list[str]:
    """Workers by the mean place of what they hold in its arrays: parts take consecutive blocks of a state."""
    mass, moment = defaultdict[str, float](float), defaultdict[str, float](float)
    for _, layer in groupby(keys, key=lambda key: _order(key)[0]):
        blocks = list(layer)
        for n, key in enumerate(blocks):
            for worker in held[key]:
                mass[worker] += sizes[key]
                moment[worker] += sizes[key] * (n + 0.5) / len(blocks)
    holders = sorted((w for w in info if w in mass), key=lambda w: (moment[w] / mass[w], w))
    return [*holders, *sorted(w for w in info if w not in mass)]


def _homes(
    keys: Sequence[Key],
    held: Mapping[Key, Sequence[str]],
    sizes: Mapping[Key, int],
    workers: Sequence[str],
) -> dict[Key, Home]:
    part_of = {worker: part for part, worker in enumerate(workers)}
    loads, homes = [0] * len(workers), dict[Key, Home]()
    most = tuning.count("execution.largest-share") * sum(sizes[k] for k in keys) / max(1, len(workers))
    for key in keys:
        there = [part_of[w] for w in held[key] if w in part_of]
        part = min(there, key=lambda p: loads[p], default=-1)
        if part < 0 or (loads[part] and loads[part] + sizes[key] > most):
            part = loads.index(min(loads))
        homes[key] = sizes[key], part
        loads[part] += sizes[key]
    return homes


def constant_inputs(pair: tuple[Share, Share], futures: Mapping[Key, object]) -> dict[Key, object]:
    """Inputs of a part's shares that exist already: futures of a cluster, and arrays, which the shares give up."""
    needed = pair[0].needed() | pair[1].needed()
    inputs = {k: f for k, f in futures.items() if k in needed}
    large = tuning.nbytes("execution.separate-constants")
    for share in pair:
        for key, node in list(share.constant.items()):
            if isinstance(node, DataNode) and getattr(node.value, "nbytes", 0) > large:
                inputs[key] = node.value
                del share.constant[key]
    return inputs


def in_rounds(
    inputs: Sequence[dict[Key, object]], sizes: Mapping[Key, int]
) -> Iterator[list[dict[Key, object]]]:
    """Values for each part, a few at a time: those that travel lie twice in memory for a moment.

    Parameters
    ----------
    inputs : sequence of dict
        The values of each part, by key; they are taken out of it.
    sizes : mapping
        Bytes of those that travel, where they are futures.
    """
    most = tuning.nbytes("execution.transfer-at-once")
    while any(inputs):
        yield [_take(values, sizes, most) for values in inputs]


def _take(values: dict[Key, object], sizes: Mapping[Key, int], most: int) -> dict[Key, object]:
    taken, total = dict[Key, object](), 0
    while values and total < most:
        key, value = values.popitem()
        taken[key] = value
        total += sizes.get(key, 0) or int(getattr(value, "nbytes", 0))
    return taken
