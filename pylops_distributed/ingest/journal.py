"""The working notes of an unfinished ingest, stored next to its arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pylops_distributed.ingest.formats.source import Source
from pylops_distributed.ingest.models import ArrayLayout, BlockRange, Value, cut_blocks

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

ROOT, WORK = "zarr.json", ".ingest"
# The notes are the attributes of a Zarr group: whoever lists the dataset finds nothing that is not Zarr.
NOTES = f"{WORK}/zarr.json"


class Notes(Value):
    """The plan in full.

    ``stamps`` are the sources' sizes and times of change (None, of folders, in older ones), ``folders`` the names of
    those that are folders or prefixes, ``coordinates`` the names of those coordinates that are no dimensions,
    ``traces`` the names of the arrays of trace numbers by variable, ``attrs`` the attributes of the dataset.
    """

    fingerprint: str
    block_bytes: int
    sources: dict[str, Source]
    stamps: dict[str, tuple[int, int] | None]
    folders: tuple[str, ...] = ()
    arrays: dict[str, ArrayLayout]
    coordinates: tuple[str, ...]
    traces: dict[str, str]
    attrs: dict[str, Any]

    @property
    def blocks(self) -> tuple[BlockRange, ...]:
        """All blocks to write."""
        return tuple(cut_blocks(self.arrays, self.block_bytes))

    def encode(self) -> bytes:
        """As stored."""
        return group_metadata(self.model_dump(mode="json"))


def group_metadata(attrs: Mapping[str, object]) -> bytes:
    """Content of the ``zarr.json`` of a group."""
    group = {"zarr_format": 3, "node_type": "group", "attributes": attrs}
    return json.dumps(group, allow_nan=False).encode()


def read_notes(storage: Storage) -> Notes:
    """Notes of the ingest under way.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    try:
        return Notes.model_validate(json.loads(storage.get(NOTES))["attributes"])
    except FileNotFoundError:
        raise FileNotFoundError(f"no ingest into {storage.url!r} is under way: call plan() first.") from None
