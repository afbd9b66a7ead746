r"""Least squares by Golub-Kahan bidiagonalisation: LSQR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.golub_kahan import (
    Bidiagonal,
    quotient,
    start_bidiagonalisation,
    stop_code,
    system_of,
    unit,
)
from pylops_distributed.optimization.numerics.recurrence import on_record
from pylops_distributed.optimization.numerics.weights import real_weight
from pylops_distributed.vectors.arithmetic import axpy, squared_norm
from pylops_distributed.vectors.elementwise import (
    elementwise,
    lincomb,
    real_dtype,
    scalar_array,
    scalar_kind,
    scalars,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

# Tolerances, and whether the gradient is measured as SciPy does.
Rules: TypeAlias = tuple[float, float, float, bool]


class LSQRRecurrence(NamedTuple):
    """Scalars that go from step to step: the rotated matrix, the norms that follow from it, and whether to move."""

    bnorm: Any
    arnorm0: Any
    rhobar: Any
    phibar: Any
    anorm: Any
    ddnorm: Any
    res2: Any
    xxnorm: Any
    z: Any
    cs2: Any
    sn2: Any
    live: Any
    acond: Any
    arnorm: Any
    xnorm: Any
    r1norm: Any
    r2norm: Any
    cost: Any


class LSQRMoves(NamedTuple):
    """Factors of a step's vectors; as they are here, nothing moves."""

    ofw: Any = 0.0
    vtow: Any = 0.0
    wtow: Any = 1.0
    towards: Any = 0.0


@dataclass(frozen=True)
class LSQRState(State):
    """State of :class:`LSQR`; ``u`` and ``v`` have the norms ``beta`` and ``alfa``."""

    kind: ClassVar[str] = "LSQRState"
    history: ClassVar[tuple[str, ...]] = ("cost", "arnorm")

    u: Vector = vector("left_vector", "codomain", "domain")
    v: Vector = vector("right_vector", "domain")
    w: Vector = vector("search_direction", "domain")
    alfa: Any = scalar("alfa")
    beta: Any = scalar("beta", "never")
    bnorm: Any = scalar("bnorm", "never")
    arnorm0: Any = scalar("arnorm0")
    rhobar: Any = scalar("rhobar")
    phibar: Any = scalar("phibar")
    anorm: Any = scalar("anorm")
    ddnorm: Any = scalar("ddnorm")
    res2: Any = scalar("res2")
    xxnorm: Any = scalar("xxnorm")
    z: Any = scalar("rotated_z")
    cs2: Any = scalar("cs2")
    sn2: Any = scalar("sn2")
    live: Any = scalar("live")
    acond: Any = scalar("acond")
    arnorm: Any = scalar("arnorm")
    xnorm: Any = scalar("xnorm")
    r1norm: Any = scalar("r1norm")
    r2norm: Any = scalar("r2norm")
    cost: Any = scalar("cost", "never")


@dataclass(frozen=True)
class LSQRVarState(LSQRState):
    """State of :class:`LSQR` with ``calc_var``: also the estimated variances."""

    kind: ClassVar[str] = "LSQRVarState"
    var: Vector = vector("variance", "domain")


@dataclass(frozen=True)
class PreconditionedLSQRState(LSQRState):
    """State of :class:`LSQR` with ``M``: also ``v`` before it."""

    kind: ClassVar[str] = "PreconditionedLSQRState"
    p: Vector = vector("dual_vector", "domain")


