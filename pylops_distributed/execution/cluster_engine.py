"""Parts on the workers of a Dask cluster: blocks stay where they are, the scheduler stays out of the loop."""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import dask.array as da
from dask.typing import Key
from distributed import Client, Future, get_worker, wait

from pylops_distributed import tuning
from pylops_distributed.compat.distributed import adopt, future_of_actor
from pylops_distributed.compat.malloc import free_memory, retain_freed_memory
from pylops_distributed.compat.worker import actors_on, keep_data, keep_same
from pylops_distributed.errors import WorkerLostError
from pylops_distributed.execution.engine import Call, Done, PartitionedEngine, S, own
from pylops_distributed.execution.handout import Handout, Job, StateArray
from pylops_distributed.execution.partition import Partition, Row, Taken
from pylops_distributed.execution.partition_plan import Share, plan_partitions
from pylops_distributed.execution.placement import constant_inputs, find_placement, in_rounds
from pylops_distributed.execution.state import vectors_of_blocks
from pylops_distributed.execution.tracing import StepTemplate, trace_initial_state
from pylops_distributed.execution.transport import PeerTransport
from pylops_distributed.execution.worker_loss import is_interrupt, is_worker_loss, worker_lost
from pylops_distributed.vectors.space import keys_of
from pylops_distributed.vectors.types import Settings

if TYPE_CHECKING:
    from distributed import Actor

    from pylops_distributed.execution.handshake import Address

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# The parts on this worker, by the token of their solve and their number; they live as long as their actors.
_parts: WeakValueDictionary[tuple[bytes, int], Partition] = WeakValueDictionary()


