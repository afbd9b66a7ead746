"""A dataset in the place of another: written next to it, and swapped with it once it is complete.

The old dataset can be read until then, whatever ends the ingest before. Object stores cannot rename: there the old one
is deleted before the new one is written.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pylops_distributed.ingest.discarding import delete
from pylops_distributed.ingest.journal import ROOT, WORK
from pylops_distributed.ingest.sealed_datasets import read_ref
from pylops_distributed.storage.local_files import exchange, locked
from pylops_distributed.storage.object_store import open_storage

if TYPE_CHECKING:
    from pylops_distributed.ingest.models import DatasetRef, Plan

log = logging.getLogger(__name__)


def replaced_already(plan: Plan) -> DatasetRef | None:
    """The dataset of a plan that replaces another, if it is in its place."""
    try:
        there = read_ref(plan.replaces or "")
    except (FileNotFoundError, ValueError):  # the old one is unfinished, or corrupt
        return None
    return there if there.fingerprint == plan.fingerprint else None


def put_in_place(plan: Plan) -> DatasetRef:
    """Swap a sealed dataset with the one that it replaces, and delete that.

    Raises
    ------
    FileNotFoundError
        If the dataset is neither sealed nor in its place.
    """
    new, old = open_storage(plan.url), open_storage(plan.replaces or "")
    assert new.folder is not None
    assert old.folder is not None
    with locked(new.folder.parent):
        if (there := replaced_already(plan)) is not None:  # by another ingest of the same
            return there
        if not new.exists(ROOT) or read_ref(plan.url).fingerprint != plan.fingerprint:
            raise FileNotFoundError(
                f"the dataset that replaces {old.place} was deleted meanwhile: ingest it again."
            )
        exchange(new.folder, old.folder.resolve())
        try:
            new.delete_prefix(WORK)
            delete(new)  # the old one
        except OSError as error:
            log.warning("what %s replaced is not deleted: %s", old.place, error)
    return read_ref(old.url)
