r"""Least squares by Golub-Kahan bidiagonalisation: LSMR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, scalar, vector
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
from pylops_distributed.vectors.arithmetic import axpy, norm
from pylops_distributed.vectors.elementwise import (
    lincomb,
    scalar_array,
    scalar_kind,
    scalars,
    zero_model,
)
from pylops_distributed.vectors.space import Vector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


class LSMRRecurrence(NamedTuple):
    """Scalars that go from step to step: the rotated matrices, the norms that follow from them, and whether to move."""

    zetabar: Any
    alphabar: Any
    rho: Any
    rhobar: Any
    cbar: Any
    sbar: Any
    betadd: Any
    betad: Any
    rhodold: Any
    tautilde: Any
    thetatilde: Any
    zeta: Any
    d: Any
    norma2: Any
    maxrbar: Any
    minrbar: Any
    live: Any
    normr: Any
    normar: Any
    norma: Any
    conda: Any


class LSMRMoves(NamedTuple):
    """Factors of a step's vectors; as they are here, nothing moves."""

    htohbar: Any = 0.0
    hbartohbar: Any = 1.0
    towards: Any = 0.0
    vtoh: Any = 0.0
    htoh: Any = 1.0


@dataclass(frozen=True)
class LSMRState(State):
    """State of :class:`LSMR`; ``u`` and ``v`` have the norms ``beta`` and ``alfa``."""

    kind: ClassVar[str] = "LSMRState"
    history: ClassVar[tuple[str, ...]] = ("cost", "normr", "normar")

    u: Vector = vector("left_vector", "codomain", "domain")
    v: Vector = vector("right_vector", "domain")
    h: Vector = vector("search_direction", "domain")
    hbar: Vector = vector("orthogonal_direction", "domain")
    alfa: Any = scalar("alfa")
    beta: Any = scalar("beta", "never")
    normb: Any = scalar("normb", "never")
    normx: Any = scalar("normx")
    zetabar: Any = scalar("zetabar")
    alphabar: Any = scalar("alphabar")
    rho: Any = scalar("rho")
    rhobar: Any = scalar("rhobar")
    cbar: Any = scalar("cbar")
    sbar: Any = scalar("sbar")
    betadd: Any = scalar("betadd")
    betad: Any = scalar("betad")
    rhodold: Any = scalar("rhodold")
    tautilde: Any = scalar("tautilde")
    thetatilde: Any = scalar("thetatilde")
    zeta: Any = scalar("zeta")
    d: Any = scalar("rotated_d")
    norma2: Any = scalar("norma2")
    maxrbar: Any = scalar("maxrbar")
    minrbar: Any = scalar("minrbar", "always")
    live: Any = scalar("live")
    normr: Any = scalar("normr", "never")
    normar: Any = scalar("normar")
    norma: Any = scalar("norma")
    conda: Any = scalar("conda")

    @property
    def cost(self) -> da.Array:
        """Norm of the residual, under the name that all solvers have for it."""
        cost: da.Array = self.normr
        return cost


