"""Leases of runs: numbered attempts, each rejected while the one before is alive.

No wall clock has a say in it. On one machine a process is known by its number and by when the kernel says it began, and
its lease by the machine's own monotonic clock. A process on another machine is watched: as long as its lease changes
within ``storage.lease-time`` on the clock of who watches, it is alive.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import socket
import threading
import time
import uuid
import weakref
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import psutil

from pylops_distributed import tuning
from pylops_distributed.compat.linux import boot_and_namespaces, process_start
from pylops_distributed.errors import CorruptionError, RunBusyError, RunGoneError, SupersededError
from pylops_distributed.storage.group_metadata import Json, encode, read_attrs
from pylops_distributed.storage.owner import Owner
from pylops_distributed.storage.provenance import machinery

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

__all__ = [
    "Attempt",
    "Owner",
    "RunBusyError",
    "RunGoneError",
    "SupersededError",
    "acquire",
    "ensure_free",
    "failure",
    "is_over",
    "owner",
]

logger = logging.getLogger(__name__)

ROOT = "attempts"
NAME = re.compile(r"a\d{4,}", re.ASCII)


# Attempts of this process by their UUIDs: the others are over, though a full disk may have kept one from saying so.
_held: set[str] = set()
# Leases of other machines, by place and attempt: the last lease, and when this process's clock first saw it.
_watched: dict[tuple[str, int], tuple[Json, float]] = {}


class Attempt:
    """The right to write to a run, until closed or superseded. Made by :func:`acquire`; a context manager.

    Its number is the fencing token: whoever begins attempt n + 1 ends attempt n's right to publish, even if
    that one still runs somewhere and does not know.

    Attributes
    ----------
    storage : Storage
        The run's storage.
    number : int
        1 for the first attempt at the run.
    counter : iterator of int
        Numbers for the results that it writes.
    quiet : bool
        Whether nothing writes any more once it is closed; not so where a save is stuck.
    """

    def __init__(self, storage: Storage, number: int, uuid: str) -> None:
        self.storage = storage
        self.number = number
        self.counter = itertools.count(1)  # of results: no place is ever used twice
        self.quiet = True
        self._uuid = uuid
        self._stop = threading.Event()
        # Bound to nothing of `self`: an attempt that is forgotten stops renewing, and its lease runs out.
        self._thread = threading.Thread(
            target=_renew, args=(storage, number, uuid, self._stop, tuning.seconds("storage.lease-renewal")),
            name=f"lease-a{number:04d}", daemon=True,
        )  # fmt: skip
        self._thread.start()
        weakref.finalize(self, self._stop.set)
        weakref.finalize(self, _held.discard, uuid)

    def check(self) -> None:
        """Raise :class:`SupersededError` if a newer attempt exists, :class:`RunGoneError` if the run was deleted."""
        if self.storage.exists(_record(self.number + 1)):
            raise SupersededError(
                f"attempt {self.number} at {self.storage.place} was superseded by a newer one; "
                "nothing more is written by this process: stop it"
            )
        _ensure_own(self.storage, self.number, self._uuid)

    def fail(self, words: str) -> None:
        """Note that this attempt has failed for good: trying it again would fail the same way."""
        self.storage.put(f"{_path(self.number)}/failure/zarr.json", encode({"words": words}))

    def end(self) -> None:
        """Stop renewing, without a word about it."""
        self._stop.set()
        self._thread.join()
        _held.discard(self._uuid)

    def close(self) -> None:
        """Release the run."""
        self.end()
        try:
            _renew_lease(self.storage, self.number, self._uuid, released=True, quiet=self.quiet)
        except FileNotFoundError as error:  # it was moved or deleted: check() raises for whoever writes
            logger.warning("attempt %d cannot be released: %s", self.number, error)

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def acquire(storage: Storage, *, deletes: bool = False, after: int | None = None) -> Attempt:
    """Begin the next attempt at a run.

    Parameters
    ----------
    storage : Storage
        The run's storage.
    deletes : bool, optional
        Whether it is to delete the run: then no attempt is begun after it, however long it takes.
    after : int, optional
        Number of the attempt that has to be the newest.

    Raises
    ------
    RunBusyError
        If another attempt is alive: its process runs on this machine and renewed its lease less than 90 s ago, or it
        was seen to renew it on another. One of another machine is watched for up to 90 s.
    RunGoneError
        If the run is being deleted.
    """
    while True:
        last = ensure_free(storage, deletes=deletes)
        newest = last.number if last else 0
        if after is not None and newest != after:
            raise RunBusyError(
                f"{storage.place} was worked on meanwhile: attempt {newest} has come since {after}; look again"
            )
        number = newest + 1
        if last is not None and not _is_released(storage, last.number):
            logger.warning("attempt %d at %s ended without notice; attempt %d takes over",
                           last.number, storage.place, number)  # fmt: skip
        about = _self() | ({"deletes": True} if deletes else {})
        _held.add(about["uuid"])  # before others in this process can see it
        with ExitStack() as undo:
            undo.callback(_held.discard, about["uuid"])
            if storage.put_new(_record(number), encode(about)):
                storage.sync(_record(number))
                _renew_lease(storage, number, about["uuid"])
                attempt = Attempt(storage, number, about["uuid"])
                undo.pop_all()
                return attempt


def ensure_free(storage: Storage, *, deletes: bool = False) -> Owner | None:
    """The owner of the newest attempt, if there was one and it is gone; :class:`RunBusyError` if it is alive.

    A lease of another machine is watched until it changes, or has not for ``storage.lease-time``.
    """
    warned, most, pause = False, _lease_time(), tuning.seconds("storage.lease-check-interval")
    while (last := owner(storage)) is not None:
        if last.deletes and not deletes:
            raise RunGoneError(
                f"{storage.place} is being deleted, by process {last.pid} on {last.host}: give another place, or "
                "finish that with pld runs --prune --yes"
            )
        watched = _watched.get((storage.url, last.number))
        if last.here or watched is None:
            if last.alive:
                raise _busy(storage, last)
            return last
        if time.monotonic() - watched[1] >= most:
            return last
        if watched[0].get("changed"):
            raise _busy(storage, last)
        if not warned:
            logger.warning("watching for up to %.0f s whether attempt %d at %s is alive on %s",
                           most, last.number, storage.place, last.host)  # fmt: skip
            warned = True
        time.sleep(min(pause, most / 10))
    return None


def _busy(storage: Storage, last: Owner) -> RunBusyError:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(last.since))
    age = time.time() - last.seen
    ago = f"{age:.0f} s ago"
    if age < -1:
        ago = f"{-age:.0f} s in the future by the clock of this machine, so the two clocks differ"
    return RunBusyError(
        f"{storage.place} is being worked on by process {last.pid} on {last.host} "
        f"(attempt {last.number}, since {since}, last seen {ago}); wait for it or stop it. "
        "If that machine is gone, try again: its lease counts no more once it has not changed for "
        f"{_lease_time():.0f} s"
    )


def owner(storage: Storage) -> Owner | None:
    """Owner of the newest attempt, and whether it is alive; None if there was no attempt."""
    names = [n for n in storage.dirs(ROOT) if NAME.fullmatch(n) and storage.exists(f"{ROOT}/{n}/zarr.json")]
    if not names:
        return None
    number = max(int(name[1:]) for name in names)
    try:
        record = read_attrs(storage, _path(number))
    except CorruptionError as error:
        logger.warning("attempt %d counts as dead: %s", number, error)
        return Owner(number, "unknown", 0, 0.0, 0.0, False)
    lease, here = _lease(storage, number), record["machine"] == _machine()
    oldest = time.time() - tuning.seconds("storage.lease-age")
    seen = lease.get("renewed") or record["since"]
    if lease.get("released"):
        alive = False
    elif here:
        alive = _may_live(record) and not _has_lapsed(lease, record)
    else:
        alive = _may_renew(storage, number, lease) and seen > oldest
    return Owner(
        number, record["host"], record["pid"], record["since"], seen, alive,
        here or bool(lease.get("released")), bool(record.get("deletes")),
    )  # fmt: skip


def is_over(storage: Storage, number: int) -> bool:
    """Whether an attempt is known to write no more: it said so, or its process, of this machine, is gone."""
    if _lease(storage, number).get("quiet"):
        return True
    try:
        record = read_attrs(storage, _path(number))
    except (FileNotFoundError, CorruptionError):
        return False
    return record["machine"] == _machine() and record["pid"] != os.getpid() and not _runs(record)


def failure(storage: Storage, number: int) -> str | None:
    """Why an attempt has failed for good; None if it has not."""
    try:
        return str(read_attrs(storage, f"{_path(number)}/failure")["words"])
    except (FileNotFoundError, CorruptionError):
        return None


def _path(number: int) -> str:
    return f"{ROOT}/a{number:04d}"


def _record(number: int) -> str:
    return f"{_path(number)}/zarr.json"


def _lease(storage: Storage, number: int) -> Json:
    """Last sign of life of an attempt; empty if there is none yet."""
    try:
        lease = read_attrs(storage, f"{_path(number)}/lease")
        own = "uuid" not in lease or lease["uuid"] == read_attrs(storage, _path(number))["uuid"]
        return lease if own else {}  # of a run that was here before
    except (FileNotFoundError, CorruptionError):
        return {}


def _ensure_own(storage: Storage, number: int, uuid: str) -> None:
    """Raise :class:`RunGoneError` if the attempt of this number is another's: then the run is another, too."""
    try:
        owner_uuid = read_attrs(storage, _path(number)).get("uuid")
    except CorruptionError:
        return  # no other attempt can have this number
    except FileNotFoundError:
        owner_uuid = None
    if owner_uuid != uuid:
        raise RunGoneError(
            f"{storage.place} is no longer the run that attempt {number} works on: it was moved or deleted meanwhile. "
            "Nothing is written there; resume the run where it is now"
        )


