"""Checkpoints: solver states on Zarr, complete or absent, and only ever resumed when intact."""

from __future__ import annotations

import atexit
import logging
import math
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pylops_distributed import tuning
from pylops_distributed.compat.dask import current_scheduler
from pylops_distributed.errors import CorruptionError, UnreadableError
from pylops_distributed.execution.background import in_background
from pylops_distributed.execution.state import State
from pylops_distributed.storage.atomic_group import Verify, write_group
from pylops_distributed.storage.checkpoint_keys import (
    ROOT,
    CheckpointKey,
    all_checkpoints,
    published_checkpoints,
)
from pylops_distributed.storage.checkpoint_policies import Budget, Every, Retention
from pylops_distributed.storage.claim import check_claim, describe_solve, keep_claim, read_claim
from pylops_distributed.storage.fence import abandon, is_leftover, is_published
from pylops_distributed.storage.group_metadata import Json, delete_group, read_attrs
from pylops_distributed.storage.labels import Labels, SpaceLabels
from pylops_distributed.storage.lease import Attempt, is_over
from pylops_distributed.storage.provenance import warn_of_changes
from pylops_distributed.storage.state_io import (
    Checkpoint,
    History,
    S,
    checkpoint_attrs,
    contents,
    load_checkpoint,
    open_checkpoint,
)
from pylops_distributed.vectors.space import BlockVector

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

    pass

__all__ = [
    "Budget",
    "Checkpoint",
    "CheckpointKey",
    "CheckpointStore",
    "Every",
    "Labels",
    "Retention",
    "delete_unpublished",
    "load_checkpoint",
    "published_checkpoints",
]

logger = logging.getLogger(__name__)

_known: WeakSet[CheckpointStore] = WeakSet()


@atexit.register
def _finish() -> None:
    """Let saves under way end before the process does, unless they are stuck."""
    for store in list(_known):
        with suppress(Exception):
            store.wait()


