"""Results: each at a separate place, which no other attempt ever writes to; the newest published one counts.

``result/a0003-0001`` is the first result of attempt 3. It is published as checkpoints are, by its ``zarr.json`` alone,
and replaces the ones before because its name sorts after theirs: there is no pointer that a writer who was overtaken
could set back. Its report lies at ``report/a0003-0001.html``, so each report is of one result. Runs of older versions
have one result in ``result`` itself, and ``report.html``; they are read until there is a newer one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pylops_distributed import tuning
from pylops_distributed.errors import CorruptionError
from pylops_distributed.registry import import_on_use
from pylops_distributed.storage.fence import abandon, is_leftover, is_published
from pylops_distributed.storage.group_metadata import (
    Json,
    LabelledArray,
    delete_group,
    metadata_key,
    read_attrs,
)
from pylops_distributed.storage.lease import Attempt, is_over

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

ROOT = "result"
REPORTS = "report"
OLD_REPORT = "report.html"
NAME = re.compile(r"a(\d{4,})-(\d{4,})", re.ASCII)
log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Place:
    """Where a result is written; sorts from the oldest to the newest.

    Attributes
    ----------
    attempt : int
        Attempt that writes it.
    number : int
        1 for that attempt's first result.
    """

    attempt: int
    number: int

    @property
    def name(self) -> str:
        """Name of its group."""
        return f"a{self.attempt:04d}-{self.number:04d}"

    @property
    def path(self) -> str:
        """Path of its group in the run."""
        return f"{ROOT}/{self.name}"

    @property
    def report(self) -> str:
        """Key of its report in the run."""
        return f"{REPORTS}/{self.name}.html"


def places(storage: Storage) -> list[Place]:
    """All places of results, oldest first, published or not."""
    matches = (NAME.fullmatch(name) for name in storage.dirs(ROOT))
    return sorted(Place(int(one[1]), int(one[2])) for one in matches if one)


def results(storage: Storage) -> list[Place]:
    """The published results, oldest first; all but the last have been replaced."""
    while True:
        listed = places(storage)
        # Newest first: what replaces another is published before the other goes.
        published = [place for place in reversed(listed) if is_published(storage, place.path)]
        if published or places(storage) == listed:
            return published[::-1]


def result_path(storage: Storage) -> str | None:
    """Path of the result that counts; None if there is none."""
    if published := results(storage):
        return published[-1].path
    return ROOT if is_published(storage, ROOT) else None


def result_attrs(storage: Storage) -> Json | None:
    """Attributes of the result that counts; None if there is none.

    Raises
    ------
    CorruptionError
        If they have changed since they were written.
    """
    for _ in range(tuning.count("storage.result-tries")):
        if (path := result_path(storage)) is None:
            return None
        try:
            return read_attrs(storage, path)
        except FileNotFoundError:  # replaced meanwhile
            continue
    return None


def report_key(storage: Storage) -> str | None:
    """Key of the report of the result that counts; None if it was not drawn yet."""
    path = result_path(storage)
    if path is None:
        return None
    key = _report_of(path)
    return key if storage.exists(key) else None


def put_report(storage: Storage, path: str, page: bytes) -> str:
    """Store the report of the result at ``path`` and return its key: one for each result, so none hides a newer."""
    key = _report_of(path)
    storage.put(key, page)
    storage.sync(key)
    return key


def store_result(
    storage: Storage, attempt: Attempt, variables: Mapping[str, LabelledArray], attrs: Mapping[str, object]
) -> str:
    """Write a result, chunk by chunk, publish it as a whole, and delete those that it replaces.

    Parameters
    ----------
    storage : Storage
        The run's storage.
    attempt : Attempt
        The right to write.
    variables : mapping of str to Variable
        The arrays.
    attrs : mapping
        JSON attributes.

    Returns
    -------
    str
        Path of the result in the run.

    Raises
    ------
    SupersededError
        If a newer attempt has taken over the run.
    """
    attempt.check()
    place = Place(attempt.number, next(attempt.counter))
    # Arrays are written by Dask, which listing runs does without.
    arrays = import_on_use("pylops_distributed.storage.atomic_group")
    try:
        arrays.write_group(storage, place.path, variables, attrs, check=attempt.check)
    except BaseException as error:
        if not isinstance(error, FileExistsError):
            delete_group(storage, place.path)
        if isinstance(error, OSError):  # a newer attempt may have put a fence there, and deleted this result
            attempt.check()
        raise
    attempt.check()  # whoever was overtaken meanwhile deletes nothing, and acknowledges nothing
    _delete_replaced(storage, place)
    return place.path


def sweep_results(storage: Storage, attempt: int) -> None:
    """Delete unpublished results of attempts before ``attempt``, and replaced ones; failures are logged."""
    newest = max(results(storage), default=None)
    for place in places(storage):
        if (
            place.attempt >= attempt
            or is_published(storage, place.path)
            or not is_leftover(storage, place.path)
        ):
            continue
        log.info("deleting %s, left unfinished by attempt %d", place.path, place.attempt)
        try:
            abandon(storage, place.path, over=is_over(storage, place.attempt))
        except OSError as error:
            log.warning("%s", error)
    if newest is not None:
        _delete_replaced(storage, newest)


def unfinished_results(storage: Storage) -> Iterator[str]:
    """Paths of the results that were begun and never published."""
    for place in places(storage):
        if not is_published(storage, place.path) and is_leftover(storage, place.path):
            yield place.path
    if not is_published(storage, ROOT) and any(not NAME.fullmatch(name) for name in storage.dirs(ROOT)):
        yield ROOT


def _delete_replaced(storage: Storage, newest: Place) -> None:
    """Delete results and reports older than ``newest``, which is published; never one that is newer.

    So a writer who was overtaken can delete nothing that counts, whenever it wakes.
    """
    try:
        for place in results(storage):
            if place < newest:
                delete_group(storage, place.path)
        for key in [*storage.list(REPORTS)]:
            one = NAME.fullmatch(key.rpartition("/")[2].removesuffix(".html"))
            if one and Place(int(one[1]), int(one[2])) < newest:
                storage.delete(key)
        if storage.exists(metadata_key(ROOT)):
            storage.delete(OLD_REPORT)
        delete_old(storage)
    except OSError as error:  # the new one exists all the same
        log.warning("a result that was replaced is not deleted: %s", error)


def delete_old(storage: Storage) -> None:
    """Delete a result in the place that older versions used, published or not."""
    storage.delete(metadata_key(ROOT))
    for name in storage.dirs(ROOT):
        if not NAME.fullmatch(name):
            storage.delete_prefix(f"{ROOT}/{name}")


def _report_of(path: str) -> str:
    name = path.rpartition("/")[2]
    return f"{REPORTS}/{name}.html" if NAME.fullmatch(name) else OLD_REPORT


def attrs_if_intact(storage: Storage) -> Json | None:
    """Attributes of the result that counts, or None where there are none to be trusted."""
    try:
        return result_attrs(storage)
    except CorruptionError:
        return None
