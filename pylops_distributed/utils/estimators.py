"""The trace of an operator, from what it does to random vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.graph.batching import matrix_to_columns, reshape_columns
from pylops_distributed.vectors.arithmetic import vdot
from pylops_distributed.vectors.gram import gram_matrix, linear_combinations, orthonormalize
from pylops_distributed.vectors.space import BlockSpace, BlockVector, Space, Vector

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

__all__ = ["trace_hutchinson", "trace_hutchpp", "trace_nahutchpp"]


def trace(
    op: LinearOperator, neval: int | None = None, method: str | None = None, **options: object
) -> da.Array:
    """The trace of a square operator; see :meth:`pylops_distributed.LinearOperator.trace`."""
    if op.shape[0] != op.shape[1]:
        raise ValueError(f"only square operators have a trace, got {op!r}")
    method = ("explicit" if op.explicit else "hutch++") if method is None else method.lower()
    if method == "explicit":
        return _as_held(op, da.diagonal(da.asarray(op.todense())).sum(dtype=op.dtype))
    estimators: dict[str, Callable[..., da.Array]] = {
        "hutchinson": trace_hutchinson,
        "hutch++": trace_hutchpp,
        "na-hutch++": trace_nahutchpp,
    }
    if method not in estimators:
        raise NotImplementedError(f"method must be one of {['explicit', *estimators]}, got {method!r}")
    return estimators[method](op, neval, **options)


def trace_hutchinson(
    Op: LinearOperator,
    neval: int | None = None,
    batch_size: int | None = None,
    sampler: str = "rademacher",
    backend: str = "numpy",
    *,
    seed: int | None = None,
) -> da.Array:
    r"""Hutchinson's estimate of the trace: the mean of :math:`\mathbf{z}^H \mathbf{A} \mathbf{z}` [1]_.

    Parameters
    ----------
    Op : LinearOperator
        Square operator.
    neval : int, optional
        Number of vectors; default a tenth of the columns of the operator, and at least one.
    batch_size : int, optional
        How many vectors one task works on; default 100.
    sampler : {"rademacher", "gaussian", "rayleigh", "unitvector"}, optional
        Distribution of the vectors: signs; normal; normal, scaled to the norm of signs; columns of the identity,
        none twice, which give the trace itself when all are taken.
    backend : str, optional
        Taken for compatibility.
    seed : int, optional
        Makes the random vectors the same every time, for the same chunks.

    Returns
    -------
    dask.array.Array or number
        The estimate, 0-dimensional and lazy if the operator holds Dask arrays; otherwise a number of NumPy.

    Raises
    ------
    NotImplementedError
        If there is no such sampler.

    References
    ----------
    .. [1] Hutchinson, M. F., 1990, A stochastic estimator of the trace of the influence matrix for Laplacian
       smoothing splines: Communications in Statistics - Simulation and Computation, 19, 433-450.
    """
    count = _count(Op, neval, 1)
    if sampler == "unitvector":
        count = min(count, Op.shape[1])
        Z = _unit_vectors(Op, count, seed)
    else:
        Z = _samples(Op, count, sampler, np.random.default_rng(seed))
    batch = min(count, 100 if batch_size is None else batch_size)
    Z = _rechunked(Z, batch)
    scale = Op.shape[1] / count if sampler == "unitvector" else 1 / count
    return _as_held(Op, _quadratic(Op, Z) * scale)


def trace_hutchpp(
    Op: LinearOperator,
    neval: int | None = None,
    sampler: str = "rademacher",
    backend: str = "numpy",
    *,
    seed: int | None = None,
) -> da.Array:
    r"""The Hutch++ estimate of the trace [1]_.

    A third of the vectors finds where most of the operator is; its trace there is exact, and only that of the
    rest is estimated.

    Parameters
    ----------
    Op : LinearOperator
        Square operator.
    neval : int, optional
        Number of vectors that the operator is applied to; default a tenth of its columns, and at least three.
    sampler : {"rademacher", "gaussian", "rayleigh"}, optional
        Distribution of the vectors; see :func:`trace_hutchinson`.
    backend : str, optional
        Taken for compatibility.
    seed : int, optional
        Makes the random vectors the same every time, for the same chunks.

    Returns
    -------
    dask.array.Array or number
        The estimate, 0-dimensional and lazy if the operator holds Dask arrays; otherwise a number of NumPy.

    Raises
    ------
    ValueError
        If ``neval`` is below three.
    NotImplementedError
        If there is no such sampler.

    References
    ----------
    .. [1] Meyer, R. A., Musco, C., Musco, C., and Woodruff, D. P., 2021, Hutch++: optimal stochastic trace
       estimation: Symposium on Simplicity in Algorithms, 142-155, doi:10.1137/1.9781611976496.16.
    """
    batch = _count(Op, neval, 3) // 3
    if batch < 1:
        raise ValueError(f"Hutch++ needs three vectors or more, got neval={neval}")
    rng = np.random.default_rng(seed)
    S, G = (_samples(Op, batch, sampler, rng) for _ in range(2))
    Q = orthonormalize(_forward(Op, S))
    G = G - linear_combinations(Q, gram_matrix(Q, G))
    return _as_held(Op, _quadratic(Op, Q) + _quadratic(Op, G) / batch)


def trace_nahutchpp(
    Op: LinearOperator,
    neval: int | None = None,
    sampler: str = "rademacher",
    c1: float = 1.0 / 6.0,
    c2: float = 1.0 / 3.0,
    backend: str = "numpy",
    *,
    seed: int | None = None,
) -> da.Array:
    r"""The NA-Hutch++ estimate of the trace: as :func:`trace_hutchpp`, with all vectors chosen beforehand [1]_.

    Parameters
    ----------
    Op : LinearOperator
        Square operator.
    neval : int, optional
        Number of vectors that the operator or its adjoint is applied to; default a tenth of its columns, and at
        least six.
    sampler : {"rademacher", "gaussian", "rayleigh"}, optional
        Distribution of the vectors; see :func:`trace_hutchinson`.
    c1, c2 : float, optional
        Shares of the vectors that sketch the rows and the columns of the operator; ``c2`` is best twice ``c1``.
    backend : str, optional
        Taken for compatibility.
    seed : int, optional
        Makes the random vectors the same every time, for the same chunks.

    Returns
    -------
    dask.array.Array or number
        The estimate, 0-dimensional and lazy if the operator holds Dask arrays; otherwise a number of NumPy.

    Raises
    ------
    ValueError
        If ``neval`` is too small for the shares.
    NotImplementedError
        If there is no such sampler.

    References
    ----------
    .. [1] Meyer, R. A., Musco, C., Musco, C., and Woodruff, D. P., 2021, Hutch++: optimal stochastic trace
       estimation: Symposium on Simplicity in Algorithms, 142-155, doi:10.1137/1.9781611976496.16.
    """
    count = _count(Op, neval, 6)
    n1, n2 = round(count * c1), round(count * c2)
    n3 = count - n1 - n2
    if min(n1, n2, n3) < 1:
        raise ValueError(f"neval={neval} vectors are too few for the shares c1={c1} and c2={c2}")
    rng = np.random.default_rng(seed)
    S, R, G = (_samples(Op, n, sampler, rng) for n in (n1, n2, n3))
    Z = _forward(Op, R)
    W = reshape_columns(Op._rmatmat(reshape_columns(S, Op.codomain)), Op.domain)
    Y = gram_matrix(S, Z).map_blocks(np.linalg.pinv, chunks=((n2,), (n1,)))
    sketched = da.trace(Y @ gram_matrix(W, Z)) - da.trace(gram_matrix(G, Z) @ Y @ gram_matrix(W, G)) / n3
    return _as_held(Op, sketched + _quadratic(Op, G) / n3)


def _as_held(op: LinearOperator, estimate: da.Array) -> da.Array:
    """An estimate of the operator's type, computed unless the operator holds Dask arrays."""
    typed = estimate.astype(op.dtype)
    return typed if op.holds_dask else typed.compute()[()]


