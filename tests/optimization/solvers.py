"""The registry of solvers: every exported algorithm, what it is compared with, and what a step may cost."""

from typing import Any

import dask.array as da
import numpy as np
import pylops
import scipy.sparse.linalg as spla

import pylops_distributed as pld
from pylops_distributed import optimization as po
from pylops_distributed.optimization import proximal as pp
from pylops_distributed.testing import SolverCase
from pylops_distributed.testing.solvers import CHUNKS, N

WEIGHTS = np.linspace(0.5, 1, N)
SHORTER = tuple(0.0625 * 0.9**k for k in range(6))
basic, sparsity = pylops.optimization.basic, pylops.optimization.sparsity


# Arrays of states by their stored names, of solvers newer than the list in `tests/storage/test_stored_names.py`.
STORED: dict[str, str] = {}


def Case(*about: Any, stored: dict[str, str] | None = None, **more: Any) -> SolverCase:
    STORED.update(stored or {})
    return SolverCase(*about, **{"passes": (1, 1), **more})


def _cg(**settings: Any) -> Any:
    return lambda op, y: basic.cg(op, y, np.zeros(N, y.dtype), tol=0, **settings)[::2]


def _cgls(**settings: Any) -> Any:
    return lambda op, y: basic.cgls(op, y, np.zeros(N, y.dtype), tol=0, **settings)[::5]


def _lsqr(**settings: Any) -> Any:
    return lambda op, y: basic.lsqr(op, y, np.zeros(N, y.dtype), atol=0, btol=0, **settings)[::10]


def _damped(op: Any, y: Any) -> Any:
    """Models of LSQR, and the true norms of their residuals, which its recurrence only estimates."""
    models = [_lsqr(niter=k, damp=0.5)(op, y)[0] for k in range(1, 7)]
    return models[-1], [np.linalg.norm(y - op.matvec(x)) for x in (0 * models[0], *models)]


def _lsmr(**settings: Any) -> Any:
    def peer(op: Any, y: Any) -> Any:
        x, _, _, normr, *_ = spla.lsmr(op.A, y, atol=0, btol=0, **settings)
        return x, normr

    return peer


def _shrink(function: Any, **settings: Any) -> Any:
    def peer(op: Any, y: Any) -> Any:
        x, _, cost = function(op, y, tol=0, **settings)
        return x, cost

    return peer


def _irls(**settings: Any) -> Any:
    return lambda op, y: (sparsity.irls(op, y, engine="pylops", tolIRLS=0, **settings)[0], None)


def _omp(**settings: Any) -> Any:
    return lambda op, y: sparsity.omp(op, y, engine="pylops", sigma=0, **settings)[::2]


def _split_bregman(op: Any, y: Any) -> Any:
    regs = [pylops.FirstDerivative(N, dtype=y.dtype)]
    return sparsity.splitbregman(
        op, y, regs, epsRL1s=[0.1], mu=2, niter_outer=3, niter_inner=2, tol=1e-12, engine="pylops", niter=4
    )[::2]


def _power(op: Any, y: Any) -> Any:
    x, values = y, []
    for _ in range(6):
        image = op @ (x := x / np.linalg.norm(x))
        values.append(abs(np.vdot(x, image)))
        x = image
    return x / np.linalg.norm(x), values


def _lasso(op: Any, y: Any) -> Any:
    """Projected gradients by the book: many steps, each projected by sorting."""
    x, step = np.zeros(N, y.dtype), 1 / np.linalg.norm(op.A, 2) ** 2
    for _ in range(3000):
        x = x + step * op.rmatvec(y - op.matvec(x))
        size = np.abs(x)
        ordered = np.sort(size)[::-1]
        thresholds = (np.cumsum(ordered) - 3) / np.arange(1, N + 1)
        thresh = max(0, thresholds[np.flatnonzero(ordered > thresholds)[-1]])
        x = x * np.maximum(1 - thresh / np.maximum(size, 1e-300), 0)
    return x, np.linalg.norm(y - op.matvec(x))


def _soft(x: Any, thresh: float) -> Any:
    return x * np.maximum(1 - thresh / np.maximum(np.abs(x), 1e-300), 0)


def _misfit_prox(op: Any, y: Any, v: Any, tau: float, x: Any) -> Any:
    normal = pylops.Identity(N, dtype=y.dtype) + tau * (op.H @ op)
    return basic.cg(normal, v + tau * op.rmatvec(y), x, niter=3, tol=0)[0]


