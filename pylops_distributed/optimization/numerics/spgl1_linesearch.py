"""SPGL1's decisions from the numbers of a trial: whether to take it, how to continue, when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pylops_distributed.optimization.numerics.golub_kahan import quotient
from pylops_distributed.vectors.types import NDArray

# How the next trial is made: along the projected gradient, along the straight line to its end, or by projecting the
# model onto a ball that has become smaller.
CURVED, STRAIGHT, SHRUNK = 0, 1, 2
# Why to stop, with the numbers of the original.
ROOT, BASIS_PURSUIT, LEAST_SQUARES, OPTIMAL, LIMIT, LINE, SUBOPTIMAL = 1, 2, 3, 4, 5, 6, 7
_DESCENT, _TRIALS = 1e-4, 10


@dataclass(frozen=True)
class Tolerances:
    """Settings that the rules need; see :class:`pylops_distributed.optimization.algorithms.spgl1.SPGL1`."""

    sigma: float
    opt_tol: float
    bp_tol: float
    ls_tol: float
    dec_tol: float
    step_min: float
    iter_lim: int
    size: int


class Numbers(NamedTuple):
    """All scalars that go from step to step."""

    tau: Any
    single: Any
    bnorm: Any
    f: Any
    fold: Any
    last0: Any
    last1: Any
    last2: Any
    gstep: Any
    step: Any
    scale: Any
    snorm: Any
    nsafe: Any
    trials: Any
    phase: Any
    step_max: Any
    errors: Any
    updated: Any
    newton: Any
    niters: Any
    stat: Any
    rnorm: Any
    rgap: Any
    gnorm: Any
    xnorm: Any
    g2: Any


# Whether a trial is taken, whether its iteration is over, and the numbers after it.
Decision: TypeAlias = tuple[float, float, Numbers]


def decide(rules: Tolerances, f: NDArray, gs: NDArray, s2: NDArray, n: Numbers) -> Decision:
    """After a trial with objective ``f``: whether it is taken, whether the iteration is over, the numbers.

    ``gs`` is the inner product of gradient and step, ``s2`` the step's squared norm.
    """
    if n.stat:
        return 0.0, 0.0, n
    if not np.isfinite((f, gs, s2)).all():  # no line search finds its way back, and every comparison is false
        return 1.0, 0.0, n._replace(f=np.nan, rnorm=np.nan)
    if n.phase == SHRUNK:
        n = n._replace(f=f, fold=n.fold, last0=-np.inf, last1=f, last2=-np.inf)
        return 1.0, 0.0, _begin(n)
    best = max(n.last0, n.last1, n.last2)
    if n.phase == CURVED:
        slope = n.scale * n.gstep * gs
        if slope < 0 and f < best + _DESCENT * n.step * slope:
            return 1.0, 1.0, _taken(n, f, rules)
        if slope >= 0 or n.trials >= _TRIALS:
            return 0.0, 0.0, _begin(n)._replace(phase=STRAIGHT)
        return 0.0, 0.0, _shorter(n, s2, rules)
    slope = -abs(gs / n.step)
    if f < best + _DESCENT * n.step * slope:
        return 1.0, 1.0, _taken(n, f, rules)
    if n.trials >= _TRIALS:
        failed = n._replace(
            errors=n.errors - 1, step_max=n.step_max / 10, stat=LINE if n.errors <= 0 else 0.0
        )
        failed = failed._replace(gstep=min(failed.step_max, n.gstep), niters=n.niters + 1, fold=n.f)
        return 0.0, 1.0, _begin(failed)
    shorter = n.step / 2
    if n.step > 0.1:
        minimum = quotient(-slope * n.step**2, 2 * (f - n.f - n.step * slope))
        shorter = minimum if 0.1 <= minimum <= 0.9 * n.step else shorter
    return 0.0, 0.0, n._replace(step=shorter, trials=n.trials + 1)


def judge(
    rules: Tolerances, sty: NDArray, s2: NDArray, gap: NDArray, gapimag: NDArray, gnorm: NDArray, g2: NDArray,
    xnorm: NDArray, taken: NDArray, over: NDArray, n: Numbers,
) -> tuple[Numbers]:  # fmt: skip
    """After the gradient at the newest model: the numbers, with the step, the radius and why to stop.

    ``gap`` is the inner product of the residual and its difference from the data, and ``sty`` that of the step
    and the change of the gradient.
    """
    n = n._replace(g2=g2)
    if taken and over:
        n = n._replace(
            gstep=n.step_max if sty <= 0 else min(n.step_max, max(rules.step_min, quotient(s2, sty)))
        )
    if not over:
        return (n,)
    rnorm = np.sqrt(2 * n.f)
    rgap = np.hypot(gap + n.tau * gnorm, gapimag) / max(1, n.f)
    n = n._replace(rnorm=rnorm, rgap=rgap, gnorm=gnorm, xnorm=xnorm)
    stat = n.stat or _reason(n, rules)
    n = n._replace(stat=stat or (LIMIT if n.niters >= rules.iter_lim else 0.0))
    return (n if n.stat else _radius(n, rules),)


def _begin(n: Numbers) -> Numbers:
    """A new line search."""
    return n._replace(step=1.0, scale=1.0, snorm=0.0, nsafe=0.0, trials=0.0, phase=CURVED)


def _taken(n: Numbers, f: NDArray, rules: Tolerances) -> Numbers:
    """A new iterate; the objectives of the newest three are what the next ones must be below."""
    n = _begin(n)._replace(f=f, fold=n.f, niters=n.niters + 1)
    if n.single or f > rules.sigma**2 / 2:
        n = n._replace(**{f"last{int(n.niters) % 3}": f})
    return n


def _shorter(n: Numbers, s2: NDArray, rules: Tolerances) -> Numbers:
    """Half the step; shorter still where the projection returns the same model again."""
    snorm, scale, nsafe = np.sqrt(s2 / rules.size), n.scale, n.nsafe
    if abs(snorm - n.snorm) <= 1e-6 * snorm:
        scale = quotient(snorm, n.gstep * np.sqrt(n.g2 / rules.size)) / 2**nsafe
        nsafe = nsafe + 1
    return n._replace(step=n.step / 2, trials=n.trials + 1, snorm=snorm, scale=scale, nsafe=nsafe)


def _errors(n: Numbers, rules: Tolerances) -> tuple[float, float]:
    residual = abs(n.rnorm - rules.sigma) / max(1, n.rnorm)
    return residual, abs(n.f - rules.sigma**2 / 2) / max(1, n.f)


def _reason(n: Numbers, rules: Tolerances) -> float:
    """The reason to stop at a new iterate, 0 to continue."""
    if n.single:
        return OPTIMAL if n.rgap <= rules.opt_tol or n.rnorm < rules.opt_tol * n.bnorm else 0
    residual, objective = _errors(n, rules)
    stat = LEAST_SQUARES if n.gnorm <= rules.ls_tol * n.rnorm else 0
    if n.rgap <= max(rules.opt_tol, objective) or residual <= rules.opt_tol:
        stat = SUBOPTIMAL if n.rnorm <= rules.sigma else stat
        stat = ROOT if residual <= rules.opt_tol else stat
        stat = BASIS_PURSUIT if n.rnorm <= rules.bp_tol * n.bnorm else stat
    return stat


def _radius(n: Numbers, rules: Tolerances) -> Numbers:
    """A step of Newton's method for the radius, once the objective has settled for the one there is."""
    if n.single:
        return n
    change, far = abs(n.f - n.fold), n.rnorm > 2 * rules.sigma
    settled = change <= (rules.dec_tol * n.f if far else 0.1 * n.f * abs(n.rnorm - rules.sigma))
    if not settled or n.updated:
        return n._replace(updated=0.0)
    tau = max(0.0, n.tau + quotient(n.rnorm * (n.rnorm - rules.sigma), n.gnorm))
    phase = SHRUNK if tau < n.tau else n.phase
    return n._replace(tau=tau, phase=phase, updated=1.0, newton=n.newton + 1)