@dataclass(frozen=True)
class LSQR:
    r"""LSQR, with one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}\|_2^2`, whatever the initial
    model and the preconditioner are.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    damp : float
        Damping :math:`\epsilon`.
    atol, btol : float
        Stop when the estimated backward errors in the operator and in the data are below these values.
    conlim : float
        Stop when the estimated condition number is above this value; zero for never.
    calc_var : bool
        Estimate the diagonal of :math:`(\mathbf{Op}^H\mathbf{Op} + \epsilon^2\mathbf{I})^{-1}`, which is real
        for complex operators too; not done with a preconditioner.
    M : LinearOperator, optional
        Preconditioner: a Hermitian, positive definite operator on models that is close to the inverse of
        :math:`\mathbf{Op}^H\mathbf{Op} + \epsilon^2\mathbf{I}`. The solution stays the same.

    Notes
    -----
    As :class:`pylops.optimization.cls_basic.LSQR`, except with an initial model and damping: PyLops damps
    :math:`\mathbf{x}-\mathbf{x}_0`, as :class:`LSQRAboutStart` does. Damping with an initial model or a preconditioner
    is part of the operator here, :math:`[\mathbf{Op};\ \epsilon\mathbf{I}]`, and ``u`` has a block more. Once a
    stopping test holds at machine precision, further steps change nothing. Paige and Saunders, 1982,
    doi:10.1145/355984.355989; with a preconditioner, Golub and Kahan's process in its norm: Arioli, 2013,
    doi:10.1137/120866543.
    """

    niter: int = 10
    damp: float = 0.0
    atol: float = 1e-8
    btol: float = 1e-8
    conlim: float = 1e8
    calc_var: bool = True
    M: LinearOperator | None = None

    resumable_settings: ClassVar[tuple[str, ...]] = ("niter", "atol", "btol", "conlim")

    @property
    def state(self) -> type[LSQRState]:
        """The class of the states."""
        if self.M is not None:
            return PreconditionedLSQRState
        return LSQRVarState if self.calc_var else LSQRState

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> LSQRState:
        """State before the first step, lazily."""
        real_weight("damp", self.damp)
        x, basis = start_bidiagonalisation(op, y, x0, self.M, self._stacked(x0))
        carried = {name: scalar_array(0, scalar_kind(x, basis.v)) for name in LSQRRecurrence._fields}
        carried |= {"live": carried["live"] + 1, "cs2": carried["cs2"] - 1, "rhobar": basis.alfa}
        carried |= dict.fromkeys(("bnorm", "phibar", "r1norm", "r2norm", "cost"), basis.beta)
        carried |= self._norms(op, basis, carried, x)
        carried |= dict.fromkeys(("arnorm", "arnorm0"), basis.alfa * basis.beta)
        w = unit(basis.v, basis.alfa)
        return self._state(0, x, basis, w, carried, elementwise(_nothing, w, dtype=real_dtype(w)))

    def step(self, op: LinearOperator, y: Vector, state: LSQRState) -> LSQRState:
        """State after one more step, lazily."""
        p = state.p if isinstance(state, PreconditionedLSQRState) else state.v
        system, damp = system_of(op, state.u, self.damp)
        basis = Bidiagonal(state.u, state.v, p, state.alfa, state.beta).step(system, self.M)
        new = scalars(
            on_record(_rotate, LSQRRecurrence), LSQRMoves._fields + LSQRRecurrence._fields,
            state.alfa, basis.alfa, basis.beta, squared_norm(state.w),
            *(getattr(state, name) for name in LSQRRecurrence._fields),
            settings=(damp, self._resting), dtype=scalar_kind(state.x),
        )  # fmt: skip
        x = axpy(new["towards"], state.w, state.x)
        new |= self._norms(op, basis, new, x)
        w = lincomb(new["vtow"], basis.v, new["wtow"], state.w)
        var = None
        if isinstance(state, LSQRVarState):
            var = elementwise(_add_square, state.var, new["ofw"], state.w, dtype=real_dtype(state.x))
        return self._state(state.iteration + 1, x, basis, w, new, var)

    def done(self, state: LSQRState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        code = self.istop(state)
        if code or not state.arnorm0:
            return Reason.CONDITION if code in (3, 6) else Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def istop(self, state: LSQRState) -> int:
        """PyLops' number for the reason to stop at a computed state, 0 to continue; the limit of iterations aside."""
        if not state.iteration or not state.arnorm0:
            return 0
        rules = (self.atol, self.btol, self.conlim, self._resting[-1])
        return _code(rules, state, state.acond)

    @property
    def _resting(self) -> Rules:
        """When steps begin to change nothing: tolerances, and whether the gradient is measured as SciPy does."""
        return 0.0, 0.0, 0.0, False

    def _stacked(self, x0: Vector | None) -> float:
        """The damping that becomes part of the operator."""
        return self.damp if x0 is not None or self.M is not None else 0.0

    def _norms(
        self, op: LinearOperator, basis: Bidiagonal, carried: Mapping[str, da.Array], x: Vector
    ) -> dict[str, da.Array]:
        """Norms of the data's part of the residual, where that has the model's part below it."""
        _, damp = system_of(op, basis.u, self.damp)
        if damp == self.damp:
            return {}
        names = ("r1norm", "cost")
        return scalars(
            _data_norm, names, carried["r2norm"], squared_norm(x), settings=(self.damp,), dtype=scalar_kind(x)
        )

    def _state(
        self,
        iteration: int,
        x: Vector,
        basis: Bidiagonal,
        w: Vector,
        values: Mapping[str, da.Array],
        var: Vector | None,
    ) -> LSQRState:
        extra = {"p": basis.p} if self.M is not None else {"var": var} if self.calc_var else {}
        carried = {name: values[name] for name in LSQRRecurrence._fields}
        return self.state(iteration, x, basis.u, basis.v, w, basis.alfa, basis.beta, **carried, **extra)


@dataclass(frozen=True)
class LSQRAboutStart(LSQR):
    r"""LSQR as PyLops and SciPy have it, which damp the change of the initial model.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`.

    Raises
    ------
    ValueError
        If ``M``, damping and an initial model come together.
    """

    def _stacked(self, x0: Vector | None) -> float:
        if x0 is not None and self.M is not None and self.damp:
            raise ValueError(
                "lsqr with M and damp takes no x0, about which it would damp: solve for the change of x0, or take "
                "pylops_distributed.optimization.LSQR, which damps the model"
            )
        return self.damp if self.M is not None else 0.0


def _data_norm(damp: float, rnorm: NDArray, xsize: NDArray) -> tuple[object, ...]:
    square = rnorm**2 - damp**2 * xsize
    cost = np.sqrt(abs(square))
    return (-cost if square < 0 else cost), cost


def _nothing(x: NDArray) -> NDArray:
    return np.zeros_like(x.real)


def _add_square(var: NDArray, a: NDArray, w: NDArray) -> NDArray:
    result: NDArray = var + a**2 * (w.real**2 + w.imag**2)
    return result


def _code(rules: Rules, now: LSQRRecurrence | LSQRState, condition: NDArray | float) -> int:
    """Number of the tolerance that is met (``atol``, ``btol`` or ``conlim``); 0 to continue."""
    *tolerances, scipy = rules
    # SciPy adds the machine's precision to the divisor, which would make this depend on the units of the data.
    gradient = quotient(now.arnorm, now.anorm * now.r2norm if scipy else now.arnorm0)
    tests = quotient(now.r2norm, now.bnorm), gradient, quotient(1.0, condition)
    return stop_code(tests, quotient(now.anorm * now.xnorm, now.bnorm), *tolerances)


def _rotate(
    damp: float,
    rules: Rules,
    alfa0: NDArray,
    alfa: NDArray,
    beta: NDArray,
    wnorm2: NDArray,
    last: LSQRRecurrence,
) -> tuple[object, ...]:
    """Factors of a step and the next scalars: two plane rotations that keep the bidiagonal matrix triangular."""
    if not last.live:
        return *LSQRMoves(), last
    rhobar1 = np.hypot(last.rhobar, damp)  # the rotation that takes the damping in
    psi, phibar = quotient(damp, rhobar1) * last.phibar, quotient(last.rhobar, rhobar1) * last.phibar
    rho = np.hypot(rhobar1, beta)  # the one that takes the subdiagonal element away
    cs, sn = quotient(rhobar1, rho), quotient(beta, rho)
    theta, rhobar, phi, phibar = sn * alfa, -cs * alfa, cs * phibar, sn * phibar
    moves = LSQRMoves(quotient(1.0, rho), quotient(1.0, alfa), -quotient(theta, rho), quotient(phi, rho))
    anorm = np.sqrt(last.anorm**2 + alfa0**2 + beta**2 + damp**2) if beta > 0 else last.anorm
    ddnorm, res2 = last.ddnorm + quotient(wnorm2, rho**2), last.res2 + psi**2
    rotated = last._replace(
        rhobar=rhobar, phibar=phibar, anorm=anorm, ddnorm=ddnorm, res2=res2, acond=anorm * np.sqrt(ddnorm),
        arnorm=alfa * abs(sn * phi), r2norm=np.sqrt(phibar**2 + res2),
    )  # fmt: skip
    return *moves, _estimates(_model_norm(rotated, rho, theta, phi), damp, rules)


def _model_norm(rotated: LSQRRecurrence, rho: NDArray, theta: NDArray, phi: NDArray) -> LSQRRecurrence:
    """``rotated`` with the norm of the model: by one more rotation, from the right."""
    delta, gambar = rotated.sn2 * rho, -rotated.cs2 * rho
    rhs = phi - delta * rotated.z
    xnorm = np.sqrt(rotated.xxnorm + quotient(rhs, gambar) ** 2)
    gamma = np.hypot(gambar, theta)
    z = quotient(rhs, gamma)
    return rotated._replace(
        cs2=quotient(gambar, gamma),
        sn2=quotient(theta, gamma),
        z=z,
        xxnorm=rotated.xxnorm + z**2,
        xnorm=xnorm,
    )


def _estimates(rotated: LSQRRecurrence, damp: float, rules: Rules) -> LSQRRecurrence:
    """``rotated`` with the norm of the data's part of the residual, and whether to move further."""
    square = rotated.r2norm**2 - damp**2 * rotated.xxnorm
    cost = np.sqrt(abs(square))
    # At machine precision the condition is left to `done`.
    condition: NDArray | float = rotated.acond if any(rules[:3]) else 1.0
    return rotated._replace(
        r1norm=-cost if square < 0 else cost, cost=cost, live=float(not _code(rules, rotated, condition))
    )
