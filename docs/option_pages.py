"""The page of all options of all formats, from the readers' docstrings and signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numpydoc.docscrape import FunctionDoc

from pylops_distributed.ingest.formats.labels import label
from pylops_distributed.ingest.formats.segy.presets import AUTOMATIC, PRESETS
from pylops_distributed.ingest.formats.segy.reader import open_segy
from pylops_distributed.ingest.formats.shared import convert, cut_window
from pylops_distributed.ingest.formats.source import FORMATS, SHARED, WORDS, Source

PAGE = Path(__file__).parent / "options.md"
TITLES = {
    "segy": "SEG-Y", "su": "Seismic Unix", "hdf": "NetCDF and HDF5", "matlab": "MATLAB", "npy": "NumPy", "las": "LAS",
    "table": "Tables", "wavelet": "Wavelets", "horizon": "Horizons", "zarr": "Zarr and MDIO",
}  # fmt: skip
START = """# Options of the formats

Options are the same in Python (`open_source(path, NAME=value)`), in YAML below `options:` of a source, and on the
command line (`pld ingest FILE TARGET.zarr -o NAME=VALUE`). `pld info FILE` finds those that fit a file.
"""
HEAD = "\n| option | type | default | meaning |\n| --- | --- | --- | --- |"
OWN = ("path", "wanted")  # parameters of readers that are no options


def write_options(page: Path = PAGE) -> None:
    """Write the page."""
    page.write_text("\n".join([START, *shared_options(), *format_options(), *preset_table(), ""]))


def shared_options() -> Iterator[str]:
    """Options of every source, of every format, and of every format of arrays."""
    yield "## Every source\n\nNext to `path`:" + "\n" + HEAD
    yield from _rows(Source, [name for name in Source.model_fields if name != "path"])
    yield "\n## Every format\n" + HEAD
    where: dict[str, Callable[..., Any]] = {"units": convert, "window": cut_window}
    for name in SHARED:
        yield from _rows(where.get(name, label), [name])
    yield "\n## Arrays\n\nOf all formats but SEG-Y and Seismic Unix:" + "\n" + HEAD
    yield from _rows(label, WORDS)


def format_options() -> Iterator[str]:
    """A section of each format: suffixes and its own options."""
    for name, form in FORMATS.items():
        reader = form.load_reader()
        known = f" (suffixes {', '.join(f'`{one}`' for one in form.suffixes)})" if form.suffixes else ""
        summary = " ".join(FunctionDoc(reader)["Summary"])
        yield f"\n## {TITLES[name]}\n\n`format: {name}`{known}. {_markdown(summary)}"
        own = [one for one in inspect.signature(reader).parameters if one not in OWN]
        if own:
            yield HEAD
            yield from _rows(reader, own)


def preset_table() -> Iterator[str]:
    """Presets of SEG-Y with the bytes of their fields."""
    yield "\n## Presets of SEG-Y\n\nWithout one, these are tried in order: " + ", ".join(
        f"`{name}`" for name in AUTOMATIC
    )
    yield "\n| preset | dimensions (bytes) | coordinates (bytes) |\n| --- | --- | --- |"
    for name, (dims, coords) in PRESETS.items():
        shown = [", ".join(f"{key} {place}" for key, place in fields.items()) for fields in (dims, coords)]
        yield f"| `{name}` | {shown[0]} | {shown[1]} |"


def _rows(described: Callable[..., Any], names: list[str] | tuple[str, ...]) -> Iterator[str]:
    """A row for each of these parameters."""
    found = described_parameters(described)
    for name in names:
        kind, meaning = found[name]
        yield f"| `{name}` | {_cell(kind)} | {_default(described, name)} | {_cell(meaning)} |"


def described_parameters(described: Callable[..., Any]) -> dict[str, tuple[str, str]]:
    """Type and meaning of each parameter; those that are as of SEG-Y, from there."""
    found = {}
    for one in FunctionDoc(described)["Parameters"]:
        for name in one.name.split(", "):
            found[name] = (one.type.removesuffix(", optional"), " ".join(line.strip() for line in one.desc))
            if described is not open_segy and ":func:`open_segy`" in found[name][1]:
                more = found[name][1].partition(":func:`open_segy`.")[2] if name == "preset" else ""
                kind, meaning = described_parameters(open_segy)[name]
                found[name] = (kind, meaning + more)
    return found


def _default(described: Callable[..., Any], name: str) -> str:
    given = Source.model_fields[name].get_default(call_default_factory=True) if described is Source else (
        inspect.signature(described).parameters[name].default
    )  # fmt: skip
    return "" if given in (None, inspect.Parameter.empty) else f"`{given}`"


def _cell(text: str) -> str:
    return _markdown(text).replace("|", "\\|")


def _markdown(text: str) -> str:
    """Text of a docstring with Markdown's marks for code."""
    return re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`")