def _weights(dtype: Any) -> Any:
    return pld.Diagonal(da.from_array(WEIGHTS.astype(dtype), chunks=CHUNKS), dtype=dtype)


def _admm(op: Any, y: Any) -> Any:
    x = z = u = np.zeros(N, y.dtype)
    for _ in range(6):
        x = _misfit_prox(op, y, z - u, 0.0625, x)
        z = _soft(x + u, 0.0625 * 0.7)
        u = u + x - z
    return x, np.linalg.norm(x - z)


def _hqs(op: Any, y: Any) -> Any:
    x = np.zeros(N, y.dtype)
    for tau in SHORTER:
        z = _soft(x, tau * 0.7)
        x = _misfit_prox(op, y, z, tau, x)
    return x, np.linalg.norm(x - z)


def _douglas_rachford(op: Any, y: Any) -> Any:
    x = moved = np.zeros(N, y.dtype)
    for _ in range(6):
        x = _soft(moved, 0.0625 * 0.7)
        other = _misfit_prox(op, y, 2 * x - moved, 0.0625, x)
        moved = moved + 0.9 * (other - x)
    return x, np.linalg.norm(other - x)


def _admml2(op: Any, y: Any) -> Any:
    A = pylops.Diagonal(WEIGHTS.astype(y.dtype), dtype=y.dtype)
    normal = op.H @ op + 16 * (A.H @ A)
    x = z = u = np.zeros(N, y.dtype)
    for _ in range(6):
        x = basic.cg(normal, op.rmatvec(y) + 16 * A.rmatvec(z - u), x, niter=3, tol=0)[0]
        z = _soft(A.matvec(x) + u, 0.0625 * 0.7)
        u = u + A.matvec(x) - z
    return x, np.linalg.norm(A.matvec(x) - z)


def _adaptive(op: Any, y: Any) -> Any:
    A = pylops.Diagonal(WEIGHTS.astype(y.dtype), dtype=y.dtype)
    x = dual = np.zeros(N, y.dtype)
    tau, mu, alpha = 0.125, 6.0, 0.5
    for _ in range(6):
        before, old = x, dual
        x = _misfit_prox(op, y, x - tau * A.rmatvec(dual), tau, x)
        dual = dual + mu * A.matvec(2 * x - before)
        dual = dual * 0.7 / np.maximum(np.abs(dual), 0.7)
        p = np.linalg.norm((before - x) / tau - A.rmatvec(old - dual))
        d = np.linalg.norm((old - dual) / mu - A.matvec(before - x))
        if not d / 1.5 <= p <= d * 1.5:
            tau, mu = (
                (tau / (1 - alpha), mu * (1 - alpha)) if p > d else (tau * (1 - alpha), mu / (1 - alpha))
            )
            alpha *= 0.95
    return x, tau


def _linearized_admm(op: Any, y: Any) -> Any:
    A = pylops.Diagonal(WEIGHTS.astype(y.dtype), dtype=y.dtype)
    x = z = u = np.zeros(N, y.dtype)
    for _ in range(6):
        x = _misfit_prox(op, y, x - A.rmatvec(A.matvec(x) - z + u), 0.125, x)
        z = _soft(A.matvec(x) + u, 0.125 * 0.7)
        u = u + A.matvec(x) - z
    return x, np.linalg.norm(A.matvec(x) - z)


def _primal_dual(op: Any, y: Any) -> Any:
    A = pylops.Diagonal(WEIGHTS.astype(y.dtype), dtype=y.dtype)
    x = ahead = dual = np.zeros(N, y.dtype)
    for _ in range(6):
        dual = dual + 8 * A.matvec(ahead)
        dual = dual * 0.7 / np.maximum(np.abs(dual), 0.7)
        before, x = x, _misfit_prox(op, y, x - 0.125 * A.rmatvec(dual), 0.125, x)
        ahead = 2 * x - before
    return x, np.linalg.norm(op.matvec(x) - y) ** 2 / 2 + 0.7 * np.abs(A.matvec(x)).sum()


