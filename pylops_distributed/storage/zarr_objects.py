"""Zarr's view of objects: a store that raises where something has gone, and outlives that on its way to a worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError

from pylops_distributed.compat.zarr import reason_of
from pylops_distributed.storage.codecs import CheckedStore

if TYPE_CHECKING:
    from zarr.abc.buffer import Buffer, BufferPrototype
    from zarr.abc.store import ByteRequest

    from pylops_distributed.vectors.types import Settings

METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")


class Objects(CheckedStore):
    """Zarr's view of objects: nothing is written to a place that has gone, or read as if nothing had been written."""

    base: Path | None = None
    whole: bool = False
    gone: str | None = None
    _pickled: bytes = b""

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """An object; None if there is none."""
        self._expect_folder()
        data = await super().get(key, prototype, byte_range)
        if data is None and self.whole and not key.endswith(METADATA):
            raise FileNotFoundError(
                f"the chunk {key} is gone: it was deleted or replaced as it was read; open it again"
            )
        return data

    def with_read_only(self, read_only: bool = False) -> Objects:
        """The same view, to read or to write."""
        other = type(self)(self.store, read_only=read_only)
        other.base, other.whole = self.base, self.whole
        return other

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object."""
        self._expect_folder()
        if self.base is not None and not self.base.is_dir():
            raise FileNotFoundError(f"there is no folder {self.base}: it was moved or deleted")
        await super().set(key, value)

    async def exists(self, key: str) -> bool:
        """Whether there is an object."""
        self._expect_folder()
        return await super().exists(key)

    def __setstate__(self, state: Settings) -> None:
        """Take the state of a pickled view; where its folder has gone since, every use is an error, and not this.

        A worker that cannot read a message leaves its cluster, with all that it holds.
        """
        pickled = state["store"]
        try:
            super().__setstate__(state)
        except BaseError as error:
            self.__dict__.update(state | {"store": obstore.store.MemoryStore(), "gone": reason_of(error)})
            self._pickled = pickled

    def __getstate__(self) -> Settings:
        """Return the state, of a view whose folder has gone as it came."""
        if self.gone:
            return self.__dict__ | {"store": self._pickled, "gone": None}
        state: Settings = super().__getstate__()
        return state

    def _expect_folder(self) -> None:
        if self.gone:
            raise FileNotFoundError(f"a folder was deleted while its objects were on their way: {self.gone}")
