r"""The noise of data, estimated from the data alone."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.vectors.elementwise import scalar_kind, total
from pylops_distributed.vectors.quantiles import percentile
from pylops_distributed.vectors.space import Vector, arrays_of
from pylops_distributed.vectors.types import NDArray

# Median of the magnitude of normal noise of standard deviation one: real, and complex.
MEDIANS = {"f": 0.6744897501960817, "c": float(np.sqrt(np.log(2)))}
SHORTEST = 4  # of an axis along which differences are taken


def noise_norm(y: Vector, noise: float | None) -> tuple[da.Array, da.Array]:
    r"""Expected norm of the noise of data, and the number of samples that have noise, lazily.

    Parameters
    ----------
    y : dask.array.Array or Blocks
        Data.
    noise : float or None
        Standard deviation of a sample's noise, in the units of the data (of complex data, root mean square of its
        magnitude); None to estimate it, array by array, by :func:`estimated_noise`.

    Returns
    -------
    size : dask.array.Array
        :math:`\sigma\sqrt{n}`.
    samples : dask.array.Array
        The number :math:`n` of samples that are not exactly zero: muted samples, and zeros below the data that belong
        to a regularisation, have no noise.
    """
    kind = scalar_kind(y)
    counts: list[Any] = [total(_is_noisy, a, dtype=kind) for a in arrays_of(y)]
    sigmas: list[Any] = [estimated_noise(a) if noise is None else noise for a in arrays_of(y)]
    square: Any = sum(n * sigma**2 for n, sigma in zip(counts, sigmas, strict=True))
    return np.sqrt(square), sum(counts)


def estimated_noise(y: da.Array) -> da.Array:
    r"""Standard deviation of white noise on data that vary slowly from sample to sample, lazily.

    Second differences along the last two axes, :math:`[1,-2,1]\otimes[1,-2,1]/6`, keep the variance of white noise and
    remove all that is smooth along either axis; the median of their magnitudes, over 0.6745, is little moved by the few
    that are large, at edges of the signal (Donoho and Johnstone, 1994, doi:10.1093/biomet/81.3.425; Immerkaer, 1996,
    doi:10.1006/cviu.1996.0060).

    Notes
    -----
    It is too large for data that are rough by nature, such as random reflections sampled at their highest frequency,
    and too small for noise that is correlated along an axis. Give the level where it is known.
    """
    d: Any = y
    for axis in range(max(0, y.ndim - 2), y.ndim):
        if y.shape[axis] >= SHORTEST:
            first, middle, last = (
                d[(slice(None),) * axis + (cut,)] for cut in (slice(0, -2), slice(1, -1), slice(2, None))
            )
            d = (first - 2 * middle + last) / np.sqrt(6)
    median: da.Array = percentile(d, 50) / MEDIANS["c" if d.dtype.kind == "c" else "f"]
    return median


def _is_noisy(x: NDArray) -> NDArray:
    noisy: NDArray = (x != 0).astype(float)
    return noisy
