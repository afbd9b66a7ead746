r"""Iteratively reweighted least squares: the model in the L1 norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.optimization.numerics.nested_loops import advance_counters
from pylops_distributed.vectors.arithmetic import axpy, norm, safe_divide, squared_norm
from pylops_distributed.vectors.elementwise import (
    distance_if,
    elementwise,
    real_dtype,
    scalar_array,
    scalar_kind,
    square,
    step_length,
    total,
    where,
    zero_model,
)
from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class IRLSModelState(State):
    """State of :class:`IRLSModel`: ``x`` is the model of the last outer iteration, ``p`` the one inside."""

    kind: ClassVar[str] = "IRLSModelState"
    history: ClassVar[tuple[str, ...]] = ("cost", "update", "kold", "outer")

    p: Vector = vector("inner_model", "domain")
    w: Vector = vector("weights", "domain")
    c: Vector = vector("search_direction", "codomain")
    s: Vector = vector("residual", "codomain")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    outer: Any = scalar("outer")
    inner: Any = scalar("inner")
    restart: Any = scalar("restart")
    cost: Any = scalar("cost", "never")
    update: Any = scalar("update", "always")


@dataclass(frozen=True)
class IRLSModel:
    r"""Sparse models through CGLS with weights, for underdetermined problems.

    Each outer iteration solves :math:`(\mathbf{Op}\,\mathbf{R}\,\mathbf{Op}^H + \epsilon_I^2\mathbf{I})\,\mathbf{u}
    = \mathbf{y}` and takes :math:`\mathbf{x} = \mathbf{R}\,\mathbf{Op}^H\mathbf{u}`, with
    :math:`\mathbf{R}` the magnitudes of the model before, divided by the largest.

    Parameters
    ----------
    nouter : int
        Number of outer iterations.
    epsI : float
        Damping.
    tolIRLS : float
        Stop when the norm of an outer iteration's update is below this value.
    niter : int
        Number of inner iterations.
    tol : float
        Stop inner iterations when the squared norm of the gradient is not above this value.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.IRLS` with ``kind="model"`` and ``engine="pylops"``. CGLS applies
    the Hermitian operator twice, so that a step takes two forwards and two adjoints. One machine for both loops,
    as :class:`~pylops_distributed.optimization.algorithms.irls.IRLS`. Daubechies et al., 2010, doi:10.1002/cpa.20303.
    """

    nouter: int = 10
    epsI: float = 1e-10
    tolIRLS: float = 1e-10
    niter: int = 10
    tol: float = 1e-4

    state: ClassVar[type[IRLSModelState]] = IRLSModelState
    takes: ClassVar[Takes] = "coefficients"
    resumable_settings: ClassVar[tuple[str, ...]] = ("nouter", "tolIRLS")

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.nouter * (self.niter + 1) + 1

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> IRLSModelState:
        """State before the first step, lazily; ``x0`` is not used, as in PyLops."""
        s: Any = op.codomain.fit(y)
        back = op.apply_adjoint(s)
        c = axpy(self.epsI**2, s, op.apply(back))
        x, w = zero_model(op, back), elementwise(_ones, back, dtype=real_dtype(back))
        real, k = scalar_kind(s, back), squared_norm(c)
        counters = advance_counters(
            scalar_array(0, real), scalar_array(0, real), scalar_array(-1, real), k, k, self.niter, self.tol
        )
        return IRLSModelState(
            0, x, x, w, c, s, k, **counters, cost=norm(y), update=scalar_array(np.inf, real)
        )

    def step(self, op: LinearOperator, y: Vector, state: IRLSModelState) -> IRLSModelState:
        """State after one more step, lazily."""
        restart = state.restart
        d = elementwise(_times, state.w, op.apply_adjoint(state.c))
        image = op.apply(where(restart, state.p, d))
        # Of the operator's direction, or of the residual of the model found.
        size = total(_size, restart, image, state.c, y, self.epsI, dtype=state.kold.dtype)
        a = step_length(state.kold, size, state.kfirst, like=image)
        w = elementwise(
            _weights,
            restart,
            state.w,
            state.p,
            _largest(restart, state.p, size.dtype),
            dtype=real_dtype(state.p),
        )
        s = elementwise(_residual, restart, a, state.s, image, state.c, y, self.epsI)
        p = elementwise(_model, restart, a, state.p, d)
        back = op.apply(elementwise(_times, w, op.apply_adjoint(s)))
        g = axpy(self.epsI**2, s, back)
        k = squared_norm(g)
        c = elementwise(_direction, restart, safe_divide(k, state.kold), state.c, g)
        counters = advance_counters(restart, state.outer, state.inner, state.kfirst, k, self.niter, self.tol)
        return IRLSModelState(
            state.iteration + 1, where(restart, state.p, state.x), p, w, c, s, k, **counters,
            cost=where(restart, size**0.5, state.cost),
            update=where(restart, distance_if(restart, state.p, state.x, k.dtype), state.update),
        )  # fmt: skip

    def done(self, state: IRLSModelState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if state.outer and float(state.update) < self.tolIRLS:
            return Reason.CONVERGED
        return Reason.NITER if state.outer >= self.nouter else None


def _ones(x: NDArray) -> NDArray:
    return np.ones(x.shape, x.real.dtype)


def _times(w: NDArray, x: NDArray) -> NDArray:
    return w * x


def _size(restart: NDArray, image: NDArray, c: NDArray, y: NDArray, eps: float) -> NDArray:
    return square(y - image) if restart else square(image + eps**2 * c)


def _largest_of(restart: NDArray, p: NDArray) -> NDArray:
    return np.full((1,) * p.ndim, np.abs(p).max() if restart else 0, p.real.dtype)


def _largest(restart: Scalar, p: Vector, dtype: DTypeLike) -> da.Array:
    """Largest magnitude of the model found."""
    if isinstance(p, BlockVector):
        extreme: da.Array = np.stack([_largest(restart, m, dtype) for m in p.arrays]).max()
        return extreme
    axes = tuple(range(p.ndim))
    return blockwise(
        _largest_of, axes, restart, (), p, axes,
        adjust_chunks=dict.fromkeys(axes, 1), dtype=dtype, meta=np.zeros((0,) * len(axes), dtype),
    ).max()  # fmt: skip


def _weights(restart: NDArray, w: NDArray, p: NDArray, largest: NDArray) -> NDArray:
    if not restart:
        return w
    return np.abs(p) / largest if largest else np.zeros_like(w)


def _residual(
    restart: NDArray, a: NDArray, s: NDArray, image: NDArray, c: NDArray, y: NDArray, eps: float
) -> NDArray:
    return y if restart else s - a * (image + eps**2 * c)


def _model(restart: NDArray, a: NDArray, p: NDArray, d: NDArray) -> NDArray:
    return np.zeros_like(p) if restart else p + a * d


def _direction(restart: NDArray, b: NDArray, c: NDArray, g: NDArray) -> NDArray:
    return g if restart else g + b * c
