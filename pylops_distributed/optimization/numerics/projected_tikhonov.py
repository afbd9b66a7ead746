r"""Tikhonov's problem projected on a Krylov space: a small bidiagonal matrix, its solutions and the choice of a weight.

With :math:`\mathbf{A}\mathbf{V}_k=\mathbf{U}_{k+1}\mathbf{B}_k` and :math:`\mathbf{b}=\beta_1\mathbf{u}_1`, the model
:math:`\mathbf{V}_k\mathbf{z}` has the objective
:math:`\|\mathbf{B}_k\mathbf{z}-\beta_1\mathbf{e}_1\|^2+\lambda^2\|\mathbf{z}\|^2`. One decomposition of
:math:`\mathbf{B}_k` in singular values serves all weights :math:`\lambda`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import brentq, minimize_scalar

Array: TypeAlias = np.ndarray[Any, Any]
GRID = 128  # weights of a curve
REACH = 1e-8  # the smallest weight of a search, relative to the largest singular value
SPAN = 1e4  # the largest one


@dataclass(frozen=True)
class Projected:
    r"""The projected problem in its singular vectors.

    Attributes
    ----------
    s : numpy.ndarray
        Singular values of the bidiagonal matrix, the largest first.
    c : numpy.ndarray
        Data in the left singular vectors; one more than there are singular values.
    right : numpy.ndarray
        Right singular vectors, one a row.
    """

    s: Array
    c: Array
    right: Array

    @classmethod
    def of(cls, alphas: Array, betas: Array, bnorm: float) -> Projected:
        r"""Decompose the matrix with the diagonal ``alphas`` and ``betas`` below it, for data ``bnorm`` times e1."""
        k = len(alphas)
        matrix = np.zeros((k + 1, k))
        matrix[np.arange(k), np.arange(k)] = alphas
        matrix[np.arange(1, k + 1), np.arange(k)] = betas
        left, s, right = np.linalg.svd(matrix)
        return cls(s, bnorm * left[0], right)

    def filters(self, weight: float) -> Array:
        """Share of each singular component that the weight keeps, from 0 to 1."""
        floor = np.finfo(float).eps * self.s[0]
        scale = np.hypot(self.s, weight)
        with np.errstate(all="ignore"):
            return np.where(self.s > floor, (self.s / scale) ** 2, 0.0)

    def solution(self, weight: float) -> Array:
        """The coefficients of the model."""
        kept = self.filters(weight)
        with np.errstate(all="ignore"):
            values = np.where(kept > 0, kept * self.c[:-1] / self.s, 0.0)
        return np.asarray(values @ self.right)

    def residual_norm(self, weight: float) -> float:
        """Norm of the residual of the data."""
        return float(np.linalg.norm(np.append((1 - self.filters(weight)) * self.c[:-1], self.c[-1])))

    def model_norm(self, weight: float) -> float:
        """Norm of the model."""
        return float(np.linalg.norm(self.solution(weight)))

    def gcv(self, weight: float, omega: float) -> float:
        r"""Weighted generalised cross-validation, :math:`(k+1)\,\|\mathbf{r}\|^2/(k+1-\omega\,\sum_i f_i)^2`."""
        rows = len(self.c)
        return (
            rows * self.residual_norm(weight) ** 2 / (rows - omega * float(self.filters(weight).sum())) ** 2
        )

    def weights(self, count: int = GRID) -> Array:
        """Weights of a curve, evenly spaced in their logarithm, over the singular values that matter."""
        top = float(self.s[0]) or 1.0
        low = max(float(self.s[-1]), REACH * top)
        return np.geomspace(low / 10, 10 * top, count)


def by_discrepancy(problem: Projected, target: float, samples: float) -> float:
    r"""The weight whose residual is as large as noise leaves it; 0 where no weight reaches one so small.

    Morozov's principle, with the degrees of freedom that the model takes away from the noise: the weight for which
    :math:`\|\mathbf{r}\|^2=\delta^2(1-\sum_i f_i/n)` (Hall and Titterington, 1987,
    doi:10.1111/j.2517-6161.1987.tb01685.x). Without them the residual of a model that fits well is
    below the noise, and the weight too large.

    Parameters
    ----------
    problem : Projected
        The projected problem.
    target : float
        Norm :math:`\delta` of the noise.
    samples : float
        Number :math:`n` of samples with noise.
    """
    top = float(problem.s[0])

    def gap(log_weight: float) -> float:
        weight = float(np.exp(log_weight))
        free = max(0.0, 1 - float(problem.filters(weight).sum()) / max(samples, 1.0))
        return problem.residual_norm(weight) - target * float(np.sqrt(free))

    if top <= 0 or gap(-np.inf) >= 0:
        return 0.0
    low, high = np.log(REACH * top), np.log(SPAN * top)

    if gap(high) <= 0:  # the data are no more than noise
        return SPAN * top
    return float(np.exp(low if gap(low) >= 0 else brentq(gap, low, high, xtol=1e-10)))


def omega_of(problem: Projected) -> float:
    r"""The :math:`\omega` for which the smallest singular value is the weight that weighted GCV chooses.

    Early in the bidiagonalisation that weight is nearly optimal, since noise has hardly entered. With
    :math:`N(a)=\|\mathbf{r}\|^2`, :math:`T(a)=\sum_i s_i^2/(s_i^2+a)` and :math:`a=\lambda^2`, the derivative of
    :math:`N/(k+1-\omega T)^2` is zero for :math:`\omega=(k+1)N'/(N'T-2NT')`. Chung, Nagy and O'Leary, 2008.
    """
    s2, c2 = problem.s**2, problem.c[:-1] ** 2
    a = float(s2[-1])
    if a <= 0:
        return 1.0
    sums = s2 + a
    slope = float(np.sum(2 * a * c2 * s2 / sums**3))
    misfit = float(np.sum((a / sums) ** 2 * c2) + problem.c[-1] ** 2)
    divisor = slope * float(np.sum(s2 / sums)) + 2 * misfit * float(np.sum(s2 / sums**2))
    return min(1.0, len(problem.c) * slope / divisor) if divisor > 0 else 1.0


def by_gcv(problem: Projected, omega: float) -> float:
    """The weight at the minimum of weighted GCV."""
    return _best(problem, lambda weight: problem.gcv(weight, omega))


def by_lcurve(problem: Projected) -> float:
    """The weight at the corner of the L-curve, where its curvature is largest."""
    weights = problem.weights()
    if len(problem.s) < 2 or problem.s[0] <= 0:
        return float(problem.s[-1])
    bends = curvature(
        np.array([problem.residual_norm(w) for w in weights]),
        np.array([problem.model_norm(w) for w in weights]),
    )
    return float(weights[np.nanargmax(bends)]) if np.isfinite(bends).any() else float(problem.s[-1])


def curvature(residuals: Array, models: Array) -> Array:
    """Curvature of the curve of norms of model over residual, in logarithms; positive at a corner towards the origin.

    Parameters
    ----------
    residuals, models : numpy.ndarray
        Norms, for weights that are evenly spaced in their logarithm, the smallest first.
    """
    with np.errstate(all="ignore"):
        x, y = np.log(residuals), np.log(models)
        dx, dy = np.gradient(x), np.gradient(y)
        bend = dx * np.gradient(dy) - dy * np.gradient(dx)
        return np.asarray(bend / (dx**2 + dy**2) ** 1.5)


def _best(problem: Projected, measure: Callable[[float], float]) -> float:
    """The weight at the lowest valley of a measure: that of a grid, then between its neighbours.

    An end of the grid is no valley: with few vectors, weighted cross-validation falls towards infinite weights, for
    which nothing is known. Without a valley it is the smallest singular value, the weight that early steps go without.
    """
    weights = problem.weights()
    values = np.array([measure(w) for w in weights])
    inner = values[1:-1]
    valleys = 1 + np.flatnonzero((inner <= values[:-2]) & (inner < values[2:]))
    if not valleys.size:
        return float(problem.s[-1])
    k = int(valleys[np.argmin(values[valleys])])
    found = minimize_scalar(
        lambda t: measure(float(np.exp(t))), bounds=(np.log(weights[k - 1]), np.log(weights[k + 1])),
        method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    return float(np.exp(found.x))