class CheckpointStore:
    """The checkpoints of a run, as one attempt at it reads and writes them. A context manager.

    Parameters
    ----------
    attempt : Attempt
        The right to write to the run.
    labels : mapping, optional
        :class:`Labels` of the spaces ``"domain"`` and ``"codomain"``; a tuple of them where vectors are
        :class:`~pylops_distributed.vectors.space.BlockVector`.
    retention : Retention, optional
        Which checkpoints to keep.
    client : distributed.Client, optional
        Client on whose workers to read and write; the Dask scheduler in use at each call if not given.
    background : bool, optional
        Write while the solver continues. One state at a time; an error comes up at the next call.
    verify : {"full", "fast"}, optional
        Whether reading checks every chunk's checksum or only that all chunks exist, whole.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        labels: SpaceLabels | None = None,
        retention: Retention | None = None,
        client: Any = None,
        background: bool = True,
        verify: Verify = "full",
    ) -> None:
        self.attempt = attempt
        self.storage = attempt.storage
        self.labels = labels or {}
        self.retention = retention or Retention()
        self.client = client
        self.background = background
        self.verify = verify
        self.seconds = 0.0  # what the last save took, see Budget
        about = read_attrs(attempt.storage)
        self._run: str = about["fingerprint"]
        # What begin() makes says already what its numbers depend on.
        self._identified = {"problem", "data", "solver"} <= about["identity"].keys()
        self._solve: Json | None = None
        self._parent: str | None = None
        self._unsound: set[CheckpointKey] = set()
        self._unreadable: set[CheckpointKey] = set()
        self._pending: Future[None] | None = None
        self._end = 0.0  # when the save under way counts as stuck
        self.stuck = False  # for good: its pending writes must not meet those of others
        _known.add(self)
        attempt.check()
        delete_unpublished(self.storage, attempt.number)

    def save(self, state: State, history: History | None = None) -> None:
        """Save a computed state; in the background unless ``background`` is False.

        Parameters
        ----------
        state : State
            The state. Its arrays must be persisted, or they are computed once more.
        history : dict of numpy.ndarray, optional
            The numbers of all steps so far.

        Raises
        ------
        SupersededError
            If a newer attempt has taken over the run.
        FloatingPointError
            If a vector is not finite; nothing is published.
        OSError
            If it, or the save before, could not be written.
        TimeoutError
            If the save before is stuck: only a new attempt can save then.
        """
        self.wait()
        self.attempt.check()
        # One that takes longer is stuck: on a worker that others cannot reach, say, for which Dask waits without end.
        most = tuning.seconds("storage.save-time") + _bytes(state) / tuning.nbytes("storage.save-rate")
        self._end = time.monotonic() + most
        entry = CheckpointKey(self.attempt.number, state.iteration)
        # The scheduler in use is a matter of the calling thread: look it up here, not in the background.
        job = (entry, state, {k: v.copy() for k, v in (history or {}).items()}, self._get())
        if self.background:
            self._pending = in_background(partial(self._write, *job))
        else:
            self._write(*job)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the last save is on disk, and raise what went wrong with it, or that it took too long."""
        pending, self._pending, left = self._pending, None, max(0.0, self._end - time.monotonic())
        try:
            if pending is not None:
                pending.result(left if timeout is None else min(left, timeout))
        except TimeoutError:
            self.stuck = pending is not None and not pending.done()
            if not self.stuck:
                raise
        if self.stuck:
            self.attempt.quiet = False
            raise TimeoutError(f"a checkpoint of {self.storage.place} takes too long to be written")

    def claim(self, solver: object, op: object, y: object, x0: object = None) -> None:
        """Make sure that the checkpoints, if there are any, are those of this solve.

        Parameters
        ----------
        solver, op, y, x0
            As the solve takes them. Each counts by its content: arrays in files are read.

        Raises
        ------
        RunMismatchError
            If they are of another operator, other data or another solver.
        """
        if self._identified:
            return
        self._solve = describe_solve(solver, op, y, x0)
        if self.list():
            check_claim(self.storage, self._solve)

    @property
    def witness(self) -> dict[str, float] | None:
        """Numbers that prove operator and data: see :func:`pylops_distributed.optimization.resume_proof.witness`."""
        return read_claim(self.storage).get("witness")

    @witness.setter
    def witness(self, numbers: dict[str, float]) -> None:
        self.attempt.check()
        finite = all(map(math.isfinite, numbers.values()))  # of data with NaN there is nothing to prove
        keep_claim(self.storage, solve=self._solve, witness=numbers if finite else None)

    def note(self, **about: object) -> None:
        """Store next to the checkpoints how the solve stands: ``niter`` asked for, and where and why it ``ended``."""
        self.attempt.check()
        keep_claim(self.storage, **about)

    def latest(self, kind: type[S]) -> Checkpoint[S] | None:
        """The newest intact checkpoint, or None if none was ever saved.

        A corrupt one is skipped with a warning in the log; the one before is used.

        Parameters
        ----------
        kind : type
            The class of the state.

        Raises
        ------
        CorruptionError
            If there are checkpoints, and all are corrupt.
        TypeError
            If the checkpoint holds another kind of state.
        """
        self.wait()
        entries = self.list()
        for entry in reversed(entries):
            try:
                checkpoint = self.load(entry.name, kind)
            except CorruptionError as error:
                (self._unreadable if isinstance(error, UnreadableError) else self._unsound).add(entry)
                logger.warning("checkpoint %s is corrupt and skipped: %s", entry.name, error)
                continue
            self._parent = entry.name
            if kind is not State:
                warn_of_changes(self.storage, checkpoint.name, entry.attempt)
            return checkpoint
        if entries:
            names = ", ".join(entry.name for entry in entries)
            raise CorruptionError(
                f"all checkpoints of {self.storage.place} are corrupt, see the log: {names}; "
                f"restore them from a copy, or delete {ROOT}/ to start from the first iteration"
            )
        return None

    def load(self, name: str, kind: type[S]) -> Checkpoint[S]:
        """Read one checkpoint; see :func:`load_checkpoint`."""
        return load_checkpoint(self.storage, name, kind, self.verify, self._get())

    def list(self) -> list[CheckpointKey]:
        """The published checkpoints, oldest first."""
        return published_checkpoints(self.storage)

    def prune(self) -> None:
        """Delete checkpoints that the retention policy does not keep, and all that was left unfinished."""
        self.wait()
        self._prune()

    def close(self, timeout: float | None = None) -> None:
        """Finish the save under way, and raise what went wrong with it, or that it took over ``timeout`` seconds."""
        self.wait(timeout)

    def __enter__(self) -> CheckpointStore:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            self.close()
        except Exception as late:
            if error is None:
                raise
            # The first error says what happened: of a lost worker, say, which takes the save along.
            logger.warning("the last save of %s failed, too: %s", self.storage.url, late)

    def _get(self) -> object:
        """The Dask scheduler to use."""
        return self.client.get if self.client is not None else current_scheduler()

    def _write(self, entry: CheckpointKey, state: State, history: History, get: object) -> None:
        """Write, publish and prune; a state already saved by this attempt is the same one, unless it was corrupt."""
        if entry in self._unsound | self._unreadable:
            delete_group(self.storage, entry.path)
            self._unsound.discard(entry)
            self._unreadable.discard(entry)
        if is_published(self.storage, entry.path):
            return
        start = time.monotonic()
        members = contents(state, history, self.labels)
        attrs = {
            **checkpoint_attrs(state, history, self._parent, entry.attempt, self._run),
            "coordinates": " ".join(members.coordinates),
        }
        try:
            write_group(
                self.storage,
                entry.path,
                members.arrays,
                attrs,
                finite=members.vectors,
                cold=True,
                check=self.attempt.check,
                get=get,
            )
        except BaseException as error:
            if not isinstance(error, FileExistsError):
                delete_group(self.storage, entry.path)
            if isinstance(
                error, OSError
            ):  # a newer attempt may have put a fence there, and deleted this group
                self.attempt.check()
            raise
        self._parent = entry.name
        self.attempt.check()  # whoever was overtaken meanwhile deletes nothing, and acknowledges nothing
        self._prune()
        self.attempt.check()
        self.seconds = time.monotonic() - start

    def _prune(self) -> None:
        """Prune with no save under way; corrupt ones do not count as kept, and those that may be readable later stay.

        What a newer attempt has saved is none of this one's business: it may be paused here, and wake after a takeover.
        """
        entries = [entry for entry in self.list() if entry.attempt <= self.attempt.number]
        kept, rank = set[CheckpointKey](), 0
        for entry in reversed(entries):
            if entry in self._unreadable:
                kept.add(entry)
                continue
            if entry in self._unsound or (rank < self.retention.latest and not self._whole(entry)):
                continue
            if self.retention.keeps(entry, rank):
                kept.add(entry)
            rank += 1
        for entry in entries if rank else []:
            if entry not in kept:
                try:
                    delete_group(self.storage, entry.path)
                except OSError as error:  # the new one exists all the same
                    logger.warning("an old checkpoint is not deleted: %s", error)
        delete_unpublished(self.storage, self.attempt.number, own=True)

    def _whole(self, entry: CheckpointKey) -> bool:
        """Whether a checkpoint is all there still; its checksums would take as long as to write it."""
        try:
            open_checkpoint(self.storage, entry.name, "fast")
        except CorruptionError as error:
            self._unsound.add(entry)
            logger.warning("checkpoint %s is corrupt and not counted: %s", entry.name, error)
            return False
        return True


def _bytes(state: State) -> int:
    """Size of a state's vectors."""
    values = (getattr(state, f.name) for f in fields(state))
    arrays = (a for v in values for a in (v.arrays if isinstance(v, BlockVector) else (v,)))
    return sum(int(getattr(a, "nbytes", 0)) for a in arrays)


def delete_unpublished(storage: Storage, attempt: int, *, own: bool = False) -> None:
    """Delete what attempts before ``attempt`` left unpublished, and what it left itself; what cannot be is logged.

    Should one of them still be writing, a fence keeps it from ever publishing that.
    """
    published = set(published_checkpoints(storage))
    for entry in all_checkpoints(storage):
        mine = own and entry.attempt == attempt  # there is no save under way
        if (
            (entry.attempt >= attempt and not mine)
            or entry in published
            or not is_leftover(storage, entry.path)
        ):
            continue
        logger.info("deleting %s, left unfinished by attempt %d", entry.name, entry.attempt)
        try:
            abandon(storage, entry.path, over=mine or is_over(storage, entry.attempt))
        except OSError as error:
            logger.warning("%s", error)
