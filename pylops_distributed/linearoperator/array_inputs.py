"""Arrays that come from outside: which kind they are of, and whether they fit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.vectors.namespace import holds_dask, reject_masked
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.types import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def as_lazy(x: Any) -> da.Array:
    """``x`` as a Dask array; a sparse matrix becomes a dense one, chunk by chunk."""
    if hasattr(x, "tocsr"):
        return da.from_array(x.tocsr(), asarray=False, chunks=-1).map_blocks(_dense, dtype=x.dtype)
    reject_masked(x)
    return x if isinstance(x, da.Array) else da.asarray(x)


def _dense(block: csr_array) -> NDArray:
    dense: NDArray = block.toarray()
    return dense


def reject_lazy_data_of_scipy() -> None:
    """Raise where SciPy's LSQR or LSMR was given lazy data: each of its decisions would compute all before it."""
    frame: Any = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("scipy."):
        if isinstance(frame.f_locals.get("b"), da.Array):
            raise TypeError(
                f"scipy's {frame.f_code.co_name} was given a Dask array as data: pass op.topylops() and "
                "np.asarray(data), or call pylops_distributed.optimization.pylops_api.scipy_engine.lsqr"
            )
        frame = frame.f_back


def reject_unknown(shape: tuple[float, ...]) -> None:
    """Raise for a shape of which Dask does not know a length."""
    if any(n != n for n in shape):
        raise ValueError(
            f"the sizes of chunks are unknown, shape {shape}: call the array's compute_chunk_sizes() first"
        )


def check_flat(x: ArrayLike, size: int) -> None:
    """Raise for arrays other than a flat vector of ``size`` samples, or one column."""
    reject_unknown(x.shape)
    if x.shape not in ((size,), (size, 1)):
        raise ValueError(f"expected a vector of shape ({size},) or ({size}, 1), got one of shape {x.shape}")


def check_matrix(X: ArrayLike, rows: int) -> None:
    """Raise for arrays other than a matrix of ``rows`` rows."""
    reject_unknown(X.shape[:1])
    if X.ndim != 2 or X.shape[0] != rows:
        raise ValueError(f"expected a matrix of shape ({rows}, K), got one of shape {X.shape}")


def as_numpy(x: object) -> NDArray:
    """``x`` as a NumPy array without a mask; a sparse matrix becomes a dense one."""
    if hasattr(x, "tocsr"):
        return _dense(x)
    reject_masked(x)
    return np.asarray(x)


def lazily(x: Vector) -> Vector:
    """A vector of NumPy arrays as one of Dask arrays."""
    if isinstance(x, BlockVector):
        return x if holds_dask(x) else BlockVector(tuple(map(da.asarray, x.arrays)))
    return da.asarray(x)


def apart(y: da.Array, x: object, inplace: bool) -> da.Array:
    """A result that users may write to: a copy where it shows the memory of their vector and not ``inplace``."""
    both = isinstance(y, np.ndarray) and isinstance(x, np.ndarray)
    return y.copy() if both and not inplace and np.may_share_memory(y, x) else y
