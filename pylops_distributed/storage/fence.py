"""Fences: how the next owner of a run ends for ever what an earlier one may still be about to publish.

A group is published by putting its ``zarr.json``, last and only if absent. Whoever deletes an unpublished group puts a
fence there first, in the same way: so the two exclude each other, however long the writer slept between its last look
at the lease and its last write. Nobody ever sees a published group with chunks deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.storage.group_metadata import FENCE, metadata_key

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage


def is_published(storage: Storage, path: str) -> bool:
    """Whether the group at ``path`` is published: neither absent nor fenced off."""
    return storage.size(metadata_key(path)) not in (None, len(FENCE))


def is_leftover(storage: Storage, path: str) -> bool:
    """Whether an unpublished group holds anything but a fence."""
    key = metadata_key(path)
    return any(other != key for other in storage.list(path))


def abandon(storage: Storage, path: str, *, over: bool = False) -> None:
    """Delete an unpublished group, so that it can never be published any more; a published one stays.

    Parameters
    ----------
    storage : Storage
        Where.
    path : str
        Path of the group.
    over : bool, optional
        Whether its writer is known to be gone: then no fence stays behind.
    """
    if over:
        if not is_published(storage, path):
            storage.delete_prefix(path)
        return
    if storage.put_new(metadata_key(path), FENCE):
        storage.sync(metadata_key(path))
        for name in storage.dirs(path):
            storage.delete_prefix(f"{path}/{name}")
