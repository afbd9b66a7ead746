"""Zarr metadata from strangers: only codecs and data types that decode numbers and text, and run no code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zarr.storage import ObjectStore

from pylops_distributed.compat import blosc
from pylops_distributed.errors import UnsafeCodecError

if TYPE_CHECKING:
    from zarr.abc.buffer import Buffer, BufferPrototype
    from zarr.abc.store import ByteRequest

# `pickle` is left out on purpose: it runs whatever the author of a file wrote into a chunk.
_SHARED = {
    "adler32", "bitround", "blosc", "bz2", "crc32", "crc32c", "delta", "fixedscaleoffset", "fletcher32", "gzip",
    "jenkins_lookup3", "lz4", "lzma", "packbits", "quantize", "shuffle", "zlib", "zstd",
}  # fmt: skip
VERSION_2 = _SHARED | {"astype", "json2", "msgpack2", "vlen-array", "vlen-bytes", "vlen-utf8"}
VERSION_3 = (
    {"blosc", "bytes", "crc32c", "gzip", "sharding_indexed", "transpose", "vlen-bytes", "vlen-utf8", "zstd"}
    | {f"numcodecs.{name}" for name in _SHARED | {"astype"}}
)  # fmt: skip
TYPES_2 = re.compile(r"[<>|=]?([?biufcSUVmM]\d*(\[\d*\w+\])?|O)")
TYPES_3 = re.compile(
    r"bool|u?int\d+|float\d+|complex\d+|r\d+|string|bytes|(fixed|null|variable)[\w.]*|raw_bytes"
    r"|(numpy\.)?(datetime64|timedelta64)|struct(ured)?"
)
DEPTH = 50  # of shards in shards: more is no file, but an attempt to exhaust the stack
DOCUMENTS = ("zarr.json", ".zarray", ".zmetadata")
blosc.register()


class CheckedStore(ObjectStore[Any]):
    """A Zarr store whose metadata are checked before Zarr sees them.

    All of Zarr's own ways in, consolidated metadata and index coordinates among them, read their metadata here.
    """

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Content of an object, as the class above; raises :class:`UnsafeCodecError`."""
        value = await super().get(key, prototype, byte_range)
        if value is not None and key.rpartition("/")[2] in DOCUMENTS:
            check_document(key, value.to_bytes())
        return value


def check_document(key: str, content: bytes) -> None:
    """Reject Zarr metadata that name an unknown codec or data type.

    Parameters
    ----------
    key : str
        Name of the document, for the message.
    content : bytes
        The document; one that is not JSON is left to Zarr to reject.

    Raises
    ------
    UnsafeCodecError
        If a codec, filter, compressor or data type is not on the lists of this module.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return
    for array in _arrays(document):
        version = 2 if array.get("zarr_format") == 2 else 3
        named = _codecs_2(array) if version == 2 else _codecs_3(array.get("codecs"))
        allowed = VERSION_2 if version == 2 else VERSION_3
        for name in named:
            if name not in allowed:
                raise UnsafeCodecError(
                    f"{key!r} names the codec {name!r}, which may run code of the file's author: expected some of "
                    f"{sorted(allowed)}. Write the array anew with one of these"
                )
        for name in _types(array.get("dtype" if version == 2 else "data_type")):
            if not (TYPES_2 if version == 2 else TYPES_3).fullmatch(name):
                raise UnsafeCodecError(
                    f"{key!r} names the data type {name!r}: expected numbers, times, text or bytes"
                )


def _arrays(document: object) -> Iterator[Mapping[str, object]]:
    """All arrays that a document describes: itself, and those of consolidated metadata."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, Mapping):
            continue
        if "codecs" in one or "data_type" in one or "dtype" in one:
            yield one
        inner = one.get("consolidated_metadata")
        for group in (inner, one):  # version 3, and 2
            metadata = group.get("metadata") if isinstance(group, Mapping) else None
            waiting.extend(metadata.values() if isinstance(metadata, Mapping) else ())


def _codecs_2(array: Mapping[str, object]) -> Iterator[str]:
    filters = array.get("filters") or []
    for codec in [*(filters if isinstance(filters, list) else [filters]), array.get("compressor")]:
        if codec is not None:
            yield str(codec.get("id")) if isinstance(codec, Mapping) else str(codec)


def _codecs_3(codecs: object, depth: int = 0) -> Iterator[str]:
    for codec in codecs if isinstance(codecs, list) else []:
        yield str(codec.get("name")) if isinstance(codec, Mapping) else str(codec)
        settings = codec.get("configuration") if isinstance(codec, Mapping) else None
        if isinstance(settings, Mapping):
            if depth == DEPTH:
                raise UnsafeCodecError(f"shards are nested more than {DEPTH} deep")
            yield from _codecs_3(settings.get("codecs"), depth + 1)
            yield from _codecs_3(settings.get("index_codecs"), depth + 1)


def _types(kind: object, depth: int = 0) -> Iterable[str]:
    """Names of a data type, and of the fields of a structured one."""
    if isinstance(kind, str):
        return [kind]
    if isinstance(kind, Mapping):
        return [str(kind.get("name"))]
    if isinstance(kind, list) and depth < DEPTH:
        fields = [field[1] for field in kind if isinstance(field, list) and len(field) > 1]
        return [name for field in fields for name in _types(field, depth + 1)]
    return [] if kind is None else [str(kind)]
