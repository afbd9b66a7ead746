"""Metadata of atomic groups: their attributes and digests, without their arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pylops_distributed.errors import CorruptionError

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

Json: TypeAlias = dict[str, Any]


# Put where nothing shall be published any more, see the module `fence`: a group for Zarr, but without the digest that
# all of ours have; recognised by its size, without reading it.
FENCE = b'{"zarr_format":3,"node_type":"group"}'


class LabelledArray(Protocol):
    """Data with named axes: :class:`Variable` or ``xarray.Variable``."""

    @property
    def dims(self) -> Any:
        """Names of the axes."""

    @property
    def data(self) -> Any:
        """NumPy or Dask array."""

    @property
    def attrs(self) -> Any:
        """JSON attributes."""


def canonical(value: object) -> bytes:
    """The one JSON text of a value: keys sorted, no blanks, no NaN.

    Raises
    ------
    TypeError, ValueError
        If JSON cannot carry the value.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    ).encode()


def digest(value: object) -> str:
    """SHA-256, in hexadecimal, of bytes or of the canonical JSON of anything else."""
    return hashlib.sha256(value if isinstance(value, bytes) else canonical(value)).hexdigest()


def encode(attrs: Mapping[str, object]) -> bytes:
    """``zarr.json`` of a group with these attributes and a digest of them."""
    signed = {**attrs, "digest": digest(dict(attrs))}
    return canonical({"zarr_format": 3, "node_type": "group", "attributes": signed})


def read_attrs(storage: Storage, path: str = "") -> Json:
    """Attributes of a published group.

    Raises
    ------
    FileNotFoundError
        If the group is not published.
    CorruptionError
        If its metadata was changed since.
    """
    raw = storage.get(metadata_key(path))
    if raw == FENCE:
        raise FileNotFoundError(f"{storage.place}/{path} was never published, and never will be")
    try:
        attrs: Json = json.loads(raw)["attributes"]
        del attrs["digest"]
        intact = encode(attrs) == raw
    except (ValueError, TypeError, KeyError, RecursionError):
        intact = False
    if not intact:
        raise CorruptionError(f"the metadata {metadata_key(path)} has changed since it was written")
    return attrs


def metadata_key(path: str) -> str:
    """Key of the metadata of the group or array at ``path``."""
    return f"{path}/zarr.json" if path else "zarr.json"


def delete_group(storage: Storage, path: str) -> None:
    """Delete a group so that it is never seen in part: first what publishes it, then the rest."""
    if storage.folder is None or not (storage.folder / path).is_symlink():  # of a link, the link alone
        storage.delete(metadata_key(path))
    storage.delete_prefix(path)
