"""One part of a solve: it holds its blocks of state and operator, and replays its share of the step."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from heapq import heappop
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from dask.typing import Key

from pylops_distributed.compat.process import computing, find_libraries
from pylops_distributed.errors import PartitionLostError
from pylops_distributed.execution.operator_cache import OperatorCache
from pylops_distributed.execution.partition_plan import Message, Share, is_scalar
from pylops_distributed.execution.schedule import PartitionProgram, StepRun
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.execution.handout import Job
    from pylops_distributed.execution.handshake import Address

T = TypeVar("T")
Row: TypeAlias = list[Any]
# The scalars after each step, and the bytes that came from outside the part's memory since its beginning.
Taken: TypeAlias = tuple[list[Row], int]
VERDICT = -1  # the stage of the leading part's message: whether to stop, and the scalars after the step


class Partition:
    """One part's share of the step, done again and again by ``threads`` threads.

    The first part leads: its scalars are those of all parts, and it alone decides when to stop. Processors that
    round otherwise, or another version of a library, could make parts disagree else, and wait for each other for ever.

    Parameters
    ----------
    opening, share : Share
        What to do for the first state, and in every step.
    first : int
        Number of the first state.
    room : int
        Bytes in which blocks of the operator may be kept.
    threads : int
        How many tasks to run at once.
    done : callable
        Given the number of the last step and the scalars after it, whether to stop.
    links : PeerTransport, optional
        The way to other parts.
    """

    def __init__(
        self, opening: Share, share: Share, first: int, room: int, threads: int,
        done: Callable[[int, Row], bool], links: Any = None,
    ) -> None:  # fmt: skip
        self.threads, self.done, self.links = threads, done, links
        self.state: dict[Key, Any] = {}
        self._kept: dict[int, dict[Key, Any]] = {}  # states that were handed out, by their number
        self.step, self.read = first - 1, 0
        self._constants = OperatorCache({**opening.constant, **share.constant}, room)
        self._opening = {self.step: PartitionProgram(opening, self._constants)}
        self._program: Any = PartitionProgram(share, self._constants)
        self._frames: dict[int, StepRun] = {}
        self._verdicts: dict[int, tuple[bool, Row]] = {}
        self._scalars = [key for key in share.carry if is_scalar(key)]
        self._others: list[int] = []
        self._changed, self._running = threading.Condition(), threading.RLock()
        self._error: BaseException | None = None
        self._helpers = ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="part")
        find_libraries()

    def address(self) -> Address:
        """Where other parts reach this one."""
        address: Address = self.links.address
        return address

    def connect(self, addresses: Sequence[tuple[str, int]]) -> None:
        """Connect with all parts; listening to them does not keep this one, once its solve has let go of it."""
        me = weakref.ref(self)

        def deliver(*message: *tuple[int, int, int, object]) -> None:
            if (part := me()) is not None:
                part.deliver(*message)

        def lost(*news: *tuple[int, BaseException]) -> None:
            if (part := me()) is not None:
                part.lost(*news)

        weakref.finalize(self, self.links.close)
        self._others = [part for part in range(len(addresses)) if part != self.links.me]
        self.links.connect(addresses, deliver, lost)

    def give(self, values: Mapping[Key, object]) -> None:
        """Take blocks of the operator and of the data that were computed elsewhere."""
        programs = (*self._opening.values(), self._program)
        needed = set[Key]().union(*(program.share.needed() for program in programs))
        self._constants.give({k: v for k, v in values.items() if k in needed})

    def held(self, keys: Sequence[Key]) -> dict[Key, object]:
        """Those of the values with these keys that it holds, as it holds them."""
        return self._constants.held(keys)

    def blocks_at(self, step: int) -> dict[Key, NDArray]:
        """Blocks of a state that was handed out, or of the newest one."""
        with self._changed:
            blocks = self._kept.get(step) or (dict(self.state) if step == self.step else {})
        if not blocks:
            raise PartitionLostError(f"the state after {step} steps is gone")
        return blocks

    def apply(self, step: int, function: Callable[..., T], jobs: Sequence[Job]) -> list[T]:
        """Call a function with blocks of a state, each with further arguments."""
        blocks = self.blocks_at(step)
        with ThreadPoolExecutor(
            max(self.threads, 4), thread_name_prefix="apply"
        ) as pool:  # they wait for disks
            return list(pool.map(lambda job: function(blocks[job[0]], *job[1]), jobs))

    def run(self, steps: int, wanted: Sequence[int] = ()) -> Taken:
        """Take up to ``steps`` steps, fewer if the solver is done; the very first makes the first state.

        States whose numbers are ``wanted`` are kept, and no others.
        """
        with self._changed:
            kept = {self.step: dict(self.state), **self._kept}
            self._kept = {step: kept[step] for step in wanted if step in kept}
        del kept
        rows: list[Row] = []
        with self._running:
            try:
                if self._error is not None:
                    raise self._error
                stop = False
                with computing():
                    while len(rows) < steps and not stop:
                        stop = self._advance()
                        rows.append([np.asarray(self.state[key])[()] for key in self._scalars])
            except BaseException:
                self.close()  # the others notice
                raise
            return rows, self.read + (self.links.sent if self.links else 0)

    def stop(self) -> None:
        """Have the step under way fail, and the other parts know; does not wait for anything."""
        self._fail(PartitionLostError("the solve was closed"))
        if self.links:
            self.links.stop()

    def close(self) -> None:
        """Let go of all, after the task that is being done, if there is one."""
        self.stop()
        with self._running:
            self._helpers.shutdown()
            if self.links:
                self.links.close()
            # An error holds its frames, and these hold the part.
            self._error, self.done = PartitionLostError("the solve was closed"), lambda *_: True
            self.state, self._frames, self._opening, self._verdicts = {}, {}, {}, {}
            self._program, self._constants = None, OperatorCache({}, 0)

    # -- one step ------------------------------------------------------------------------------------------

    def _frame(self, step: int) -> StepRun:
        """The course of a step, which may begin with a message that is early."""
        if step not in self._frames:
            self._frames[step] = StepRun(self._opening.get(step, self._program), step)
        return self._frames[step]

    def _advance(self) -> bool:
        """Take one step; returns whether it is the last one."""
        # From here on the state lives in the frame alone, which lets go of each block after its last use.
        with self._changed:
            blocks, self.state = self.state, {}
        first: list[Message] = []
        with self._changed:
            frame = self._frame(self.step)
            while blocks:
                first += frame.store(*blocks.popitem())
        self._send(frame, first)
        others = [self._helpers.submit(self._work, frame) for _ in range(self.threads - 1)]
        self._work(frame)
        wait(others)
        if self._error is not None:
            raise self._error
        stop, scalars = self._verdict(frame)
        self.read += frame.program.constants.reset()
        with self._changed:
            self.state = frame.carried() | dict(zip(self._scalars, scalars, strict=True))
            del self._frames[self.step]
            begun = self._opening.pop(self.step, None)
            self.step += 1
        if begun is not None:
            self._constants.retain(self._program.share.needed())
        return stop

    def _work(self, frame: StepRun) -> None:
        """Run the tasks that are ready, the most urgent first, until the step is over."""
        tasks, constants = frame.program.tasks, frame.program.constants
        try:
            while True:
                with self._changed:
                    while not frame.ready and frame.open and self._error is None:
                        self._changed.wait()
                    if self._error is not None or not frame.open:
                        return
                    function, key, needs, fixed = tasks[heappop(frame.ready)]
                    values = {d: frame.values[d] for d in needs}
                for c in fixed:
                    values[c] = constants[c]
                value = function(values)
                del values
                with self._changed:
                    messages = frame.store(key, value)
                    frame.release(needs)
                    frame.open -= 1
                    if len(frame.ready) > 1 or not frame.open:
                        self._changed.notify_all()
                del value
                self._send(frame, messages)
                if self._others and not frame.unknown:
                    self._tell(frame)
        except BaseException as error:
            self._fail(error)

    def _send(self, frame: StepRun, messages: Sequence[Message]) -> None:
        for m in messages:
            self.links.send(m.part, frame.step, m.stage, [frame.values[key] for key in m.keys])
            with self._changed:
                frame.release(m.keys)

    # -- what all parts must agree on ----------------------------------------------------------------------

    def _tell(self, frame: StepRun) -> None:
        """Decide and tell the others, as soon as the scalars are known: the vectors may still be under way."""
        if self.links.me:
            return
        with self._changed:
            if frame.announced:
                return
            frame.announced = True
        scalars = frame.scalars()
        verdict = self._decided(frame, scalars), scalars
        self._verdicts[frame.step] = verdict
        for part in self._others:
            self.links.send(part, frame.step, VERDICT, verdict)

    def _decided(self, frame: StepRun, scalars: Row) -> bool:
        return self.done(frame.step + 1, [np.asarray(value)[()] for value in scalars])

    def _verdict(self, frame: StepRun) -> tuple[bool, Row]:
        """Whether to stop, and the scalars after a step: the leading part's."""
        if not self._others:
            scalars = frame.scalars()
            return self._decided(frame, scalars), scalars
        self._tell(frame)
        with self._changed:
            while frame.step not in self._verdicts and self._error is None:
                self._changed.wait()
            if self._error is not None:
                raise self._error
            return self._verdicts.pop(frame.step)

    # -- called by the threads that listen -----------------------------------------------------------------

    def deliver(self, step: int, sender: int, stage: int, values: Any) -> None:
        """Take a message, of the step under way or of the next."""
        with self._changed:
            if stage == VERDICT:
                self._verdicts[step] = values
            else:
                self._frame(step).arrive(sender, stage, values)
            self._changed.notify_all()

    def lost(self, part: int, error: BaseException) -> None:
        """Another part is gone."""
        self._fail(PartitionLostError(f"part {part} of the solve is gone: {error}"))

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()
