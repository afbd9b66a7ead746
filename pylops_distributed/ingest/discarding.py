"""Deletion of datasets, finished or not."""

from __future__ import annotations

import os
from collections.abc import Iterable

from pylops_distributed.ingest.journal import NOTES, ROOT, WORK
from pylops_distributed.ingest.sealed_datasets import SCHEMA, discard_words
from pylops_distributed.storage.local_files import locked
from pylops_distributed.storage.object_store import Storage, open_storage


def discard(url: str, *, sealed: bool = False) -> None:
    """Delete the unfinished ingest at ``url``, or a dataset.

    Parameters
    ----------
    url : str
        Local folder or ``s3://bucket/prefix``.
    sealed : bool, optional
        Whether a finished dataset may be deleted, too.

    Raises
    ------
    FileExistsError
        If there is a finished dataset and ``sealed`` is false, or if a finished group is no dataset.
    FileNotFoundError
        If there is neither a dataset nor an unfinished ingest.
    """
    storage = open_storage(url)
    state = dataset_state(storage)
    discard_replacement(storage)
    if state is None:
        raise FileNotFoundError(f"there is neither a dataset nor an unfinished ingest at {storage.place}.")
    if state == "sealed" and not sealed:
        raise FileExistsError(
            f"{storage.place} is sealed, so it is not discarded without sealed=True, or: {discard_words(storage)}"
        )
    delete(storage)


def dataset_state(storage: Storage) -> str | None:
    """``'sealed'``, ``'unfinished'`` or None.

    Raises
    ------
    FileExistsError
        If there is another Zarr group, which was not ingested.
    """
    if not storage.exists(ROOT):
        return "unfinished" if storage.exists(NOTES) else None
    if SCHEMA.encode() not in storage.get(ROOT):  # also where it is corrupt and cannot be read as JSON
        raise FileExistsError(
            f"{storage.place} holds Zarr data that were not ingested: they are not deleted. Choose another place, or "
            "delete them yourself."
        )
    return "sealed"


def delete(storage: Storage) -> None:
    """Delete a dataset; root and notes last, so that a deletion that was stopped can be repeated."""
    for folder in storage.dirs():
        if folder != WORK:
            storage.delete_prefix(folder)
    storage.delete_prefix("")


def check_replaceable(storage: Storage, places: Iterable[str]) -> None:
    """Raise where a dataset cannot be replaced: it is no dataset, or one of the sources lies in it."""
    if dataset_state(storage) is None:
        return
    for place in places:
        if f"{open_storage(place).place.rstrip('/')}/".startswith(f"{storage.place.rstrip('/')}/"):
            raise FileExistsError(
                f"{storage.place} cannot be replaced: the source {place!r} lies in it. Choose another place."
            )


def place_of_replacement(storage: Storage) -> Storage | None:
    """Where the dataset is written that is to replace another; None where nothing can be renamed to its place."""
    if storage.folder is None or os.path.ismount(storage.folder):
        return None
    folder = storage.folder.resolve()  # of a link, next to what it leads to
    return open_storage(folder.with_name(f".{folder.name}.replacement"))


def discard_replacement(storage: Storage) -> None:
    """Delete what an earlier replacement that was stopped has left next to a dataset."""
    replacement = place_of_replacement(storage)
    if replacement is None or replacement.folder is None or not replacement.folder.exists():
        return
    with locked(replacement.folder.parent):
        if dataset_state(replacement) is not None:
            delete(replacement)
