"""The small values that pass between the steps of an ingest: JSON-able, picklable, never arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

PIECE = 2**16  # samples described at once
# In the URL of a dataset, stands for the first digits of the fingerprint of its sources.
FINGERPRINT = "{fingerprint}"


class Value(BaseModel):
    """Base of the values: immutable, nothing unknown allowed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Statistics(Value):
    """Statistics of one pass over the data; mergeable.

    ``nan`` and ``inf`` count samples inside traces that are not finite, ``holes`` those without a trace.
    The rest is over the ``count`` finite samples: ``minimum`` and ``maximum`` (None if there are none),
    ``total`` and ``squares``, sums of values and of squares. Complex data are described by their moduli.
    """

    count: int = 0
    nan: int = 0
    inf: int = 0
    holes: int = 0
    minimum: float | None = None
    maximum: float | None = None
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: NDArray[np.generic], holes: int = 0) -> Statistics:
        """Statistics of an array of any shape in which ``holes`` samples are known to be missing."""
        flat = values.reshape(-1)
        parts = (cls._of_piece(flat[k : k + PIECE]) for k in range(0, flat.size, PIECE))
        whole = cls.merge(parts)
        return whole.model_copy(update={"nan": whole.nan - holes, "holes": holes})

    @classmethod
    def _of_piece(cls, values: NDArray[np.generic]) -> Statistics:
        """Statistics of some samples, which with their copies in double precision fit the cache."""
        with np.errstate(over="ignore"):
            data = np.abs(values) if values.dtype.kind == "c" else values
        finite = np.isfinite(values)
        good = data if finite.all() else data[finite]
        inf = int(np.isinf(values).sum()) if good.size < data.size else 0
        if not good.size:
            return cls(nan=data.size - inf, inf=inf)
        wide = good.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            total, squares = float(wide.sum()), float(wide @ wide)
        return cls(
            count=good.size, nan=data.size - good.size - inf, inf=inf, minimum=float(good.min()),
            maximum=float(good.max()), total=total, squares=squares,
        )  # fmt: skip

    @classmethod
    def merge(cls, parts: Iterable[Statistics]) -> Statistics:
        """Statistics of several parts together, in their order."""
        parts = list(parts)
        return cls(
            count=sum(p.count for p in parts), nan=sum(p.nan for p in parts), inf=sum(p.inf for p in parts),
            holes=sum(p.holes for p in parts),
            minimum=min((p.minimum for p in parts if p.minimum is not None), default=None),
            maximum=max((p.maximum for p in parts if p.maximum is not None), default=None),
            total=_sum([p.total for p in parts]), squares=_sum([p.squares for p in parts]),
        )  # fmt: skip


def _sum(terms: list[float]) -> float:
    """Exact sum; infinite, or NaN, where that is beyond double precision."""
    try:
        return math.fsum(terms)
    except (OverflowError, ValueError):  # of finite terms, and of infinities of both signs
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.sum(np.array(terms)))


class ArrayLayout(Value):
    """Shape and chunks of one array; once it is written ``statistics``, and the ``checksums`` of what its chunks hold.

    A checksum is a CRC32C in eight hexadecimal digits; those of all chunks, in C order, make one text.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    chunks: tuple[int, ...]
    statistics: Statistics | None = None
    checksums: str | None = None

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return tuple(-(-size // chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))

    def region(self, number: int) -> tuple[slice, ...]:
        """Where chunk ``number`` lies."""
        place = np.unravel_index(number, self.grid)
        bounds = zip(place, self.chunks, self.shape, strict=True)
        return tuple(slice(int(i) * chunk, min((int(i) + 1) * chunk, size)) for i, chunk, size in bounds)


class BlockRange(Value):
    """The chunks of one array, from ``start`` up to ``stop``, that one task writes."""

    variable: str
    start: int
    stop: int


class Plan(Value):
    """Reference to a planned ingest.

    Attributes
    ----------
    url : str
        The dataset.
    fingerprint : str
        SHA-256 of the sources' contents and options, and of the arrays' layouts.
    blocks : int
        Number of blocks to write: ``write_block(plan, i)`` for ``i`` in ``range(plan.blocks)``.
    nbytes : int
        Size of the data, uncompressed [bytes].
    sealed : bool
        Whether the very same dataset exists already; then nothing is left to write.
    replaces : str, optional
        The dataset in whose place it comes when it is sealed.
    """

    url: str
    fingerprint: str
    blocks: int
    nbytes: int
    sealed: bool = False
    replaces: str | None = None


class BlockReport(Value):
    """Record of block ``index`` as written, chunk by chunk."""

    index: int
    variable: str
    chunks: tuple[Statistics, ...]
    checksums: str = ""


class DatasetRef(Value):
    """Reference to a sealed dataset.

    Attributes
    ----------
    url : str
        Where it is; :func:`~pylops_distributed.ingest.open_dataset` opens it.
    fingerprint : str
        Identity of the content: the same sources, options and chunks give the same one.
    arrays : dict of str to ArrayLayout
        Shape, dtype, chunks and statistics of each variable.
    labels : dict of str to str
        Checksums of each coordinate and mask, as in :class:`ArrayLayout`; empty where an older version made it.
    metadata : dict of str to str
        SHA-256 of the metadata of each of all these arrays; empty where an older version made it.
    """

    url: str
    fingerprint: str
    arrays: dict[str, ArrayLayout]
    labels: dict[str, str] = {}
    metadata: dict[str, str] = {}

    @property
    def nonfinite(self) -> dict[str, int]:
        """Number of NaN and Inf samples inside traces, for the variables that have any."""
        statistics = {name: array.statistics or Statistics() for name, array in self.arrays.items()}
        return {name: one.nan + one.inf for name, one in statistics.items() if one.nan + one.inf}


def cut_blocks(arrays: dict[str, ArrayLayout], block_bytes: int) -> Iterator[BlockRange]:
    """Runs of chunks of about ``block_bytes`` [bytes], variable by variable."""
    for name, layout in arrays.items():
        chunk = math.prod(layout.chunks) * np.dtype(layout.dtype).itemsize
        step, total = max(1, block_bytes // max(1, chunk)), math.prod(layout.grid)
        for start in range(0, total, step):
            yield BlockRange(variable=name, start=start, stop=min(start + step, total))
