"""Runs: one Zarr hierarchy each, with what it is, who works on it, its checkpoints and its result."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pylops_distributed.errors import CorruptionError, RunMismatchError
from pylops_distributed.storage.checkpoint_keys import ROOT as CHECKPOINTS
from pylops_distributed.storage.checkpoint_keys import CheckpointKey, published_checkpoints
from pylops_distributed.storage.group_metadata import (
    Json,
    LabelledArray,
    canonical,
    encode,
    metadata_key,
    read_attrs,
)
from pylops_distributed.storage.lease import ROOT as ATTEMPTS
from pylops_distributed.storage.lease import Attempt, Owner, RunGoneError, acquire, failure, owner
from pylops_distributed.storage.object_store import Storage, open_storage
from pylops_distributed.storage.provenance import differences, environment, fingerprint
from pylops_distributed.storage.results import (
    attrs_if_intact,
    report_key,
    result_path,
    store_result,
    sweep_results,
)

logger = logging.getLogger(__name__)

SCHEMA = "pylops-distributed-run/1"
NO_CHECKPOINT = -1  # in place of the iteration of a result that was made from none


@dataclass(frozen=True)
class Status:
    """How a run stands, from its stored files alone.

    Attributes
    ----------
    url, run_id : str
        The run.
    state : {"new", "running", "interrupted", "failed", "solved", "out of date", "finished"}
        ``"running"`` while a process is alive that works on it; ``"failed"`` if a number became NaN or infinite in
        the newest attempt; ``"solved"`` once the solver has ended; ``"finished"`` once there is a result of the newest
        iterate, ``"out of date"`` while there is one of another iterate.
    reason : str or None
        Why the solver stopped, or why it failed.
    iteration : int or None
        That of the newest checkpoint.
    metrics : dict of float
        The newest checkpoint's last numbers, such as ``cost``.
    figures : dict of float
        The result's quality figures, such as ``misfit``.
    attempts : int
        How often it was begun or resumed.
    owner : Owner or None
        The process behind the newest attempt.
    size : int
        Bytes stored.
    created_at, updated_at : datetime
        When it was made, and when it last gave a sign of life (UTC).
    niter : int or None
        Most steps that the newest solve was asked for.
    result_iteration : int or None
        Iteration that the result was made from.
    advice : str or None
        Words and a command about a result that is out of date, or not made yet.
    """

    url: str
    run_id: str
    state: Literal["new", "running", "interrupted", "failed", "solved", "out of date", "finished"]
    reason: str | None
    iteration: int | None
    metrics: Mapping[str, float]
    figures: Mapping[str, float]
    attempts: int
    owner: Owner | None
    size: int
    created_at: datetime
    updated_at: datetime
    niter: int | None = None
    result_iteration: int | None = None
    advice: str | None = None

    @property
    def age(self) -> float:
        """Seconds since the last sign of life."""
        return (datetime.now(UTC) - self.updated_at).total_seconds()


@dataclass(frozen=True)
class Run:
    """A run in its storage. Made by :meth:`create_or_open` and :meth:`open`.

    Attributes
    ----------
    storage : Storage
        Where it is.
    attrs : dict
        What it is: ``run_id``, ``identity``, ``fingerprint``, ``created_at`` and the provenance.
    """

    storage: Storage
    attrs: Json

    @classmethod
    def create_or_open(
        cls,
        url: str | Path,
        *,
        identity: Mapping[str, object],
        provenance: Mapping[str, object] | None = None,
    ) -> Run:
        """Open the run at ``url``, or make it.

        Parameters
        ----------
        url : str or Path
            Local path or ``s3://bucket/prefix``.
        identity : mapping
            What the numbers depend on: problem, data, operator, solver. JSON values.
        provenance : mapping, optional
            What else to remember, such as ``params`` and ``inputs``. Software, machine and commit are added.

        Raises
        ------
        RunMismatchError
            If the run there has another identity.
        CorruptionError
            If its metadata was changed.
        """
        storage = open_storage(url)
        if not storage.exists(metadata_key("")):
            if (last := owner(storage)) is not None and last.deletes:
                raise RunGoneError(
                    f"{storage.place} is being deleted: finish that with pld runs --prune --yes"
                )
            attrs = {
                **environment(), **(provenance or {}),
                "schema": SCHEMA, "run_id": uuid.uuid4().hex, "created_at": datetime.now(UTC).isoformat(),
                "identity": dict(identity), "fingerprint": fingerprint(identity),
            }  # fmt: skip
            storage.put_new(metadata_key(""), encode(attrs))
            storage.sync(metadata_key(""))
        for key in map(metadata_key, (ATTEMPTS, CHECKPOINTS)):
            if not storage.exists(key):
                storage.put_new(key, encode({}))
                storage.sync(key)
        run = cls.open(storage.url)
        if run.attrs["fingerprint"] != fingerprint(identity):
            requested = json.loads(canonical(dict(identity)))
            listed = "\n  ".join(differences(run.attrs["identity"], requested))
            raise RunMismatchError(
                f"{storage.place} is another run:\n  {listed}\nGive another place, or go back to its settings"
            )
        return run

    @classmethod
    def open(cls, url: str | Path) -> Run:
        """Open an existing run.

        Raises
        ------
        FileNotFoundError
            If there is none.
        CorruptionError
            If its metadata was changed.
        """
        storage = open_storage(url).pinned()
        try:
            attrs = read_attrs(storage)
        except FileNotFoundError:
            raise FileNotFoundError(f"there is no run at {storage.place}") from None
        if attrs.get("schema") != SCHEMA:
            raise ValueError(
                f"{storage.place} has schema {attrs.get('schema')!r}, expected {SCHEMA!r}: not a run"
            )
        return cls(storage, attrs)

    @property
    def name(self) -> str:
        """Name of its folder, as it is typed."""
        return self.storage.place.rsplit("/", 1)[-1]

    @property
    def dataset(self) -> str:
        """URL of its dataset: where that was when the run was made, or in ``datasets`` next to the run after a move."""
        recorded = str(self.attrs["dataset"])
        sibling = f"{self.storage.url.rsplit('/', 1)[0]}/datasets/{recorded.rstrip('/').rsplit('/', 1)[-1]}"
        moved = not open_storage(recorded).exists("zarr.json") and open_storage(sibling).exists("zarr.json")
        return sibling if moved else recorded

    def attempt(self) -> Attempt:
        """Take the right to write to the run; see :func:`pylops_distributed.storage.lease.acquire`.

        Raises
        ------
        RunBusyError
            If another process is working on it.
        """
        attempt = acquire(self.storage)
        try:
            sweep_results(self.storage, attempt.number)
        except BaseException:
            attempt.close()
            raise
        return attempt

    def write_result(
        self,
        attempt: Attempt,
        variables: Mapping[str, LabelledArray],
        *,
        checkpoint: str | None = None,
        attrs: Mapping[str, object] | None = None,
    ) -> str:
        """Write the result, chunk by chunk, and publish it as a whole; one written before is replaced.

        Each goes to a separate place, see :mod:`pylops_distributed.storage.results`.

        Parameters
        ----------
        attempt : Attempt
            The right to write.
        variables : mapping of str to Variable
            The arrays; ``xarray.Dataset.variables`` will do.
        checkpoint : str, optional
            Name of the checkpoint that it was made from.
        attrs : mapping, optional
            JSON attributes: ``reason`` shows up in :meth:`status`, ``coordinates`` names, with blanks between
            them, those variables that are coordinates without being an axis. ``iteration`` is that of the checkpoint.

        Returns
        -------
        str
            Path of the result in the run.

        Raises
        ------
        SupersededError
            If a newer attempt has taken over the run.
        """
        about = {
            **(attrs or {}), "run_id": self.attrs["run_id"], "fingerprint": self.attrs["fingerprint"],
            "attempt": attempt.number, "checkpoint": checkpoint, "created_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        if checkpoint is not None:
            about["iteration"] = CheckpointKey.of(checkpoint).iteration
        return store_result(self.storage, attempt, variables, about)

    @property
    def result(self) -> str | None:
        """Path, in the run, of the result that counts; None if there is none."""
        return result_path(self.storage)

    @property
    def report(self) -> str | None:
        """Key, in the run, of the report of that result; None if it was not drawn."""
        return report_key(self.storage)

    def status(self) -> Status:
        """How the run stands."""
        last, saved = owner(self.storage), published_checkpoints(self.storage)
        checkpoint = _attrs(self.storage, saved[-1].path) if saved else None
        result = attrs_if_intact(self.storage)
        failed = failure(self.storage, last.number) if last else None
        newest, kept = saved[-1].iteration if saved else None, _attrs(self.storage, CHECKPOINTS) or {}
        made_from = iteration_of(result)
        state = _state(last, failed, newest, made_from, kept)
        signs = [self.attrs["created_at"]] + [a["created_at"] for a in (checkpoint, result) if a]
        times = [datetime.fromisoformat(t) for t in signs]
        if last is not None:
            times.append(datetime.fromtimestamp(last.seen, UTC))
        return Status(
            url=self.storage.url,
            run_id=self.attrs["run_id"],
            state=state,
            reason=failed or _reason(kept, newest) or (result.get("reason") if result else None),
            iteration=newest,
            metrics=checkpoint["metrics"] if checkpoint else {},
            figures=(result.get("metrics") or {}) if result else {},
            attempts=last.number if last else 0,
            owner=last,
            size=sum(size for _, size in self.storage.sizes()),
            created_at=times[0],
            updated_at=max(times),
            niter=kept.get("niter"),
            result_iteration=made_from,
            advice=None if state == "running" else self._advice(state, made_from, newest),
        )

    def _advice(self, state: str, made_from: int | None, newest: int | None) -> str | None:
        if state == "solved" and {"problem", "dataset"} <= self.attrs.keys():
            return f"solved, without a result yet: pld postprocess {self.name}"
        return describe_outdated(self.storage.url, made_from, newest)


def find_runs(root: str | Path) -> Iterator[tuple[str, Run | Exception]]:
    """Runs directly below a folder or prefix: name and run, or the error that opening it raised."""
    storage = open_storage(root)
    for name in storage.dirs():
        try:
            yield name, Run.open(f"{storage.place}/{name}")
        except (FileNotFoundError, ValueError):  # a dataset, or nothing of ours
            continue
        except (CorruptionError, OSError) as error:
            yield name, error


def list_runs(root: str | Path) -> list[Run]:
    """The runs directly below a folder or prefix, by name; unreadable ones are left out, with a warning."""
    runs = []
    for name, run in find_runs(root):
        if isinstance(run, Run):
            runs.append(run)
        elif isinstance(run, CorruptionError | PermissionError):
            logger.warning("run %s is left out: %s", name, run)
        else:
            raise run
    return runs


def describe_outdated(url: str, made_from: int | None, newest: int | None) -> str | None:
    """Words about a result that is not of the newest iterate, with the command that makes it anew; None if it is."""
    if made_from in (None, NO_CHECKPOINT, newest) or newest is None:
        return None
    command = f"pld postprocess {open_storage(url).place.rsplit('/', 1)[-1]}"
    return f"the result is of iteration {made_from}, the newest iterate is {newest}: {command}"


def _state(
    last: Owner | None, failed: str | None, newest: int | None, made_from: int | None, kept: Json
) -> Literal["new", "running", "interrupted", "failed", "solved", "out of date", "finished"]:
    """State of a run from its last attempt, its newest iterate, and the one that its result was made from."""
    if last and last.alive:
        return "running"
    if failed:
        return "failed"
    ended = newest is not None and (kept.get("ended") or {}).get("iteration") == newest
    if made_from is not None and (newest is None or made_from in (newest, NO_CHECKPOINT)):
        return "finished"
    if made_from is not None:
        more = newest is not None and newest > made_from and newest < (kept.get("niter") or 0)
        return "interrupted" if more and not ended else "out of date"
    if ended:
        return "solved"
    return "interrupted" if last else "new"


def _reason(kept: Json, newest: int | None) -> str | None:
    """Why the solver ended at the newest iterate, if it did."""
    ended = kept.get("ended") or {}
    return ended.get("reason") if ended.get("iteration") == newest else None


def iteration_of(result: Json | None) -> int | None:
    """Iteration that a result was made from; None if there is no result."""
    if result is None:
        return None
    if (iteration := result.get("iteration")) is not None:
        return int(iteration)
    return CheckpointKey.of(result["checkpoint"]).iteration if result.get("checkpoint") else NO_CHECKPOINT


def _attrs(storage: Storage, path: str) -> Json | None:
    """Attributes of a group, or None where there are none to be trusted."""
    try:
        return read_attrs(storage, path)
    except (FileNotFoundError, CorruptionError):
        return None