class Seat:
    """A part as an actor of Dask.

    Dask has one thread a worker for the calls of all actors, in which one solve would wait for a message of a part
    that waits for that thread on another worker. It awaits coroutines without any thread: calls wait in a thread of
    the part's own.

    Parameters
    ----------
    token : bytes
        The solve's secret.
    part : Partition
        The part.
    """

    def __init__(self, token: bytes, part: Partition) -> None:
        self._key, self._part = (token, part.links.me), part
        self._worker = get_worker()
        self._actors = actors_on(self._worker)  # of those that Dask still wants
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="seat")
        # Where the driver has died, Dask lets go of its actors, on the thread that all its messages come by.
        weakref.finalize(self, _leave, part, self._thread).atexit = False

    async def _aside(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.to_thread(function, *args)

    async def _do(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    async def address(self) -> Address:
        """As :meth:`Partition.address`."""
        return self._part.address()

    async def connect(self, addresses: Sequence[Address]) -> None:
        """As :meth:`Partition.connect`."""
        await self._do(self._part.connect, addresses)

    async def until(self, done: Callable[[int, Row], bool]) -> None:
        """Have another function decide when to stop."""
        self._part.done = done

    async def register(self, step: int, names: dict[Key, Key]) -> dict[Key, int]:
        """Have Dask keep blocks of a state under other names; the bytes of each."""
        blocks = await self._aside(self._part.blocks_at, step)
        return keep_data(self._worker, {name: own(blocks[key]) for key, name in names.items()})

    async def apply(self, step: int, function: Callable[..., T], jobs: Sequence[Job]) -> list[T]:
        """As :meth:`Partition.apply`, while steps are taken."""
        return await self._aside(self._part.apply, step, function, jobs)

    async def run(self, steps: int, wanted: Sequence[int] = ()) -> Taken:
        """As :meth:`Partition.run`; returns rows where it leads."""
        call = asyncio.ensure_future(self._do(self._part.run, steps, wanted))
        # A call under way holds the actor: where the driver has died, nothing else would end its steps.
        call.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # who asked may be gone, too
        pause = tuning.seconds("execution.abandoned-check-interval")
        try:
            while not (await asyncio.wait({call}, timeout=pause))[0]:
                if self not in self._actors():
                    await self.close()
            rows, moved = await call
        finally:
            # Its error holds this frame, and with it the part, until Python looks for garbage: an idle worker may not.
            del call
        return rows if not self._part.links.me else [], moved

    async def close(self) -> None:
        """As :meth:`Partition.close`, and its thread ends."""
        _parts.pop(self._key, None)
        self._part.stop()
        with suppress(RuntimeError):  # it was closed before
            thread = await self._do(threading.current_thread)
            await self._do(self._part.close)
            self._thread.shutdown(wait=False)
            while thread.is_alive():
                await asyncio.sleep(0.001)


def _leave(part: Partition, thread: ThreadPoolExecutor) -> None:
    thread.shutdown(wait=False)
    part.stop()
    threading.Thread(target=part.close, daemon=True).start()


def make_part(
    me: int, token: bytes, trace_initial_state: Share, share: Share, first: int, memory: int | None, threads: int,
    done: Callable[[int, Row], bool], host: str,
) -> Seat:  # fmt: skip
    """Make a part on the worker that this runs on."""
    left = free_memory(memory)
    plenty = tuning.nbytes("execution.retained-memory")
    if left > plenty and "MALLOC_TRIM_THRESHOLD_" in os.environ:  # not in the user's own process
        retain_freed_memory(plenty // 8)
    kept = int(tuning.share("execution.operator-memory") * left)
    part = Partition(trace_initial_state, share, first, kept, threads, done, PeerTransport(me, token, host))
    return Seat(token, _parts.setdefault((token, me), part))


def give(token: bytes, me: int, keys: list[Key], values: Sequence[object]) -> None:
    """Hand values that Dask brought to this worker over to its part."""
    if (part := _parts.get((token, me))) is None:
        raise WorkerLostError(f"part {me} of the solve is not on this worker")
    part.give(dict(zip(keys, values, strict=True)))
    keep_same(get_worker(), part.held(keys))


class ActorEngine(PartitionedEngine[S]):
    """One part a worker.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster.
    """

    def __init__(self, template: StepTemplate, state: S, done: Done[S], client: Client) -> None:
        super().__init__(template, state, done)
        self._client = client
        info = client.scheduler_info(n_workers=-1)["workers"]
        vectors = vectors_of_blocks(template.before)
        self._most = max((sum(a.npartitions for a in arrays) for arrays in vectors), default=1)
        self._workers = sorted(info)
        self._limits = {worker: info[worker]["memory_limit"] for worker in info}
        self._actors: list[Future[Any]] = []
        self._parts: list[Any] = []
        self._handouts: WeakValueDictionary[int, Handout] = WeakValueDictionary()
        self._handing = threading.RLock()
        self._until_closed = math.inf
        if not self._workers:  # they are just being started again
            raise self._loss_error()
        try:
            with self._watched():
                self._settle(state, info)
            self._begin()
        except BaseException:
            self.close()
            raise

    def _settle(self, state: S, info: Mapping[str, Settings]) -> None:
        """Make a part on each worker, connect them, and hand each what it works with."""
        client, begun = self._client, trace_initial_state(state, self.template)
        self._settled(list(begun.futures.values()))  # they may be on their way
        placement = find_placement(client, begun.futures, info, self._most)
        self._workers = placement.workers
        self._limits = {worker: self._limits[worker] for worker in self._workers}
        plan = plan_partitions(self.template, len(self._workers), placement.homes)
        opening = plan_partitions(begun, len(self._workers), {**plan.held, **placement.homes}, plan.homes)
        self._homes, pairs = plan.homes, list(zip(opening.shares, plan.shares, strict=True))
        inputs = [constant_inputs(pair, begun.futures) for pair in pairs]
        self._actors = [
            client.submit(
                make_part, me, self._token, *pair, state.iteration, self._limits[worker],
                info[worker]["nthreads"], self.done, _host(worker),
                actor=True, workers=[worker], pure=False,  # nowhere else, or an idle worker would take it
            )
            for me, (worker, pair) in enumerate(zip(self._workers, pairs, strict=True))
        ]  # fmt: skip
        del pairs, plan, opening
        self._parts = client.gather(self._settled(self._actors))
        # Calls of actors are cycles, which keep the actors until Python looks for garbage: not these.
        weakref.finalize(self, _release, [*self._actors, *map(future_of_actor, self._parts)]).atexit = False
        addresses = self._all([part.address() for part in self._parts])
        self._all([part.connect(addresses) for part in self._parts])
        for values in in_rounds(inputs, placement.travels):
            client.gather(self._settled([self._give(me, v) for me, v in enumerate(values) if v]))

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Errors that come of a lost worker become :class:`WorkerLostError`, whatever Dask says of it."""
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, WorkerLostError) or is_interrupt(error):
                raise
            if not (is_worker_loss(error) or self._is_lost()):
                raise
            raise self._loss_error() from error

    def _is_lost(self) -> bool:
        """Whether one of the workers, or its part, is lost."""
        if any(actor.status in ("lost", "cancelled") for actor in self._actors):
            return True
        try:
            there = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # the scheduler is lost, too
            return True
        return not set(self._workers) <= there.keys()

    def until(self, done: Done[S]) -> None:
        """As :meth:`Engine.until`."""
        super().until(done)
        with self._watched():
            self._all([self._parts[0].until(self.done)])

    def _give(self, me: int, inputs: dict[Key, object]) -> Future[None]:
        """Bring values that exist already to their part."""
        if arrays := [key for key, value in inputs.items() if not isinstance(value, Future)]:
            sent = self._client.scatter([inputs[k] for k in arrays], workers=[self._workers[me]], hash=False)
            inputs.update(zip(arrays, sent, strict=True))
        return self._client.submit(
            give,
            self._token,
            me,
            list(inputs),
            list(inputs.values()),
            workers=[self._workers[me]],
            pure=False,
        )

    def _start(self, steps: int) -> list[Call[Taken]]:
        wanted = tuple(step for step, handout in list(self._handouts.items()) if handout.wanted())
        with self._watched():
            return [part.run(steps, wanted) for part in self._parts]

    def _gather(self, calls: list[Call[Taken]]) -> list[Taken]:
        with self._watched():
            try:
                return self._all(calls)
            finally:
                del calls

    def _loss_error(self) -> WorkerLostError:
        return worker_lost(self.iteration, self._client, self._limits)

    def _array(self, a: da.Array, name: str) -> da.Array:
        with self._handing:
            handout = self._handouts.get(self.iteration)
            if handout is None:
                handout = self._handouts[self.iteration] = Handout(self, self.iteration)
            return StateArray(handout.blocks(keys_of(a), name), name, a)

    def register(self, step: int, names: Mapping[Key, Key]) -> dict[Key, object]:
        """Have the workers hold blocks of a state under other names: one message each, and one to the scheduler."""
        with self._watched():
            mine = self._by_part(names)
            calls = {
                me: self._part(me).register(step, {k: names[k] for k in keys}) for me, keys in mine.items()
            }
            sizes = dict(zip(calls, self._all(list(calls.values())), strict=True))
            holders = {name: self._workers[me] for me, known in sizes.items() for name in known}
            return dict(
                adopt(self._client, holders, {k: n for known in sizes.values() for k, n in known.items()})
            )

    def apply(self, step: int, function: Callable[..., T], jobs: Sequence[Job]) -> list[T]:
        """Call a function with blocks of a state, where they are: one message a worker."""
        mine = self._by_part(key for key, _ in jobs)
        place = {key: n for n, (key, _) in enumerate(jobs)}
        with self._watched():
            calls = [
                self._part(me).apply(step, function, [jobs[place[key]] for key in keys])
                for me, keys in mine.items()
            ]
            answers = [answer for part in self._all(calls) for answer in part]
        order = [place[key] for keys in mine.values() for key in keys]
        return [answer for _, answer in sorted(zip(order, answers, strict=True), key=itemgetter(0))]

    def _by_part(self, keys: Iterable[Key]) -> dict[int, list[Key]]:
        parts: dict[int, list[Key]] = {}
        for key in keys:
            parts.setdefault(self._homes[key], []).append(key)
        return parts

    def _part(self, me: int) -> Actor:
        if me >= len(self._parts):
            raise self._loss_error()
        part: Actor = self._parts[me]
        return part

    def _settled(self, futures: list[Future[T]]) -> list[Future[T]]:
        """Wait for futures; tasks of a worker that was lost, or started again, may never come."""
        pause = tuning.seconds("execution.worker-check-interval")
        while futures:
            try:
                wait(futures, timeout=pause)
                break
            except TimeoutError:
                if self._is_lost():
                    raise self._loss_error() from None
        return futures

    def _result(self, call: Call[T]) -> T:
        """Result of a call to a part, for which there may be nobody any more to answer."""
        pause = tuning.seconds("execution.worker-check-interval")
        while True:
            try:
                return call.result(timeout=max(0.0, min(pause, self._until_closed - time.monotonic())))
            except TimeoutError:
                if call.done():
                    return call.result()
                if time.monotonic() >= self._until_closed:
                    raise
                if self._is_lost():
                    raise self._loss_error() from None

    def _all(self, calls: Iterable[Call[T]]) -> list[T]:
        """Results of calls to all parts; the cause where some failed, rather than its effect on the others."""
        results, errors = list[T](), list[BaseException]()
        for call in calls:
            try:
                results.append(self._result(call))
            except (Exception, asyncio.CancelledError) as error:
                if is_interrupt(error):  # the other parts may hang
                    raise
                errors.append(error)
        try:
            if errors:
                raise next((e for e in errors if not is_worker_loss(e)), errors[0])
            return results
        finally:
            del calls, call, errors  # errors hold this frame

    def could_spread(self) -> bool:
        """As :meth:`Engine.could_spread`."""
        there = len(self._client.scheduler_info(n_workers=-1)["workers"])
        return bool(min(there, self._most) > len(self._workers))

    def close(self) -> None:
        """As :meth:`Engine.close`."""
        if self._interrupted:
            self._until_closed = time.monotonic() + tuning.seconds("execution.close-timeout")
        for handout in list(self._handouts.values()):
            with suppress(Exception):  # of a worker that was lost: who looks will hear of it
                handout.settle()
        super().close()
        calls, end = [], time.monotonic() + tuning.seconds("execution.close-timeout")
        parts, self._parts, actors, self._actors = self._parts, [], self._actors, []
        for part in parts:
            with suppress(RuntimeError):  # of a worker that was lost
                calls.append(part.close())
        for call in calls:
            with suppress(Exception):
                call.result(timeout=max(0.0, end - time.monotonic()))
        _release([*actors, *map(future_of_actor, parts)])


def _release(futures: Iterable[Future[object]]) -> None:
    """Let go of what the cluster keeps, however many references there are."""
    for future in futures:
        future.release()


def _host(address: str) -> str:
    """The network interface of a worker; workers in this process have none."""
    parts = urlsplit(address)
    return parts.hostname if parts.scheme == "tcp" and parts.hostname else "127.0.0.1"