def _is_released(storage: Storage, number: int) -> bool:
    return bool(_lease(storage, number).get("released"))


def _renew_lease(
    storage: Storage, number: int, owner: str, released: bool = False, quiet: bool = False
) -> None:
    """Write a sign of life of the attempt of this UUID."""
    _ensure_own(storage, number, owner)
    # A group without arrays, so that the whole run stays a Zarr hierarchy. The UUID makes each one differ, whatever
    # the clocks do; the monotonic time is for processes of this machine.
    attrs = {
        "renewed": time.time(), "released": released, "quiet": quiet, "uuid": owner,
        "monotonic": time.monotonic(), "beat": uuid.uuid4().hex,
    }  # fmt: skip
    storage.put(f"{_path(number)}/lease/zarr.json", encode(attrs))


def _renew(storage: Storage, number: int, owner: str, stop: threading.Event, every: float) -> None:
    """Renew the lease every so many seconds until ``stop`` is set."""
    while not stop.wait(every):
        try:
            _renew_lease(storage, number, owner)
        except Exception as error:  # a store that is away for a while must not end the run
            logger.warning("could not renew the lease of attempt %d: %s", number, error)


@cache
def _machine() -> str:
    """This boot of this machine and, in containers, this one's processes."""
    return " ".join([socket.gethostname(), *boot_and_namespaces()])


