"""Descriptions of raw files: small values that are written as JSON."""

from __future__ import annotations

import shlex

import yaml
from pydantic import Field

from pylops_distributed.ingest.models import Value
from pylops_distributed.registry import import_on_use


class HeaderField(Value):
    """A trace header field that varies, or is constant and not zero.

    ``step`` is the largest number that divides all differences, ``filled`` the share of traces in which it is not 0,
    and ``changes`` how often it differs from one trace to the next.
    """

    byte: int
    type: str
    meaning: str
    minimum: int
    maximum: int
    step: int
    filled: float
    changes: int


class Geometry(Value):
    """A way to lay the traces out on a grid.

    ``options`` are those of the reader, ``sizes`` the lengths of the dimensions, ``filled`` the share of the cells of
    the grid that have a trace, and ``reason`` says what speaks for it.
    """

    name: str
    options: dict[str, object]
    sizes: dict[str, int]
    filled: float
    reason: str
    score: float


class Amplitudes(Value):
    """Amplitudes of some traces.

    ``counts`` is a histogram of equal bins from ``low`` to ``high``, beyond which 1 in 100 samples lie, and
    ``picture`` a section of consecutive traces, time downwards.
    """

    traces: int
    minimum: float
    maximum: float
    rms: float
    nonfinite: int
    low: float
    high: float
    counts: tuple[int, ...]
    picture: tuple[str, ...]


class SegyDescription(Value):
    """A SEG-Y file: its headers, and the geometries that fit, the likeliest first."""

    revision: int | None
    endian: str
    format: int
    format_words: str
    traces: int
    samples: int
    interval: float | None
    start: float | None
    units: str
    text: tuple[str, ...]
    text_code: str
    additional_headers: int
    fields: tuple[HeaderField, ...]
    scalars: dict[str, tuple[int, ...]]
    geometries: tuple[Geometry, ...]
    rejected: tuple[str, ...]
    dead: int
    amplitudes: Amplitudes | None


class ArrayDescription(Value):
    """An array of a file; names and units where the file has them."""

    path: str
    shape: tuple[int, ...]
    type: str
    chunks: tuple[int, ...] | None = None
    dims: tuple[str, ...] | None = None
    units: str | None = None
    coordinate: bool = False


class FileInfo(Value):
    """FileContents of a raw file, and how it is ingested; ``pld info`` prints its ``str()``.

    Attributes
    ----------
    path, format : str
        The file and its format.
    size : int
        Its size [bytes].
    segy : SegyDescription, optional
        Headers and geometries of a SEG-Y file.
    arrays : tuple of ArrayDescription
        Arrays of any other file.
    options : dict
        Options of the reader with which it is ingested.
    missing : tuple of str
        What must be known before it can be ingested or inverted, and how it is said.
    ready : bool
        Whether it was opened with these options.
    """

    path: str
    format: str | None
    size: int | None
    segy: SegyDescription | None = None
    arrays: tuple[ArrayDescription, ...] = ()
    options: dict[str, object] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    ready: bool = False

    def __str__(self) -> str:
        return "\n".join(import_on_use(f"{__package__}.words").lines_of(self))

    @property
    def settings(self) -> str:
        """The block for a pipeline's settings."""
        source: dict[str, object] = {"path": self.path}
        if self.format:
            source["format"] = self.format
        if self.options:
            source["options"] = self.options
        text: str = yaml.safe_dump(
            {"sources": {"data": source}}, sort_keys=False, default_flow_style=None, width=10_000
        )
        return text.rstrip()

    @property
    def command(self) -> str:
        """The command that ingests it."""
        words = ["pld", "ingest", self.path, _target(self.path)]
        if self.format:
            words += ["--format", self.format]
        for name, value in self.options.items():
            text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
            plain = text.removesuffix("...\n").strip()  # YAML ends a value that is no mapping so
            words += ["-o", f"{name}={plain}"]
        return shlex.join(words)


def _target(path: str) -> str:
    """A name for the dataset, in the working folder."""
    name = path.rstrip("/").rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    return f"{stem}.zarr" if stem + ".zarr" != name else f"{stem}_dataset.zarr"
