"""Whether an adjoint is the adjoint of its forward."""

from __future__ import annotations

from typing import Any

import dask
import dask.array as da
import numpy as np

from pylops_distributed.linearoperator.operator import aslinearoperator
from pylops_distributed.vectors.arithmetic import norm, vdot
from pylops_distributed.vectors.space import (
    AnySpace,
    BlockSpace,
    BlockVector,
    Space,
    Vector,
    flatten,
    unflatten,
)
from pylops_distributed.vectors.types import ChunksLike, DType


def dottest(
    Op: object,
    nr: int | None = None,
    nc: int | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-21,
    complexflag: int = 0,
    raiseerror: bool = True,
    verb: bool = False,
    backend: str = "numpy",
    *,
    seed: int = 0,
    chunks: tuple[ChunksLike, ChunksLike] | None = None,
    tol: float | None = None,
) -> bool:
    r"""Check an operator with random vectors that stay chunked, in one computation.

    The operator passes if

    .. math::
        |(\mathbf{Op}\,\mathbf{u})^H \mathbf{v} - \mathbf{u}^H (\mathbf{Op}^H \mathbf{v})| \le
        a + r \max(\|\mathbf{Op}\,\mathbf{u}\| \|\mathbf{v}\|, \|\mathbf{u}\| \|\mathbf{Op}^H \mathbf{v}\|),

    which, unlike a tolerance relative to the products alone, does not depend on how orthogonal the vectors
    happen to be. For an operator that is linear over the reals only, the real parts are compared.

    Parameters
    ----------
    Op : LinearOperator
        Operator of this library, PyLops or SciPy.
    nr, nc : int, optional
        Numbers of rows and columns that the operator must have.
    rtol, atol : float, optional
        Tolerances :math:`r` and :math:`a`.
    complexflag : {0, 1, 2, 3}, optional
        Which random vectors are complex: none, the model, the data, or both.
    raiseerror : bool, optional
        Raise an error where the test fails, instead of returning False.
    verb : bool, optional
        Print the result.
    backend : str, optional
        Taken for compatibility: the vectors are Dask arrays.
    seed : int, optional
        Seed of the random vectors.
    chunks : tuple, optional
        Chunks of the flat data and of the flat model, as in pylops-distributed 0.x; default those of the operator.
    tol : float, optional
        Another name of ``rtol``, as in pylops-distributed 0.x.

    Returns
    -------
    bool
        Whether the operator passed.

    Raises
    ------
    AssertionError
        If the shape is not ``(nr, nc)``, or the operator fails.
    ValueError
        If ``complexflag`` is unknown.

    See Also
    --------
    pylops.utils.dottest

    Examples
    --------
    >>> import pylops_distributed
    >>> pylops_distributed.utils.dottest(pylops_distributed.FirstDerivative(20))
    True
    """
    op = aslinearoperator(Op)
    expected = (op.shape[0] if nr is None else nr, op.shape[1] if nc is None else nc)
    if op.shape != expected:
        raise AssertionError(f"the operator has shape {op.shape}, not {expected}")
    if complexflag not in (0, 1, 2, 3):
        raise ValueError(f"complexflag must be 0, 1, 2 or 3, got {complexflag}")
    rng = da.random.default_rng(seed)
    u = random(op.domain, rng, op.dtype, complexflag in (1, 3))
    v = random(op.codomain, rng, op.dtype, complexflag in (2, 3))
    if chunks is not None:
        u, v = (
            unflatten(flatten(a).rechunk(c), space)
            for a, c, space in zip((u, v), chunks[::-1], (op.domain, op.codomain), strict=True)
        )
    y, x = op.apply(u), op.apply_adjoint(v)
    yy, xx, *norms = dask.compute(vdot(y, v), vdot(u, x), norm(y), norm(v), norm(u), norm(x))
    if not op.clinear:
        yy, xx = yy.real, xx.real
    scale = max(norms[0] * norms[1], norms[2] * norms[3])
    passed = bool(abs(yy - xx) <= atol + (rtol if tol is None else tol) * scale)
    message = f"Dot test {'passed' if passed else 'failed'}: (Op u)^H v = {yy}, u^H (Op^H v) = {xx}"
    if raiseerror and not passed:
        raise AssertionError(message)
    if verb:
        print(message)
    return passed


def random(space: AnySpace, rng: object, dtype: DType, complex: bool) -> Vector:
    """A lazy vector of independent normal samples, of the precision of ``dtype``."""
    if isinstance(space, BlockSpace):
        return BlockVector(tuple(_normal(member, rng, dtype, complex) for member in space.spaces))
    return _normal(space, rng, dtype, complex)


def _normal(space: Space, rng: Any, dtype: DType, complex: bool) -> da.Array:
    real = np.empty(0, np.result_type(dtype, np.float32)).real.dtype
    x: da.Array = rng.standard_normal(space.shape, chunks=space.chunks or "auto").astype(real)
    if complex:
        x = x + 1j * rng.standard_normal(space.shape, chunks=space.chunks or "auto").astype(real)
    return x
