r"""Basis pursuit denoising by spectral projected gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.optimization.numerics.recurrence import on_record
from pylops_distributed.optimization.numerics.spgl1_linesearch import (
    LIMIT,
    LINE,
    SHRUNK,
    STRAIGHT,
    Numbers,
    Tolerances,
    decide,
    judge,
)
from pylops_distributed.vectors.arithmetic import norm, squared_norm, vdot
from pylops_distributed.vectors.elementwise import (
    elementwise,
    norm1,
    packed,
    scalar_array,
    scalar_kind,
    scalars,
    square,
    total,
    where,
    zero_model,
)
from pylops_distributed.vectors.namespace import blockwise
from pylops_distributed.vectors.quantiles import l1_threshold
from pylops_distributed.vectors.space import BlockVector, Vector
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


@dataclass(frozen=True)
class SPGL1State(State):
    """State of :class:`SPGL1`; the scalars are those of its rules."""

    kind: ClassVar[str] = "SPGL1State"
    history: ClassVar[tuple[str, ...]] = ("cost", "rnorm", "xnorm", "gnorm", "tau", "niters")

    r: Vector = vector("residual", "codomain")
    g: Vector = vector("gradient", "domain")
    tau: Any = scalar("tau")
    single: Any = scalar("single")
    bnorm: Any = scalar("bnorm", "never")
    f: Any = scalar("half_square", "never")
    fold: Any = scalar("fold")
    last0: Any = scalar("last0", "always")
    last1: Any = scalar("last1", "always")
    last2: Any = scalar("last2", "always")
    gstep: Any = scalar("gstep")
    step: Any = scalar("step_length")
    scale: Any = scalar("scale")
    snorm: Any = scalar("snorm")
    nsafe: Any = scalar("nsafe")
    trials: Any = scalar("trials")
    phase: Any = scalar("phase")
    step_max: Any = scalar("step_max")
    errors: Any = scalar("errors")
    updated: Any = scalar("updated")
    newton: Any = scalar("newton")
    niters: Any = scalar("niters")
    stat: Any = scalar("stat")
    rnorm: Any = scalar("rnorm", "never")
    rgap: Any = scalar("rgap")
    gnorm: Any = scalar("gnorm")
    xnorm: Any = scalar("xnorm")
    g2: Any = scalar("g2")

    @property
    def cost(self) -> da.Array:
        """Norm of the residual, under the name that all solvers have for it."""
        cost: da.Array = self.rnorm
        return cost


@dataclass(frozen=True)
class SPGL1:
    r"""Spectral projected gradients for L1 problems, one forward and one adjoint a step.

    With a radius :math:`\tau` it minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2` over
    :math:`\|\mathbf{x}\|_1\le\tau`; without one it minimises :math:`\|\mathbf{x}\|_1` over
    :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2\le\sigma`, by Newton's method for the radius.

    Parameters
    ----------
    tau : float
        Radius :math:`\tau`; zero to look for it.
    sigma : float
        Norm of the residual :math:`\sigma`.
    iter_lim : int, optional
        Maximum number of iterations; ten times the number of data if not given.
    opt_tol, bp_tol, ls_tol, dec_tol : float
        Tolerances for the optimum, for a residual of zero, for a gradient of zero, and for the decrease of the
        objective before the radius is changed.
    step_min, step_max : float
        Limits of the spectral step.

    Notes
    -----
    As the package ``spgl1`` that PyLops calls, without its subspace minimisation, weights and best iterate kept
    aside. A step is one trial of the line search; one task of scalars decides whether to take it, and how to continue,
    so that all steps are one graph. The projection finds its threshold exactly in few passes. van den Berg and
    Friedlander, 2008, doi:10.1137/080714488.
    """

    tau: float = 0.0
    sigma: float = 0.0
    iter_lim: int | None = None
    opt_tol: float = 1e-4
    bp_tol: float = 1e-6
    ls_tol: float = 1e-6
    dec_tol: float = 1e-4
    step_min: float = 1e-16
    step_max: float = 1e5

    state: ClassVar[type[SPGL1State]] = SPGL1State
    takes: ClassVar[Takes] = "coefficients"
    resumable_settings: ClassVar[tuple[str, ...]] = ("iter_lim",)

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.iter_lim or 0

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> SPGL1State:
        """State before the first step, lazily."""
        data: Any = op.codomain.fit(y)
        real = scalar_kind(data)
        bnorm = norm(data)
        tau, single = scalars(
            _radius, ("tau", "single"), bnorm, settings=(self.tau, self.sigma), dtype=real
        ).values()
        if x0 is None:
            g = -op.apply_adjoint(data)
            x, r = zero_model(op, g), data
        else:
            start = op.domain.fit(x0)
            x = elementwise(soft, start, l1_threshold(start, tau))
            r = data - op.apply(x)
            g = -op.apply_adjoint(r)
        initial = {name: scalar_array(0, real) for name in Numbers._fields}
        f = squared_norm(r) / 2
        initial |= {"tau": tau, "single": single, "bnorm": bnorm, "f": f, "fold": f, "last0": f}
        initial |= dict.fromkeys(("last1", "last2"), scalar_array(-np.inf, real))
        initial |= dict.fromkeys(("step", "scale"), scalar_array(1, real))
        initial |= {"step_max": scalar_array(self.step_max, real), "errors": scalar_array(10, real)}
        moved = elementwise(_moved, x, g, 1.0)
        ahead = elementwise(_towards, x, moved, l1_threshold(moved, tau), 1.0)
        initial["gstep"] = scalars(
            _first_step, ("gstep",), _largest(elementwise(_minus, ahead, x), real),
            settings=(self.step_min, self.step_max), dtype=real,
        )["gstep"]  # fmt: skip
        zero, one = scalar_array(0, real), scalar_array(1, real)
        numbers = (zero, one, *(initial[name] for name in Numbers._fields))
        return SPGL1State(0, x, r, g, **self._judged(op, data, x, r, g, zero, zero, *numbers))

    def step(self, op: LinearOperator, y: Vector, state: SPGL1State) -> SPGL1State:
        """State after one more trial, lazily."""
        real = state.f.dtype
        length, part = scalars(
            _lengths, ("length", "part"), state.phase, state.step, state.scale, state.gstep, dtype=real
        ).values()
        moved = elementwise(_moved, state.x, state.g, length)
        x = elementwise(_towards, state.x, moved, l1_threshold(moved, state.tau), part)
        r = y - op.apply(x)
        gs, s2 = total(_slope, x, state.x, state.g, dtype=real), total(_step2, x, state.x, dtype=real)
        new = packed(
            on_record(decide, Numbers), 2 + len(Numbers._fields),
            squared_norm(r) / 2, gs, s2, *(getattr(state, n) for n in Numbers._fields),
            settings=(self._rules(op),), dtype=real,
        )  # fmt: skip
        taken = new[0]
        g = where(taken, -op.apply_adjoint(r), state.g)
        sty = total(_curvature, x, state.x, g, state.g, dtype=real)
        x, r = where(taken, x, state.x), where(taken, r, state.r)
        numbers = self._judged(op, y, x, r, g, sty, s2, new)
        return SPGL1State(state.iteration + 1, x, r, g, **numbers)

    def done(self, state: SPGL1State) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if state.stat:
            return Reason.NITER if state.stat in (LIMIT, LINE) else Reason.CONVERGED
        return None

    def _rules(self, op: LinearOperator) -> Tolerances:
        limit = 10 * op.shape[0] if self.iter_lim is None else self.iter_lim
        return Tolerances(
            self.sigma,
            self.opt_tol,
            self.bp_tol,
            self.ls_tol,
            self.dec_tol,
            self.step_min,
            limit,
            op.shape[1],
        )

    def _judged(
        self,
        op: LinearOperator,
        y: Vector,
        x: Vector,
        r: Vector,
        g: Vector,
        sty: Scalar,
        s2: Scalar,
        *numbers: Scalar,
    ) -> dict[str, da.Array]:
        real = scalar_kind(x)
        gap = vdot(r, r - y)
        return scalars(
            on_record(judge, Numbers), Numbers._fields,
            sty, s2, gap.real, gap.imag, _largest(g, real), squared_norm(g), norm1(x), *numbers,
            settings=(self._rules(op),), dtype=real,
        )  # fmt: skip


def _radius(tau: float, sigma: float, bnorm: NDArray) -> tuple[object, ...]:
    """The first radius, and whether it stays: also where zero is the solution."""
    return (0.0, 1.0) if bnorm <= sigma else (tau, float(tau != 0))


def _first_step(least: float, most: float, change: NDArray) -> tuple[object, ...]:
    return (most if change * most < 1 else min(most, max(least, 1 / change)),)


def _lengths(phase: NDArray, step: NDArray, scale: NDArray, gstep: NDArray) -> tuple[object, ...]:
    """How far to go along the gradient before the projection, and which part of the way to its end."""
    if phase == SHRUNK:
        return 0.0, 1.0
    return (gstep, step) if phase == STRAIGHT else (step * scale * gstep, 1.0)


def _moved(x: NDArray, g: NDArray, length: NDArray) -> NDArray:
    result: NDArray = x - length * g
    return result


def _towards(x: NDArray, moved: NDArray, thresh: NDArray, part: NDArray) -> NDArray:
    projected = soft(moved, thresh)
    return projected if part == 1 else x + part * (projected - x)


def _minus(x: NDArray, y: NDArray) -> NDArray:
    return x - y


def _slope(x: NDArray, before: NDArray, g: NDArray) -> NDArray:
    result: NDArray = (np.conj(g) * (x - before)).real
    return result


def _step2(x: NDArray, before: NDArray) -> NDArray:
    return square(x - before)


def _curvature(x: NDArray, before: NDArray, g: NDArray, gbefore: NDArray) -> NDArray:
    result: NDArray = (np.conj(x - before) * (g - gbefore)).real
    return result


def _max_abs(x: NDArray) -> NDArray:
    result: NDArray = np.abs(x).max().reshape((1,) * x.ndim)
    return result


def _largest(x: Vector, dtype: DTypeLike) -> da.Array:
    """Largest magnitude as a lazy 0-d array."""
    if isinstance(x, BlockVector):
        extreme: da.Array = np.stack([_largest(a, dtype) for a in x.arrays]).max()
        return extreme
    axes = tuple(range(x.ndim))
    return blockwise(
        _max_abs, axes, x, axes, adjust_chunks=dict.fromkeys(axes, 1), dtype=dtype,
        meta=np.zeros((0,) * len(axes), dtype),
    ).max()  # fmt: skip