@dataclass(frozen=True)
class LSMR:
    r"""LSMR, with one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}\|_2^2`, whatever the initial
    model is; the norm of the
    gradient never grows, so that stopping early is safer than with LSQR.

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

    Notes
    -----
    As :func:`scipy.sparse.linalg.lsmr`, except that the estimate of the condition number does not depend on the scale
    of the operator, and with an initial model and damping: SciPy damps
    :math:`\mathbf{x}-\mathbf{x}_0`, as :class:`LSMRAboutStart` does. The damping is then part of the operator here,
    :math:`[\mathbf{Op};\ \epsilon\mathbf{I}]`, and ``u`` has a block more. Once a
    stopping test holds at machine precision, further steps change nothing. Fong and Saunders, 2011,
    doi:10.1137/10079687X.
    """

    niter: int = 10
    damp: float = 0.0
    atol: float = 1e-6
    btol: float = 1e-6
    conlim: float = 1e8

    state: ClassVar[type[LSMRState]] = LSMRState
    resumable_settings: ClassVar[tuple[str, ...]] = ("niter", "atol", "btol", "conlim")

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> LSMRState:
        """State before the first step, lazily."""
        real_weight("damp", self.damp)
        x, basis = start_bidiagonalisation(op, y, x0, damp=self._stacked(x0))
        real = scalar_kind(x, basis.v)
        carried = {name: scalar_array(0, real) for name in LSMRRecurrence._fields}
        carried |= dict.fromkeys(("rho", "rhobar", "cbar", "rhodold", "live", "conda"), scalar_array(1, real))
        carried |= dict.fromkeys(("zetabar", "normar"), basis.alfa * basis.beta)
        carried |= dict.fromkeys(("betadd", "normr"), basis.beta)
        carried |= {"alphabar": basis.alfa, "norma": basis.alfa, "norma2": basis.alfa**2}
        carried["minrbar"] = scalar_array(np.inf, real)
        normb = basis.beta if x0 is None else norm(y)
        h = unit(basis.v, basis.alfa)
        return self._state(0, x, basis, h, zero_model(op, h), normb, carried)

    def step(self, op: LinearOperator, y: Vector, state: LSMRState) -> LSMRState:
        """State after one more step, lazily."""
        system, damp = system_of(op, state.u, self.damp)
        basis = Bidiagonal(state.u, state.v, state.v, state.alfa, state.beta).step(system)
        new = scalars(
            on_record(_rotate, LSMRRecurrence), LSMRMoves._fields + LSMRRecurrence._fields,
            basis.alfa, basis.beta, state.normb, *(getattr(state, n) for n in LSMRRecurrence._fields),
            settings=(damp,), dtype=scalar_kind(state.x),
        )  # fmt: skip
        hbar = lincomb(new["htohbar"], state.h, new["hbartohbar"], state.hbar)
        x = axpy(new["towards"], hbar, state.x)
        h = lincomb(new["vtoh"], basis.v, new["htoh"], state.h)
        return self._state(state.iteration + 1, x, basis, h, hbar, state.normb, new)

    def done(self, state: LSMRState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        code = self.istop(state)
        if code or not state.normar:
            return Reason.CONDITION if code in (3, 6) else Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def istop(self, state: LSMRState) -> int:
        """SciPy's number for the reason to stop at a computed state, 0 to continue; the limit of iterations aside."""
        if not state.iteration or not state.normb:
            return 0
        size = state.norma * state.normx / state.normb
        gradient = state.normar / (state.norma * state.normr) if state.norma * state.normr else np.inf
        tests = state.normr / state.normb, gradient, quotient(1.0, state.conda)
        return stop_code(tests, size, self.atol, self.btol, self.conlim)

    def _stacked(self, x0: Vector | None) -> float:
        """The damping that becomes part of the operator."""
        return 0.0 if x0 is None else self.damp

    def _state(
        self,
        iteration: int,
        x: Vector,
        basis: Bidiagonal,
        h: Vector,
        hbar: Vector,
        normb: da.Array,
        values: Mapping[str, da.Array],
    ) -> LSMRState:
        carried = {name: values[name] for name in LSMRRecurrence._fields}
        return LSMRState(
            iteration, x, basis.u, basis.v, h, hbar, basis.alfa, basis.beta, normb, norm(x), **carried
        )


@dataclass(frozen=True)
class LSMRAboutStart(LSMR):
    r"""LSMR as SciPy has it, which damps the change of the initial model.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`.
    """

    def _stacked(self, x0: Vector | None) -> float:
        return 0.0


Rotation: TypeAlias = tuple[NDArray, NDArray]


def _reflect(a: NDArray, b: NDArray | float) -> tuple[NDArray, NDArray, NDArray]:
    """Cosine, sine and length of the rotation that takes ``b`` into ``a``."""
    size = np.hypot(a, b)
    return quotient(a, size), quotient(b, size), size


def _rotate(
    damp: float, alfa: NDArray, beta: NDArray, normb: NDArray, last: LSMRRecurrence
) -> tuple[object, ...]:
    """Factors of a step and the next scalars: three plane rotations that keep the matrices triangular."""
    if not last.live:
        return *LSMRMoves(), last
    chat, shat, alphahat = _reflect(last.alphabar, damp)
    c, s, rho = _reflect(alphahat, beta)
    thetanew, alphabar = s * alfa, c * alfa
    thetabar, rhotemp = last.sbar * rho, last.cbar * rho
    cbar, sbar, rhobar = _reflect(rhotemp, thetanew)
    zeta, zetabar = cbar * last.zetabar, -sbar * last.zetabar
    moves = LSMRMoves(
        1.0, -quotient(thetabar * rho, last.rho * last.rhobar), quotient(zeta, rho * rhobar),
        quotient(1.0, alfa), -quotient(thetanew, rho),
    )  # fmt: skip
    rotated = last._replace(
        zetabar=zetabar, alphabar=alphabar, rho=rho, rhobar=rhobar, cbar=cbar, sbar=sbar, zeta=zeta
    )
    residual = _residual(last, rotated, (chat, shat), (c, s), thetabar)
    return *moves, _estimates(last, residual, (alfa, beta, normb), rhotemp)


def _residual(
    last: LSMRRecurrence, rotated: LSMRRecurrence, first: Rotation, second: Rotation, thetabar: NDArray
) -> LSMRRecurrence:
    """``rotated``, the scalars after ``last``, with the norm of the residual: by one more rotation."""
    (chat, shat), (c, s) = first, second
    betaacute, betacheck = chat * last.betadd, -shat * last.betadd
    betahat, betadd = c * betaacute, -s * betaacute
    ctilde, stilde, rhotilde = _reflect(last.rhodold, thetabar)
    thetatilde, rhodold = stilde * rotated.rhobar, ctilde * rotated.rhobar
    betad = -stilde * last.betad + ctilde * betahat
    tautilde = quotient(last.zeta - last.thetatilde * last.tautilde, rhotilde)
    taud = quotient(rotated.zeta - thetatilde * tautilde, rhodold)
    d = last.d + betacheck**2
    return rotated._replace(
        betadd=betadd, betad=betad, rhodold=rhodold, tautilde=tautilde, thetatilde=thetatilde, d=d,
        normr=np.sqrt(d + (betad - taud) ** 2 + betadd**2),
    )  # fmt: skip


def _estimates(
    last: LSMRRecurrence, rotated: LSMRRecurrence, sizes: tuple[NDArray, NDArray, NDArray], rhotemp: NDArray
) -> LSMRRecurrence:
    """``rotated``, the scalars after ``last``, with norm and condition of the operator, and whether to move further."""
    alfa, beta, normb = sizes
    first = np.isinf(last.minrbar) and not last.maxrbar
    normar, norma2 = abs(rotated.zetabar), last.norma2 + beta**2
    norma, norma2 = np.sqrt(norma2), norma2 + alfa**2
    # The scalar before the first step is a 1 that says nothing of the operator; SciPy takes it for an estimate, and
    # stops at once where the operator's norm is below 1 / conlim.
    maxrbar = rhotemp if first else max(last.maxrbar, last.rhobar)
    minrbar = last.minrbar if first else min(last.minrbar, last.rhobar)
    conda = quotient(max(maxrbar, rhotemp), min(minrbar, rhotemp))
    tests = quotient(rotated.normr, normb), quotient(normar, norma * rotated.normr), 1.0
    return rotated._replace(
        norma2=norma2, maxrbar=maxrbar, minrbar=minrbar, normar=normar, norma=norma, conda=conda,
        live=float(not stop_code(tests, 0.0, 0.0, 0.0, 0.0)),
    )  # fmt: skip
