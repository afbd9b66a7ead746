"""Parts on the workers of a Dask cluster: blocks stay where they are, the scheduler stays out of the loop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import dask.array as da
import numpy as np
from dask._task_spec import DataNode, GraphNode
from dask.array.core import getter, getter_inline, getter_nofancy
from distributed import Client, Future, wait
from distributed.client import futures_of

from pylops_distributed.execution.links import Links
from pylops_distributed.execution.part import Key, Part, PartLost, Row
from pylops_distributed.execution.plan import Share, plan
from pylops_distributed.execution.replay import ROOM, Done, Parted, S
from pylops_distributed.execution.trace import Template, keys_of, leaves
from pylops_distributed.memory import free, keep_pages
from pylops_distributed.optimization.state import State

# The parts on this worker, by the token of their solve and their number; they live as long as their actors.
_parts: WeakValueDictionary[tuple[bytes, int], Part] = WeakValueDictionary()
GETTERS = (getter, getter_inline, getter_nofancy)
PLENTY = 2**31  # bytes of free memory from which a worker need not give back at once what it frees
LARGE = 2**16  # bytes from which constant data goes to its worker by itself instead of in the task graph


class WorkerLost(RuntimeError):
    """A worker went away in the middle of a solve, and its blocks of the state with it."""


def make_part(
    me: int,
    token: bytes,
    share: Share,
    memory: int | None,
    threads: int,
    done: Callable[[int, Row], bool],
    host: str,
) -> Part:
    """Make a part on the worker that this runs on."""
    left = free(memory)
    if left > PLENTY:
        keep_pages(PLENTY // 8)
    part = Part(share, int(ROOM * left), threads, done)
    part.links = Links(me, token, host)
    _parts[token, me] = part
    return part


def give(token: bytes, me: int, keys: list[Key], values: list[Any], step: int | None) -> None:
    """Hand blocks that Dask brought to this worker over to its part: of the state after ``step``, or constants."""
    found = dict(zip(keys, values, strict=True))
    if step is None:
        _parts[token, me].constants.give(found)
    else:
        _parts[token, me].load(step, found)


def take(key: Key, token: bytes, me: int, step: int) -> Any:
    """A block of the state, for Dask."""
    part = _parts.get((token, me))
    if part is None or part.step != step:
        raise WorkerLost(f"block {key} of the state after {step} steps is gone with its worker")
    return part.state[key]


class Resident(Parted[S]):
    """One part a worker.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster.
    """

    def __init__(self, template: Template, state: S, done: Done[S], client: Client) -> None:
        super().__init__(template, state, done)
        self._client, self._token = client, secrets.token_bytes(16)
        blocks = max((a.npartitions for a in template.inputs), default=1)
        info = client.scheduler_info(n_workers=-1)["workers"]
        self._workers = sorted(info)[: max(1, blocks)]
        shared = plan(replace(template, constant=_views(template.constant)), len(self._workers))
        self._homes = shared.homes
        given = [self._given(share) for share in shared.shares]
        self._actors = [
            client.submit(
                make_part, me, self._token, share, info[worker]["memory_limit"],
                info[worker]["nthreads"], self.numbers.done, _host(worker),
                actor=True, workers=[worker], allow_other_workers=True, pure=False,
            )
            for me, (worker, share) in enumerate(zip(self._workers, shared.shares, strict=True))
        ]  # fmt: skip
        self._parts = client.gather(self._actors)
        self._connect()
        self._load(state, shared.shares)
        self._give(given)

    def _connect(self) -> None:
        addresses = _all([part.address() for part in self._parts])
        _all([part.connect(addresses) for part in self._parts])

    def _load(self, state: State, shares: list[Share]) -> None:
        """Bring the blocks of a persisted state home."""
        arrays, held = leaves(state), {f.key: f for a in leaves(state) for f in futures_of(a)}
        blocks = {
            hole: held[key] if a.ndim else self._row_of(a)
            for i, a in zip(self.template.inputs, arrays, strict=True)
            for hole, key in zip(keys_of(i), keys_of(a), strict=True)
        }
        jobs = [
            self._on(
                me, give, self._token, me, share.inputs, [blocks[k] for k in share.inputs], state.iteration
            )
            for me, share in enumerate(shares)
        ]
        self._client.gather(jobs)

    @staticmethod
    def _row_of(a: da.Array) -> Any:
        return a.compute(scheduler="sync")

    def _given(self, share: Share) -> dict[Key, Any]:
        """Constants of a share that exist already: futures of a cluster, and arrays, which it gives up."""
        needed = {d for work in share.works for d in work.constants}
        needed |= {d for node in share.constant.values() for d in node.dependencies}
        given = {k: f for k, f in self.template.futures.items() if k in needed}
        for key, node in list(share.constant.items()):
            if isinstance(node, DataNode) and getattr(node.value, "nbytes", 0) > LARGE:
                given[key] = share.constant.pop(key).value
        return given

    def _give(self, given: list[dict[Key, Any]]) -> None:
        """Bring constants that exist already to their parts."""
        jobs = []
        for me, values in enumerate(given):
            for key, value in values.items():
                if not isinstance(value, Future):
                    values[key] = self._client.scatter(value, workers=[self._workers[me]], hash=False)
            if values:
                jobs.append(self._on(me, give, self._token, me, list(values), list(values.values()), None))
        self._client.gather(jobs)

    def _on(self, me: int, function: Callable[..., Any], *args: Any) -> Future:
        # Elsewhere it fails at once; without leave to go there, Dask would wait for a lost worker for ever.
        return self._client.submit(
            function, *args, workers=[self._workers[me]], allow_other_workers=True, pure=False
        )

    def _start(self, steps: int) -> list[Any]:
        return [part.run(steps) for part in self._parts]

    def _gather(self, futures: list[Any]) -> list[Row]:
        try:
            rows: list[Row] = _all(futures)[0]
        except (PartLost, OSError) as error:
            raise WorkerLost(
                f"a worker was lost after step {self.iteration} of the solve, and its part of the state with it: "
                "go on from the newest checkpoint"
            ) from error
        return rows

    def _blocks(self, a: da.Array, name: str) -> dict[Key, Any]:
        graph: dict[Key, Any] = {}
        for me, worker in enumerate(self._workers):
            mine = [k for k in keys_of(a) if self._homes[k] == me]
            named = [(name, *k[1:]) for k in mine]
            if mine:
                futures = self._client.map(
                    take, mine, key=named, token=self._token, me=me, step=self.iteration,
                    workers=[worker], allow_other_workers=True, pure=False,
                )  # fmt: skip
                graph.update(zip(named, futures, strict=True))
        # Before the next step replaces them.
        wait(list(graph.values()))
        return graph

    def close(self) -> None:
        """As :meth:`Replay.close`."""
        for part in self._parts:
            part.close()
        self._parts, self._actors = [], []


def _all(futures: Iterable[Any]) -> list[Any]:
    """Results of calls to all parts; the cause where some failed, rather than its effect on the others."""
    results, errors = [], []
    for future in futures:
        try:
            results.append(future.result())
        except Exception as error:
            errors.append(error)
    if errors:
        raise next((e for e in errors if not isinstance(e, PartLost | OSError)), errors[0])
    return results


def _views(constant: Mapping[Key, GraphNode]) -> dict[Key, GraphNode]:
    """The constants, with pieces of arrays in this process's memory cut out: workers get pieces, not wholes."""
    graph = dict(constant)
    for key, node in constant.items():
        if getattr(node, "func", None) in GETTERS and all(
            isinstance(constant.get(d), DataNode) and isinstance(constant[d].value, np.ndarray)
            for d in node.dependencies
        ):
            graph[key] = DataNode(key, node({d: constant[d].value for d in node.dependencies}))
    return graph


def _host(address: str) -> str:
    """The network interface of a worker; workers in this process have none."""
    parts = urlsplit(address)
    return parts.hostname if parts.scheme == "tcp" and parts.hostname else "127.0.0.1"
