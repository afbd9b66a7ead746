r"""Shrinkage of magnitudes: what ISTA and FISTA do to the model after each gradient step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import dask.array as da
import numpy as np

from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.quantiles import percentile
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


def soft(x: NDArray, thresh: NDArray | float) -> NDArray:
    """Soft thresholding of a block."""
    size = np.abs(x)
    kept = np.maximum(size - thresh, 0)
    result: NDArray = kept * (x / np.where(size > 0, size, 1)) if np.iscomplexobj(x) else np.copysign(kept, x)
    return result


def _hard(x: NDArray, thresh: NDArray) -> NDArray:
    return np.where(np.abs(x) <= np.sqrt(2 * thresh), np.zeros_like(x), x)


def _half(x: NDArray, thresh: NDArray) -> NDArray:
    size = np.abs(x)
    edge = 54 ** (1 / 3) / 4 * thresh ** (2 / 3)
    large = np.where(size > edge, size, edge + 1)  # those below become zero: any number that warns of nothing
    phi = 2 / 3 * np.arccos(np.clip(thresh / 8 * (large / 3) ** -1.5, -1, 1))
    # NaN is neither above nor below the edge.
    rest = np.where(np.isnan(size), x, np.zeros_like(x))
    return np.where(size > edge, 2 / 3 * x * (1 + np.cos(2 * np.pi / 3 - phi)), rest)


def _hard_of(magnitude: NDArray) -> NDArray:
    return magnitude**2 / 2


def _half_of(magnitude: NDArray) -> NDArray:
    result: NDArray = (4 / 54 ** (1 / 3) * magnitude) ** 1.5
    return result


_KINDS: dict[str, tuple[Callable[..., Any], Callable[..., Any] | None]] = {
    "soft": (soft, None),
    "hard": (_hard, _hard_of),
    "half": (_half, _half_of),
}
Kind: TypeAlias = Literal["soft", "hard", "half", "soft-percentile", "hard-percentile", "half-percentile"]
KINDS = get_args(Kind)


def threshold(x: Vector, kind: str, thresh: da.Array | float) -> Vector:
    r"""Shrink a vector, in one task a chunk and, for a percentile, the passes to find it.

    Parameters
    ----------
    x : dask.array.Array or Blocks
        Vector.
    kind : {"soft", "hard", "half", "soft-percentile", "hard-percentile", "half-percentile"}
        Proximal operator of :math:`\lambda\|\mathbf{x}\|_p^p` with :math:`p=1, 0, 1/2`.
    thresh : float or dask.array.Array
        Weight :math:`\lambda`; for a percentile, that percentile of the magnitudes (0 to 100) up to which all
        become zero.

    Notes
    -----
    The half thresholding is that of Xu et al., 2012, doi:10.1109/TNNLS.2012.2197412.
    """
    name, _, of_percentile = kind.partition("-")
    shrink, weight = _KINDS[name]
    if of_percentile:
        thresh = percentile(x, float(thresh))
        thresh = thresh if weight is None else elementwise(weight, thresh)
    return elementwise(shrink, x, thresh)
