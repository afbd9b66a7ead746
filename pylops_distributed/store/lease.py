"""Who may write to a run: numbered attempts, each refused while the one before is alive."""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
import time
import uuid
import weakref
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from pylops_distributed.store.damage import Damaged
from pylops_distributed.store.fingerprint import machinery
from pylops_distributed.store.group import Json, encode, read_attrs
from pylops_distributed.store.storage import Storage

logger = logging.getLogger(__name__)

ROOT = "attempts"
RENEW = 20.0
TTL = 90.0


class RunBusy(RuntimeError):
    """Another process is working on the run."""


class Superseded(RuntimeError):
    """A newer attempt has taken the run over; this one may not write any more."""


@dataclass(frozen=True)
class Owner:
    """The process behind an attempt, and when it was last heard of.

    Attributes
    ----------
    number : int
        Number of the attempt.
    host : str
        Name of its machine.
    pid : int
        Its process.
    since, seen : float
        When it began and last renewed its lease, in seconds since 1970.
    alive : bool
        Whether it still holds the run.
    """

    number: int
    host: str
    pid: int
    since: float
    seen: float
    alive: bool


# Attempts of this process by their UUIDs: the others are over, though a full disk may have kept one from saying so.
_held: set[str] = set()


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
            target=_renew, args=(storage, number, self._stop), name=f"lease-a{number:04d}", daemon=True
        )
        self._thread.start()
        weakref.finalize(self, self._stop.set)
        weakref.finalize(self, _held.discard, uuid)

    def check(self) -> None:
        """Raise :class:`Superseded` if a newer attempt exists."""
        if self.storage.exists(_record(self.number + 1)):
            raise Superseded(
                f"attempt {self.number} at {self.storage.url} was superseded by a newer one; "
                "nothing more is written by this process: stop it"
            )

    def fail(self, words: str) -> None:
        """Note that this attempt has failed for good: trying it again would fail the same way."""
        self.storage.put(f"{_path(self.number)}/failure/zarr.json", encode({"words": words}))

    def close(self) -> None:
        """Give the run free."""
        self._stop.set()
        self._thread.join()
        _held.discard(self._uuid)
        _beat(self.storage, self.number, released=True, quiet=self.quiet)

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def acquire(storage: Storage) -> Attempt:
    """Begin the next attempt at a run.

    Parameters
    ----------
    storage : Storage
        The run's storage.

    Raises
    ------
    RunBusy
        If another attempt is alive: its process runs on this machine, or it renewed its lease, on any, less
        than 90 s ago.
    """
    while True:
        last = ensure_free(storage)
        number = last.number + 1 if last else 1
        if last is not None and not _released(storage, last.number):
            logger.warning("attempt %d at %s ended without notice; attempt %d takes over",
                           last.number, storage.url, number)  # fmt: skip
        about = _self()
        _held.add(about["uuid"])  # before others in this process can see it
        with ExitStack() as undo:
            undo.callback(_held.discard, about["uuid"])
            if storage.put_new(_record(number), encode(about)):
                storage.sync(_record(number))
                _beat(storage, number)
                attempt = Attempt(storage, number, about["uuid"])
                undo.pop_all()
                return attempt


def ensure_free(storage: Storage) -> Owner | None:
    """The owner of the newest attempt, if there was one and it is gone; :class:`RunBusy` if it is alive."""
    last = owner(storage)
    if last is not None and last.alive:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(last.since))
        ago = f"{time.time() - last.seen:.0f} s ago"
        raise RunBusy(
            f"{storage.url} is being worked on by process {last.pid} on {last.host} "
            f"(attempt {last.number}, since {since}, last seen {ago}); wait for it or stop it. "
            f"If that machine is gone, try again {TTL:.0f} s after it was last seen"
        )
    return last


def owner(storage: Storage) -> Owner | None:
    """Who began the newest attempt, and whether it is alive; None if there was no attempt."""
    names = [name for name in storage.dirs(ROOT) if storage.exists(f"{ROOT}/{name}/zarr.json")]
    if not names:
        return None
    number = max(int(name[1:]) for name in names)
    try:
        record = read_attrs(storage, _path(number))
    except Damaged as error:
        logger.warning("attempt %d counts as dead: %s", number, error)
        return Owner(number, "unknown", 0, 0.0, 0.0, False)
    lease = _lease(storage, number)
    seen = lease.get("renewed") or record["since"]
    alive = not lease.get("released") and time.time() - seen < TTL and _may_live(record)
    return Owner(number, record["host"], record["pid"], record["since"], seen, alive)


def is_over(storage: Storage, number: int) -> bool:
    """Whether an attempt is known to write no more: it said so, or its process, of this machine, is gone."""
    if _lease(storage, number).get("quiet"):
        return True
    try:
        record = read_attrs(storage, _path(number))
    except (FileNotFoundError, Damaged):
        return False
    return record["pid"] != os.getpid() and not _may_live(record)


def failure(storage: Storage, number: int) -> str | None:
    """Why an attempt has failed for good; None if it has not."""
    try:
        return str(read_attrs(storage, f"{_path(number)}/failure")["words"])
    except (FileNotFoundError, Damaged):
        return None


def _path(number: int) -> str:
    return f"{ROOT}/a{number:04d}"


def _record(number: int) -> str:
    return f"{_path(number)}/zarr.json"


def _lease(storage: Storage, number: int) -> Json:
    """Last sign of life of an attempt; empty if there is none yet."""
    try:
        return read_attrs(storage, f"{_path(number)}/lease")
    except (FileNotFoundError, Damaged):
        return {}


def _released(storage: Storage, number: int) -> bool:
    return bool(_lease(storage, number).get("released"))


def _beat(storage: Storage, number: int, released: bool = False, quiet: bool = False) -> None:
    """Write a sign of life."""
    # A group without arrays, so that the whole run stays a Zarr hierarchy.
    attrs = {"renewed": time.time(), "released": released, "quiet": quiet}
    storage.put(f"{_path(number)}/lease/zarr.json", encode(attrs))


def _renew(storage: Storage, number: int, stop: threading.Event) -> None:
    """Give signs of life until told to stop."""
    while not stop.wait(RENEW):
        try:
            _beat(storage, number)
        except Exception as error:  # a store that is away for a while must not end the run
            logger.warning("could not renew the lease of attempt %d: %s", number, error)


@cache
def _machine() -> str:
    """This boot of this machine and, in containers, this one's processes."""
    boot, pids = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    start = boot.read_text().strip() if boot.exists() else str(round(psutil.boot_time()))
    return f"{socket.gethostname()} {start} {os.readlink(pids) if pids.is_symlink() else ''}".strip()


def _self() -> Json:
    """What is to be known about this process."""
    return {
        "schema": "pylops-distributed-attempt/1", "uuid": uuid.uuid4().hex, "since": time.time(),
        "host": socket.gethostname(), "machine": _machine(), "pid": os.getpid(),
        "process_started": psutil.Process().create_time(), **machinery(),
    }  # fmt: skip


def _may_live(record: Json) -> bool:
    """False if the process ran on this machine and is not there any more: no need to wait for its lease."""
    if record["machine"] != _machine():
        return True
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - float(record["process_started"])) < 1
        mine = record["pid"] == os.getpid()
        return same and process.status() != psutil.STATUS_ZOMBIE and (not mine or record["uuid"] in _held)
    except psutil.NoSuchProcess:
        return False