def _self() -> Json:
    """Host, process and start of this attempt."""
    return {
        "schema": "pylops-distributed-attempt/1", "uuid": uuid.uuid4().hex, "since": time.time(),
        "host": socket.gethostname(), "machine": _machine(), "pid": os.getpid(),
        "process_started": psutil.Process().create_time(), "started": process_start(os.getpid()),
        "monotonic": time.monotonic(), **machinery(),
    }  # fmt: skip


def _runs(record: Json) -> bool:
    """Whether there is a process of the number of a record of this machine, that is not dead already."""
    try:
        return bool(psutil.Process(record["pid"]).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _may_live(record: Json) -> bool:
    """False if the process ran on this machine and is not there any more: no need to wait for its lease."""
    if not _runs(record):
        return False
    if record["pid"] == os.getpid():
        return record["uuid"] in _held
    try:
        # Another process of that number, unless the record is of an older version, which noted the wall clock's time.
        return "started" not in record or bool(record["started"] == process_start(record["pid"]))
    except psutil.NoSuchProcess:
        return False


def _lease_time() -> float:
    return tuning.seconds("storage.lease-time")


def _has_lapsed(lease: Json, record: Json) -> bool:
    """Whether a lease of this machine was not renewed in time, by the clock that all its processes share."""
    last: Any = lease.get("monotonic") or record.get("monotonic")
    if last is None:  # of an older version
        return bool(time.time() - (lease.get("renewed") or record["since"]) >= _lease_time())
    return bool(time.monotonic() - last >= _lease_time())


def _may_renew(storage: Storage, number: int, lease: Json) -> bool:
    """Whether a lease of another machine has changed within its time, on this process's own clock."""
    key, now = (storage.url, number), time.monotonic()
    watched = _watched.get(key)
    if watched is None:
        _watched[key] = {"lease": lease}, now
    elif watched[0]["lease"] != lease:
        _watched[key] = {"lease": lease, "changed": True}, now
    return now - _watched[key][1] < _lease_time()
