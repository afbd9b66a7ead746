r"""Iteratively reweighted least squares: the data in the L1 norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.execution.state import Reason, State, scalar, vector
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
from pylops_distributed.vectors.space import BlockVector, Vector, one_array
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class IRLSState(State):
    """State of :class:`IRLS`: ``x`` is the model of the last outer iteration, ``z`` the one inside."""

    kind: ClassVar[str] = "IRLSState"
    history: ClassVar[tuple[str, ...]] = ("cost", "update", "kold", "outer")

    z: Vector = vector("inner_model", "domain")
    c: Vector = vector("search_direction", "domain")
    s: Vector = vector("weighted_residual", "codomain")
    w: Vector = vector("weights", "codomain")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    outer: Any = scalar("outer")
    inner: Any = scalar("inner")
    restart: Any = scalar("restart")
    cost: Any = scalar("cost", "never")
    update: Any = scalar("update", "always")


@dataclass(frozen=True)
class IRLS:
    r"""Minimises the L1 norm of the data residual through CGLS with weights, one forward and one adjoint a step.

    Each outer iteration minimises :math:`\|\mathbf{W}^{1/2}(\mathbf{y}-\mathbf{Op}\,\mathbf{x})\|_2^2 +
    \epsilon_I^2\|\mathbf{x}\|_2^2`, with weights :math:`1/(|r_i|+\epsilon_R)` from the residual of the one
    before, divided by the largest.

    Parameters
    ----------
    nouter : int
        Number of outer iterations.
    threshR : bool
        Take :math:`1/\max(|r_i|, \epsilon_R)` as weights.
    epsR : float
        What keeps the weights finite.
    epsI : float
        Damping.
    tolIRLS : float
        Stop when the norm of an outer iteration's update is below this value.
    warm : bool
        Begin the inner iterations at the model found last, not at zero.
    niter : int
        Number of inner iterations.
    tol : float
        Stop inner iterations when the squared norm of the gradient is not above this value.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.IRLS` with ``kind="data"`` and ``engine="pylops"``. One machine
    for both loops: the weights change without a new graph, and a checkpoint may fall anywhere. The step that
    ends an outer iteration applies the operator to the model found, for its residual, instead of to a direction.
    Scales et al., 1988, doi:10.1016/0021-9991(88)90090-4.
    """

    nouter: int = 10
    threshR: bool = False
    epsR: float = 1e-10
    epsI: float = 1e-10
    tolIRLS: float = 1e-10
    warm: bool = False
    niter: int = 10
    tol: float = 1e-4

    state: ClassVar[type[IRLSState]] = IRLSState
    resumable_settings: ClassVar[tuple[str, ...]] = ("nouter", "tolIRLS")

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.nouter * (self.niter + 1) + 1

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> IRLSState:
        """State before the first step, lazily; ``x0`` is where a warm start begins."""
        s: Any = op.codomain.fit(y)
        g = op.apply_adjoint(s)
        x: Any = zero_model(op, g)
        if x0 is not None and self.warm:
            x = op.domain.fit(x0)
            s = s - op.apply(x)
            g = axpy(-(self.epsI**2), x, op.apply_adjoint(s))
        real, k = scalar_kind(s, g), squared_norm(g)
        counters = advance_counters(
            scalar_array(0, real), scalar_array(0, real), scalar_array(-1, real), k, k, self.niter, self.tol
        )
        w = elementwise(_ones, s, dtype=real_dtype(s))
        return IRLSState(0, x, x, g, s, w, k, **counters, cost=norm(y), update=scalar_array(np.inf, real))

    def step(self, op: LinearOperator, y: Vector, state: IRLSState) -> IRLSState:
        """State after one more step, lazily."""
        image = op.apply(where(state.restart, state.z, state.c))
        # Of the weighted direction, or of the residual of the model found.
        size = total(_size, state.restart, image, state.w, y, dtype=state.kold.dtype)
        least = _least(state.restart, image, y, state.kold.dtype)
        a = step_length(state.kold, self._damped(size, state.c), state.kfirst, state.c, state.z, y)
        w = elementwise(
            _weights, state.restart, state.w, image, y, least, self.threshR, self.epsR, dtype=real_dtype(y)
        )
        s = elementwise(_residual, state.restart, a, state.s, state.w, image, w, y, self.warm)
        z = elementwise(_inner, state.restart, a, state.c, state.z, self.warm)
        g = axpy(-(self.epsI**2), z, op.apply_adjoint(elementwise(_times, w, s)))
        k = squared_norm(g)
        c = elementwise(_direction, state.restart, safe_divide(k, state.kold), state.c, g)
        counters = advance_counters(
            state.restart, state.outer, state.inner, state.kfirst, k, self.niter, self.tol
        )
        return IRLSState(
            state.iteration + 1, where(state.restart, state.z, state.x), z, c, s, w, k, **counters,
            cost=where(state.restart, size**0.5, state.cost),
            update=where(
                state.restart, distance_if(state.restart, state.z, state.x, k.dtype), state.update
            ),
        )  # fmt: skip

    def done(self, state: IRLSState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if state.outer and float(state.update) < self.tolIRLS:
            return Reason.CONVERGED
        return Reason.NITER if state.outer >= self.nouter else None

    def _damped(self, size: da.Array, c: Vector) -> da.Array:
        return size + self.epsI**2 * squared_norm(c) if self.epsI else size


def _ones(x: NDArray) -> NDArray:
    return np.ones(x.shape, x.real.dtype)


def _size(restart: NDArray, image: NDArray, w: NDArray, y: NDArray) -> NDArray:
    return square(y - image) if restart else square(w * image)


def _least_of(restart: NDArray, image: NDArray, y: NDArray) -> NDArray:
    least = np.abs(y - image).min() if restart else np.inf
    return np.full((1,) * image.ndim, least, image.real.dtype)


def _least(restart: Scalar, image: Vector, y: Vector, dtype: DTypeLike) -> da.Array:
    """Smallest magnitude of the residual: that of the largest weight."""
    if isinstance(image, BlockVector) and isinstance(y, BlockVector):
        pairs = zip(image.arrays, y.arrays, strict=True)
        extreme: da.Array = np.stack([_least(restart, a, b, dtype) for a, b in pairs]).min()
        return extreme
    image, y = one_array(image), one_array(y)
    axes = tuple(range(image.ndim))
    return blockwise(
        _least_of, axes, restart, (), image, axes, y, axes,
        adjust_chunks=dict.fromkeys(axes, 1), dtype=dtype, meta=np.zeros((0,) * len(axes), dtype),
    ).min()  # fmt: skip


def _weight(size: NDArray, thresh: bool, eps: float) -> NDArray:
    return 1 / (np.maximum(size, eps) if thresh else size + eps)


def _weights(
    restart: NDArray, w: NDArray, image: NDArray, y: NDArray, least: NDArray, thresh: bool, eps: float
) -> NDArray:
    if not restart:
        return w
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt(_weight(np.abs(y - image), thresh, eps) / _weight(least, thresh, eps))
    # A residual and an epsR of zero give 0 / 0, and the largest weight; a residual of NaN stays NaN.
    exact = np.isnan(ratio) & (y == image)
    return np.where(exact, np.ones_like(ratio), ratio)


def _residual(
    restart: NDArray, a: NDArray, s: NDArray, w0: NDArray, image: NDArray, w: NDArray, y: NDArray, warm: bool
) -> NDArray:
    if restart:
        return w * (y - image if warm else y)
    result: NDArray = s - a * (w0 * image)
    return result


def _inner(restart: NDArray, a: NDArray, c: NDArray, z: NDArray, warm: bool) -> NDArray:
    if restart:
        return z if warm else np.zeros_like(z)
    result: NDArray = z + a * c
    return result


def _times(w: NDArray, s: NDArray) -> NDArray:
    return w * s


def _direction(restart: NDArray, b: NDArray, c: NDArray, g: NDArray) -> NDArray:
    return g if restart else g + b * c
