"""The working notes of an unfinished ingest, stored beside its arrays."""

from __future__ import annotations

from typing import Any

from pylops_distributed.ingest.source import Source
from pylops_distributed.ingest.values import ArrayLayout, Block, Value, cut_blocks
from pylops_distributed.storage import Storage

ROOT, WORK = "zarr.json", ".ingest"
NOTES = f"{WORK}/plan.json"
BLOCK_BYTES = 64 << 20


class Notes(Value):
    """The plan in full.

    ``stamps`` are the files' sizes and times of change, ``coordinates`` the names of those coordinates that
    are no dimensions, ``attrs`` the attributes of the dataset.
    """

    fingerprint: str
    sources: dict[str, Source]
    stamps: dict[str, tuple[int, int] | None]
    arrays: dict[str, ArrayLayout]
    coordinates: tuple[str, ...]
    attrs: dict[str, Any]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What there is to write."""
        return tuple(cut_blocks(self.arrays, BLOCK_BYTES))


def read_notes(storage: Storage) -> Notes:
    """Notes of the ingest under way.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    try:
        return Notes.model_validate_json(storage.get(NOTES))
    except FileNotFoundError:
        raise FileNotFoundError(f"no ingest into {storage.url!r} is under way: call plan() first.") from None
