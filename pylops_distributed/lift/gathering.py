"""Arrays with some axes in one piece, as transforms along these need."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, prod

import dask.array as da
from dask import config
from dask.utils import parse_bytes


def gather(x: da.Array, axes: Iterable[int]) -> da.Array:
    """``x`` with ``axes`` in one chunk, the other axes cut where that leaves work for several workers.

    Parameters
    ----------
    x : dask.array.Array
        Any chunked array.
    axes : iterable of int
        Axes to have in one chunk.

    Returns
    -------
    dask.array.Array
        ``x`` itself if its axes are so already. Else the other axes keep their chunks if those are several
        and not beyond Dask's ``array.chunk-size``; if not, their longest is cut into as many chunks as there
        were, or as that size needs.

    Examples
    --------
    >>> import dask.array as da
    >>> gather(da.ones((8, 6), chunks=(4, 6)), [0]).chunks
    ((8,), (3, 3))
    """
    whole = set(axes)
    if all(x.numblocks[a] == 1 for a in whole):
        return x
    chunks = [(n,) if a in whole else c for a, (n, c) in enumerate(zip(x.shape, x.chunks, strict=True))]
    rest = [a for a in range(x.ndim) if a not in whole]
    if rest:
        longest = max(rest, key=lambda a: max(chunks[a]))
        limit = parse_bytes(config.get("array.chunk-size"))
        pieces = ceil(prod(map(max, chunks)) * x.dtype.itemsize / limit)
        if all(x.numblocks[a] == 1 for a in rest):
            pieces = max(pieces, x.npartitions)
        chunks[longest] = tuple(n for size in chunks[longest] for n in split(size, pieces))
    return x.rechunk(tuple(chunks))


def split(n: int, pieces: int) -> tuple[int, ...]:
    """``n`` samples in at most so many nearly equal chunks."""
    pieces = max(1, min(n, pieces))
    return tuple(n // pieces + (i < n % pieces) for i in range(pieces))