def _backtracked(op: Any, y: Any) -> Any:
    def value(x: Any) -> float:
        return np.linalg.norm(op.matvec(x) - y) ** 2 / 2

    x, tau = np.zeros(N, y.dtype), 1.0
    for _ in range(4):
        gradient = op.rmatvec(op.matvec(x) - y)
        while True:
            new = _soft(x - tau * gradient, 0.7 * tau)
            d = new - x
            if value(new) <= value(x) + np.vdot(gradient, d).real + np.linalg.norm(d) ** 2 / (2 * tau):
                break
            tau /= 2
        x = new
    return x, tau


def _after_first(solution: Any) -> Any:
    return solution.history["cost"][1:]


def _turns(solution: Any) -> Any:
    """Costs of outer iterations: at the steps that end one."""
    return solution.history["cost"][1:][np.diff(solution.history["outer"]) > 0]


def _shrinking(name: str, algorithm: Any, function: Any, **settings: Any) -> SolverCase:
    given = {"niter": 6, "eps": 0.5, "alpha": 0.03, **settings}
    peer = {k: np.array(v) if isinstance(v, tuple) else v for k, v in given.items()}
    return Case(name, algorithm(tol=0.0, **given), _shrink(function, **peer), _after_first, settled=50)


_SPLIT = {"epsRL1s": (0.1,), "mu": 2.0, "niter_outer": 3, "niter_inner": 2, "tol": 1e-12, "niter": 4}
_SOFT = {"threshkind": "soft-percentile", "perc": 40.0}