def _count(op: LinearOperator, neval: int | None, least: int) -> int:
    return max(round(op.shape[1] / 10), least) if neval is None else neval


def _forward(op: LinearOperator, X: Vector) -> Vector:
    """Images of the columns of ``X``, in the layout of the model."""
    return reshape_columns(op._matmat(X), op.domain)


def _quadratic(op: LinearOperator, Z: Vector) -> da.Array:
    """The sum of ``conj(z) A z`` over the columns of ``Z``."""
    return vdot(Z, _forward(op, Z))


def _rechunked(X: Vector, batch: int) -> Vector:
    """``X`` with at most ``batch`` columns a chunk."""
    return (
        X.map(lambda a: a.rechunk({a.ndim - 1: batch}))
        if isinstance(X, BlockVector)
        else X.rechunk({X.ndim - 1: batch})
    )


def _samples(op: LinearOperator, count: int, sampler: str, rng: np.random.Generator) -> Vector:
    """Random vectors of the operator's domain, side by side."""
    if sampler not in ("gaussian", "rayleigh", "rademacher"):
        raise NotImplementedError(f"there is no sampler {sampler!r} here")
    lazy: Any = da.random.default_rng(int(rng.integers(2**63)))

    def sample(space: Space) -> da.Array:
        shape, kind = (*space.shape, count), np.result_type(space.dtype, np.float32)
        auto = ("auto",) * len(space.shape) if space.chunks is None else space.chunks
        chunks = da.core.normalize_chunks((*auto, count), shape, dtype=kind)
        if sampler == "rademacher":
            signs: da.Array = 2 * lazy.integers(0, 2, shape, chunks=chunks) - 1
            return signs.astype(kind)
        normal: da.Array = lazy.standard_normal(shape, chunks=chunks)
        return normal.astype(kind)

    domain = op.domain
    X = BlockVector(tuple(map(sample, domain.spaces))) if isinstance(domain, BlockSpace) else sample(domain)
    if sampler == "rayleigh":
        squares = da.diagonal(gram_matrix(X, X)).real
        X = linear_combinations(X, da.diag(da.sqrt(op.shape[1] / squares)).astype(op.dtype))
    return X


def _unit_vectors(op: LinearOperator, count: int, seed: int | None) -> Vector:
    """Some columns of the identity, side by side."""
    n = op.shape[1]
    chosen = np.random.default_rng(seed).choice(n, count, replace=False, shuffle=False)
    X = da.arange(n)[:, None] == da.from_array(chosen, chunks=-1)[None, :]
    return matrix_to_columns(X.astype(op.domain.dtype), op.domain)
