"""Default chunks: regular, near 16 MB, whole along the axes that are read whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from dask.array.core import normalize_chunks

CHUNK_BYTES = 16 << 20


def regular_chunks(
    sizes: Mapping[str, int],
    dtype: np.dtype[np.generic],
    chunks: Mapping[str, int] | None = None,
    *,
    whole: Iterable[str] = (),
    stored: tuple[int, ...] | None = None,
) -> dict[str, int]:
    """Choose the length of the chunks along each dimension.

    Parameters
    ----------
    sizes : mapping of str to int
        Length of each dimension.
    dtype : numpy.dtype
        Type of the elements.
    chunks : mapping of str to int, optional
        Lengths the user asks for; -1 is the whole dimension.
    whole : iterable of str, optional
        Dimensions not to cut unless asked for in ``chunks``.
    stored : tuple of int, optional
        Chunks of the file itself, to be respected where possible.

    Returns
    -------
    dict of str to int
        One length for each dimension, at most its size.

    Raises
    ------
    ValueError
        If ``chunks`` names an unknown dimension or a length that is neither positive nor -1.
    """
    asked = dict(chunks or {})
    if unknown := set(asked) - set(sizes):
        raise ValueError(f"chunks name {sorted(unknown)}, but the dimensions are {list(sizes)}.")
    if bad := {name: size for name, size in asked.items() if size != -1 and size < 1}:
        raise ValueError(f"chunks must be positive, or -1 for a whole dimension; got {bad}.")
    given = dict.fromkeys(whole, -1) | asked
    wish = tuple(min(given[name], size) if name in given else "auto" for name, size in sizes.items())
    if 0 in sizes.values():
        return {name: max(1, size) for name, size in sizes.items()}
    cut = normalize_chunks(
        wish, tuple(sizes.values()), limit=CHUNK_BYTES, dtype=dtype, previous_chunks=stored
    )
    return {name: lengths[0] for name, lengths in zip(sizes, cut, strict=True)}