CASES = [
    Case("cg", po.CG(6, tol=0.0), _cg(niter=6), matrix="square", passes=(1, 0)),
    Case("cg-damp", po.CG(6, 0.5, 0.0), _cg(niter=6, damp=0.5), matrix="square", passes=(1, 0)),
    Case("cgls", po.CGLS(6, tol=0.0), _cgls(niter=6)),
    Case("cgls-damp", po.CGLS(6, 0.5, 0.0), _cgls(niter=6, damp=0.5)),
    Case("lsqr", po.LSQR(6, atol=0.0, btol=0.0), _lsqr(niter=6)),
    Case("lsqr-damp", po.LSQR(6, 0.5, 0.0, 0.0, calc_var=False), _lsqr(niter=6, damp=0.5)),
    Case("lsmr", po.LSMR(6, 0.0, 0.0, 0.0), _lsmr(maxiter=6), lambda s: s.history["normr"][-1]),
    Case("lsmr-damp", po.LSMR(6, 0.5, 0.0, 0.0), _lsmr(maxiter=6, damp=0.5), lambda s: s.history["normr"][-1]),
    Case(
        "hybridlsqr", po.HybridLSQR(6, damp=0.5, basis=14, rtol=0.0), _damped, stored={
            "HybridLSQRState":
                "model left_vector right_vectors initial_model bidiagonal_matrix alfa beta count bnorm target samples "
                "anorm2 omegas weight cost xnorm change settled"
        },
    ),
    Case("hybridlsqr-discrepancy", po.HybridLSQR(6, noise=0.01, basis=14, rtol=0.0)),
    Case("hybridlsqr-estimated", po.HybridLSQR(6, basis=14, rtol=0.0)),
    Case("hybridlsqr-gcv", po.HybridLSQR(6, damp="gcv", basis=14, rtol=0.0)),
    Case("hybridlsqr-lcurve", po.HybridLSQR(6, damp="lcurve", basis=14, rtol=0.0)),
    _shrinking("ista", po.ISTA, sparsity.ista, decay=(3.0, 2.0, 1.0, 1.0, 1.0, 1.0)),
    _shrinking("ista-hard", po.ISTA, sparsity.ista, threshkind="hard", monitorres=True),
    _shrinking("ista-half", po.ISTA, sparsity.ista, threshkind="half"),
    _shrinking("fista", po.FISTA, sparsity.fista, decay=(3.0, 2.0, 1.0, 1.0, 1.0, 1.0)),
    _shrinking("fista-percentile", po.FISTA, sparsity.fista, **_SOFT),
    Case(
        "irls", po.IRLS(3, epsR=1.0, epsI=0.3, tolIRLS=0.0, niter=3),
        _irls(nouter=3, epsR=1, epsI=0.3, niter=3), settled=120,
    ),
    Case(
        "irls-warm", po.IRLS(3, True, epsR=1.0, epsI=0.0, tolIRLS=0.0, warm=True, niter=3),
        _irls(nouter=3, threshR=True, epsR=1, epsI=0.0, niter=3, warm=True), settled=60,
    ),
    Case(
        "irls-model", po.IRLSModel(2, 1.0, tolIRLS=0.0, niter=3),
        _irls(nouter=2, epsI=1.0, niter=3, kind="model"), passes=(2, 2), settled=90,
    ),
    Case("omp", po.OMP(3, 3, sigma=0.0, tol=0.0), _omp(niter_outer=3, niter_inner=3), _turns, settled=60),
    Case("mp", po.MP(6, 0.0, None, True), _omp(niter_outer=6, niter_inner=0, optimal_coeff=True), settled=60),
    Case(
        "splitbregman", lambda dtype: po.SplitBregman((pld.FirstDerivative(N, dtype=dtype),), **_SPLIT),
        _split_bregman, _turns, settled=60,
    ),
    # Compared with another algorithm, at the accuracy of both.
    Case(
        "spgl1", po.SPGL1(tau=3.0, opt_tol=1e-9), _lasso, lambda s: s.history["rnorm"][-1], settled=60, tolerance=1e-6,
    ),
    Case(
        "proximalgradient", po.ProximalGradient(pp.L1(0.25), tau=0.03, niter=6),
        lambda op, y: (sparsity.ista(op, y, niter=6, eps=0.5, alpha=0.03, tol=0)[0], None), settled=50,
    ),
    Case(
        "proximalgradient-fista", po.ProximalGradient(pp.L1(0.25), tau=0.03, niter=6, acceleration="fista"),
        lambda op, y: (sparsity.fista(op, y, niter=6, eps=0.5, alpha=0.03, tol=0)[0], None),
    ),
    Case(
        "proximalgradient-backtracking", po.ProximalGradient(pp.L1(0.7), niter=4), _backtracked,
        lambda s: s.history["tau"][-1], passes=(3, 1), settled=50,
    ),
    Case(
        "admm", po.ADMM(pp.L1(0.7), tau=0.0625, niter=6, inner=3), _admm, lambda s: s.history["gap"][-1], passes=(4, 5),
        settled=30,
    ),
    Case(
        "hqs", po.HQS(pp.L1(0.7), tau=SHORTER, niter=6, inner=3), _hqs, lambda s: s.history["gap"][-1], passes=(4, 5),
        settled=150, stored={"HQSState": "model split_model count gap cost change"},
    ),
    Case(
        "douglasrachford", po.DouglasRachfordSplitting(pp.L1(0.7), tau=0.0625, eta=0.9, niter=6, inner=3),
        _douglas_rachford, lambda s: s.history["gap"][-1], passes=(4, 5), settled=30,
        stored={"DouglasRachfordSplittingState": "model governing_model gap cost change"},
    ),
    Case(
        "admml2", lambda dtype: po.ADMML2(pp.L1(0.7), _weights(dtype), tau=0.0625, niter=6, inner=3), _admml2,
        lambda s: s.history["gap"][-1], passes=(4, 5), settled=40,
        stored={"ADMML2State": "model transformed_model split dual gap cost change"},
    ),
    Case(
        "adaptiveprimaldual",
        lambda dtype: po.AdaptivePrimalDual(pp.L1(0.7), _weights(dtype), tau=0.125, mu=6.0, niter=6, inner=3),
        _adaptive, lambda s: s.history["tau"][-1], passes=(4, 5), settled=150,
        stored={
            "AdaptivePrimalDualState":
                "model transformed_model dual adjoint_dual primal dual_residual tau mu alpha cost change"
        },
    ),
    Case(
        "linearizedadmm",
        lambda dtype: po.LinearizedADMM(pp.L1(0.7), _weights(dtype), tau=0.125, mu=0.125, niter=6, inner=3),
        _linearized_admm, lambda s: s.history["gap"][-1], passes=(4, 5), settled=40,
    ),
    Case(
        "primaldual",
        lambda dtype: po.PrimalDual(
            pp.L1(0.7), _weights(dtype), tau=0.125, mu=8.0, niter=6, tol=0.0, inner=3
        ),
        _primal_dual, lambda s: s.history["cost"][-1], passes=(5, 5), settled=40,
    ),
    Case(
        "power", po.PowerIteration(6, 0.0), _power, lambda s: s.history["size"][1:], matrix="square", passes=(1, 0),
        settled=300,
    ),
]  # fmt: skip
