r"""Least squares whose regularisation weight is chosen on the way: hybrid LSQR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, scalar, vector
from pylops_distributed.optimization.numerics.golub_kahan import quotient, unit
from pylops_distributed.optimization.numerics.noise_level import noise_norm
from pylops_distributed.optimization.numerics.projected_tikhonov import (
    Projected,
    by_discrepancy,
    by_gcv,
    by_lcurve,
    curvature,
    omega_of,
)
from pylops_distributed.optimization.numerics.stacked_vectors import combination, less_projection, products
from pylops_distributed.optimization.numerics.weights import real_weight
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import (
    elementwise,
    packed,
    real_dtype,
    scalar_array,
    scalar_kind,
    unpack,
    where,
    zero_model,
)
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import BlockVector, Vector, arrays_of
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

Damp: TypeAlias = float | Literal["discrepancy", "gcv", "lcurve"]
RULES = ("discrepancy", "gcv", "lcurve")
STEADY = 0.02  # relative change of a weight that has settled
SETTLED = 2  # steps, one after the other, that change little


class HybridRecurrence(NamedTuple):
    """Scalars that go from step to step."""

    count: Any
    bnorm: Any
    target: Any
    samples: Any
    anorm2: Any
    omegas: Any
    weight: Any
    cost: Any
    xnorm: Any
    change: Any
    settled: Any


@dataclass(frozen=True)
class HybridLSQRState(State):
    """State of :class:`HybridLSQR`.

    ``V`` holds the newest right vectors, the newest last and zeros before the first; ``rows`` the diagonal and the
    subdiagonal of the bidiagonal matrix and the coefficients of the model, one after the other.
    """

    kind: ClassVar[str] = "HybridLSQRState"
    history: ClassVar[tuple[str, ...]] = ("cost", "weight", "xnorm", "change")

    u: Vector = vector("left_vector", "codomain")
    V: Vector = vector("right_vectors", "domain", "domain")
    start: Vector = vector("initial_model", "domain")
    rows: Any = vector("bidiagonal_matrix", "coefficients")
    alfa: Any = scalar("alfa")
    beta: Any = scalar("beta", "never")
    count: Any = scalar("count")
    bnorm: Any = scalar("bnorm", "never")
    target: Any = scalar("target", "never")
    samples: Any = scalar("samples", "never")
    anorm2: Any = scalar("anorm2")
    omegas: Any = scalar("omegas")
    weight: Any = scalar("weight")
    cost: Any = scalar("cost", "never")
    xnorm: Any = scalar("xnorm")
    change: Any = scalar("change")
    settled: Any = scalar("settled")

    def projected(self) -> Projected:
        """The projected problem of a computed state that has taken a step."""
        rows: Any = self.rows
        rows = np.asarray(rows.compute() if isinstance(rows, da.Array) else rows)
        size, k = len(rows) // 3, int(self.count)
        return Projected.of(rows[:k], rows[size : size + k], float(self.bnorm))

    def weight_curve(self) -> dict[str, NDArray]:
        """Norms of residual and model by weight, and the curvature of the curve that they make, of a computed state."""
        if not int(self.count):
            return {name: np.empty(0) for name in ("weight", "residual", "model", "curvature")}
        problem = self.projected()
        weights = problem.weights()
        residual = np.array([problem.residual_norm(w) for w in weights])
        model = np.array([problem.model_norm(w) for w in weights])
        return {
            "weight": weights, "residual": residual, "model": model, "curvature": curvature(residual, model)
        }  # fmt: skip


@dataclass(frozen=True)
class HybridLSQR:
    r"""LSQR that chooses the weight of its damping, with one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \lambda^2\|\mathbf{x}-\mathbf{x}_0\|_2^2` over the
    Krylov space of the steps taken, with a weight :math:`\lambda` that is chosen anew in each step, and ends when
    weight and model have settled.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    damp : {"discrepancy", "gcv", "lcurve"} or float
        How the weight is chosen. ``"discrepancy"``: so that the residual is as large as the noise. ``"gcv"``: by
        weighted generalised cross-validation, which needs no noise level. ``"lcurve"``: at the corner of the L-curve.
        A number is the weight itself.
    noise : float, optional
        Standard deviation of the noise of a sample, in the units of the data, for ``"discrepancy"``; estimated from
        the data if not given.
    tau : float
        Safety factor of the noise level: the residual is ``tau`` times the expected norm of the noise.
    basis : int
        How many right vectors are kept, each of the size of the model: the most steps that can be taken.
    rtol : float
        Stop when two steps in succession change the model by less than this part of it, and its weight by less than
        2 %.

    Notes
    -----
    Golub and Kahan's process builds :math:`\mathbf{Op}\,\mathbf{V}_k=\mathbf{U}_{k+1}\mathbf{B}_k`. Each right vector
    is made orthogonal to all others, which keeps the left ones, of which only the newest is stored, orthogonal, too
    (Simon and Zha, 2000, doi:10.1137/S1064827597327309). The small problem
    :math:`\min_\mathbf{z}\|\mathbf{B}_k\mathbf{z}-\beta_1\mathbf{e}_1\|^2+\lambda^2\|\mathbf{z}\|^2` is solved by
    singular values for any :math:`\lambda` (O'Leary and Simmons, 1981, doi:10.1137/0902037), so that choosing a weight
    costs no pass over the data. Weighted cross-validation is that of Chung, Nagy and O'Leary, 2008 (Electronic
    Transactions on Numerical Analysis, 28, 149-167), whose :math:`\omega` is the mean of those of all steps; the
    corner of the L-curve that of Hansen and O'Leary, 1993, doi:10.1137/0914086. The weight is zero as long as no
    weight reaches the noise level. Once the basis is full, further steps change nothing.
    """

    niter: int = 50
    damp: Damp = "discrepancy"
    noise: float | None = None
    tau: float = 1.0
    basis: int = 50
    rtol: float = 3e-3

    state: ClassVar[type[HybridLSQRState]] = HybridLSQRState
    resumable_settings: ClassVar[tuple[str, ...]] = ("niter", "rtol")

    def __post_init__(self) -> None:
        if isinstance(self.damp, str) and self.damp not in RULES:
            raise ValueError(
                f"damp must be a number or one of {', '.join(map(repr, RULES))}, got {self.damp!r}"
            )
        if not isinstance(self.damp, str):
            real_weight("damp", self.damp)
        if self.noise is not None and not self.noise >= 0:
            raise ValueError(
                f"noise must be the standard deviation of a sample's noise, a number from 0 on, got {self.noise!r}"
            )
        if self.basis < 1:
            raise ValueError(f"basis must be the number of vectors to keep, 1 at least, got {self.basis!r}")

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> HybridLSQRState:
        """State before the first step, lazily."""
        y = op.codomain.fit(y)
        start = None if x0 is None else op.domain.fit(x0)
        u: Vector = y if start is None else y - op.apply(start)
        beta = norm(u)
        p = unit(op.apply_adjoint(u), beta)
        zero = zero_model(op, p)
        start, alfa, real = zero if start is None else start, norm(p), scalar_kind(p)
        carried = dict.fromkeys(HybridRecurrence._fields, scalar_array(0, real))
        if self.damp == "discrepancy":
            size, samples = noise_norm(y, self.noise)
            carried |= {"target": self.tau * size, "samples": samples}
        carried |= {"bnorm": beta, "cost": beta, "anorm2": alfa**2}
        V = _joined([zero] * (self.basis - 1) + [unit(p, alfa)])
        rows = _no_rows(u, 3 * self.basis)
        return HybridLSQRState(0, start, u, V, start, rows, alfa, beta, **carried)

    def step(self, op: LinearOperator, y: Vector, state: HybridLSQRState) -> HybridLSQRState:
        """State after one more step, lazily."""
        V, first = self._vectors(state)
        u = elementwise(_left, op.apply(V[-1]), state.u, state.alfa, state.beta)
        beta = self._significant(norm(u), state)
        p = elementwise(_right, op.apply_adjoint(u), V[-1], beta)
        p = less_projection(p, products(p, V, first), V, first)
        alfa = self._significant(norm(p), state)
        names = HybridRecurrence._fields
        result = packed(
            _advance, len(names) + 3 * self.basis, state.rows, state.alfa, alfa, beta,
            *(getattr(state, name) for name in names),
            settings=(self.damp, self.rtol, self.basis), dtype=scalar_kind(state.x),
        )  # fmt: skip
        new, rows = unpack(result, names), result[len(names) :]
        x = combination(state.start, rows[2 * self.basis :], V, first)
        x = where(new["count"] - state.count, x, state.x)
        following = _joined([*V[1:], unit(p, alfa)])
        return HybridLSQRState(state.iteration + 1, x, u, following, state.start, rows, alfa, beta, **new)

    def done(self, state: HybridLSQRState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if self.damp == "discrepancy" and state.bnorm and state.target >= state.bnorm:
            return Reason.NOISE
        if not state.alfa or not state.beta or state.settled >= SETTLED:
            return Reason.CONVERGED
        if state.iteration >= self.niter:
            return Reason.NITER
        return Reason.BASIS if state.count >= self.basis else None

    def _vectors(self, state: HybridLSQRState) -> tuple[list[Vector], da.Array]:
        """The right vectors one by one, and how many at the beginning are zero."""
        arrays = arrays_of(state.V)
        size = len(arrays) // self.basis
        groups = [arrays[k : k + size] for k in range(0, len(arrays), size)]
        blocks = isinstance(state.x, BlockVector)
        vectors: list[Vector] = [BlockVector(group) if blocks else group[0] for group in groups]
        return vectors, elementwise(_unused, state.count, self.basis)

    def _significant(self, value: da.Array, state: HybridLSQRState) -> da.Array:
        """A norm, or zero where it is lost in rounding: then all that can be found has been."""
        eps = float(np.finfo(real_dtype(state.x)).eps)
        kept: da.Array = elementwise(_unless_lost, value, state.anorm2, eps)
        return kept


def _joined(vectors: Sequence[Vector]) -> BlockVector:
    return BlockVector(tuple(a for v in vectors for a in arrays_of(v)))


def _no_rows(like: Vector, size: int) -> da.Array:
    return da.zeros(size, chunks=-1) if holds_dask(like) else scalar_array(0.0, float) + np.zeros(size)


def _unused(count: NDArray, basis: int) -> NDArray:
    unused: NDArray = np.maximum(basis - 1 - count, 0)
    return unused


def _unless_lost(value: NDArray, anorm2: NDArray, eps: float) -> NDArray:
    return np.where(value <= 10 * eps * np.sqrt(anorm2), np.zeros_like(value), value)


def _left(image: NDArray, u: NDArray, alfa: NDArray, beta: NDArray) -> NDArray:
    result: NDArray = image - quotient(alfa, beta) * u
    return result


def _right(back: NDArray, v: NDArray, beta: NDArray) -> NDArray:
    result: NDArray = quotient(1, beta) * back - beta * v
    return result


def _advance(damp: Damp, rtol: float, basis: int, *numbers: NDArray) -> tuple[object, ...]:
    """The next scalars, and the rows of the state: the bidiagonal matrix and the model's coefficients."""
    width = len(HybridRecurrence._fields)
    rows, (alfa, following, beta) = np.array(numbers[: 3 * basis]), numbers[3 * basis : -width]
    last = HybridRecurrence(*numbers[-width:])
    k = int(last.count) + 1 if np.isfinite(last.count) else 0
    if k > basis:
        return *last, *rows
    values = np.array([alfa, following, beta, last.bnorm, last.target])
    if not np.isfinite(values).all():
        return *last._replace(count=k, cost=np.nan), *rows
    rows[k - 1], rows[basis + k - 1] = alfa, beta
    problem = Projected.of(rows[:k], rows[basis : basis + k], float(last.bnorm))
    weight, omegas = _weight(damp, problem, last)
    z, before = problem.solution(weight), rows[3 * basis - k + 1 :].copy()
    rows[3 * basis - k :] = z
    change = quotient(float(np.linalg.norm(z - np.append(before, 0.0))), float(np.linalg.norm(z)))
    steady = abs(weight - last.weight) <= STEADY * weight and not (damp == "discrepancy" and not weight)
    new = last._replace(
        count=k, anorm2=last.anorm2 + following**2 + beta**2, omegas=omegas, weight=weight,
        cost=problem.residual_norm(weight), xnorm=float(np.linalg.norm(z)), change=change,
        settled=last.settled + 1 if steady and change <= rtol else 0.0,
    )  # fmt: skip
    return *new, *rows


def _weight(damp: Damp, problem: Projected, last: HybridRecurrence) -> tuple[float, float]:
    """The weight of a step, and the sum of the omegas of all steps."""
    if damp == "discrepancy":
        return by_discrepancy(problem, float(last.target), float(last.samples)), 0.0
    if damp == "gcv":
        omegas = float(last.omegas) + omega_of(problem)
        return by_gcv(problem, omegas / (last.count + 1)), omegas
    return (by_lcurve(problem), 0.0) if isinstance(damp, str) else (abs(float(damp)), 0.0)
