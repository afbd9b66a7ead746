"""All headers of SEG-Y sources, byte for byte, next to the samples of a dataset: exports need the files no longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter

from pylops_distributed import tuning
from pylops_distributed.ingest.block_writer import open_writable
from pylops_distributed.ingest.formats.segy.layout import Layout
from pylops_distributed.ingest.formats.segy.reader import layout_of
from pylops_distributed.ingest.formats.segy.template_copy import AFTER, BEFORE, ROWS, RawHeaders
from pylops_distributed.ingest.formats.source import Source, recognise
from pylops_distributed.storage.object_store import Storage, create_array, open_array, open_storage

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Bytes

FORMATS = ("segy", "su")


def source_layout(source: Source) -> Layout | None:
    """Structure of a source that is one SEG-Y or Seismic Unix file; None for other formats, and for several files."""
    if source.along is not None:
        return None
    name = source.format or recognise(source.path)
    return layout_of(source.path, source.options, su=name == "su") if name in FORMATS else None


def store_headers(storage: Storage, sources: Mapping[str, Source]) -> None:
    """Copy the headers of all SEG-Y sources into a dataset, window by window; safe to repeat."""
    for name, source in sources.items():
        if (layout := source_layout(source)) is None:
            continue
        file = RawHeaders.of_file(layout)
        for kind, data in ((BEFORE, file.before), (AFTER, file.after())):
            if data:
                _write(storage, _named(name, kind), len(data), 1, iter([np.frombuffer(data, np.uint8)]), {})
        attrs = {key: value for key, value in asdict(layout).items() if key != "path"}
        rows = (window for _, window in file.windows())
        _write(storage, _named(name, ROWS), layout.traces, layout.header_bytes, rows, attrs)


def stored_headers(url: str, variable: str) -> RawHeaders | None:
    """Headers of the source of a variable from a dataset; None in datasets that older versions wrote."""
    storage = open_storage(url)
    name = next((one for one in (variable, "") if storage.exists(f"{_named(one, ROWS)}/zarr.json")), None)
    if name is None:
        return None
    rows = open_array(storage, _named(name, ROWS))
    layout = TypeAdapter(Layout).validate_python({**rows.attrs, "path": url})

    def read(kind: str) -> bytes:
        key = _named(name, kind)
        return (
            np.asarray(open_array(storage, key)[:]).tobytes() if storage.exists(f"{key}/zarr.json") else b""
        )

    return RawHeaders(
        layout, read(BEFORE), lambda start, stop: np.asarray(rows[start:stop]), lambda: read(AFTER)
    )


def _named(source: str, kind: str) -> str:
    return f"{source}_{kind}" if source else kind


def _write(
    storage: Storage, name: str, length: int, width: int, parts: Iterator[Bytes], attrs: Mapping[str, object]
) -> None:
    """An array of bytes, one row a trace, or flat if rows have one byte; parts are written one after another."""
    shape = (length,) if width == 1 else (length, width)
    step = min(length, max(1, tuning.nbytes("ingest.chunk") // width))
    if not storage.exists(f"{name}/zarr.json"):
        dims = [f"{name}_{axis}" for axis in ("row", "byte")][: len(shape)]
        create_array(storage, name, shape, (step, *shape[1:]), np.uint8, dims, attrs)
    array, start = open_writable(storage, name), 0
    kept: list[Bytes] = []
    for part in parts:  # gathered to whole chunks
        kept.append(part)
        while (rows := np.concatenate(kept)).shape[0] >= step:
            array[start : start + step] = rows[:step]
            start, kept = start + step, [rows[step:]]
    if (rows := np.concatenate(kept)).size:
        array[start:] = rows
