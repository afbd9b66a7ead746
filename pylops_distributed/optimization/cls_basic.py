"""Classes of the solvers for least squares, with the methods of PyLops' classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import Reason
from pylops_distributed.optimization.algorithms import cg, cgls, hybridlsqr, lsmr, lsqr
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.vectors.types import Results

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector, VectorLike

__all__ = ["CG", "CGLS", "LSMR", "LSQR", "HybridLSQR"]

Show = Sequence[int]


class CG(Solver):
    """Conjugate gradients for a square, Hermitian, positive definite operator.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.cg.CG`.
    """

    algorithm: ClassVar[Any] = cg.CG

    def setup(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int | None = None, damp: float = 0.0,
        tol: float = 1e-4,
        preallocate: bool = False, show: bool = False, M: LinearOperator | None = None,
    ) -> Vector:  # fmt: skip
        """Compute the first state; returns the model. ``preallocate`` is taken for compatibility."""
        return self.begin(self.algorithm(niter or 0, damp, tol, M), y, x0, niter, show)

    def step(self, x: VectorLike, show: bool = False) -> Vector:
        """One step from model ``x``; returns the new one."""
        return self.advance(x, show)

    def run(
        self,
        x: VectorLike,
        niter: int | None = None,
        show: bool = False,
        itershow: Show = (10, 10, 10),
    ) -> Vector:
        """Steps from model ``x`` until done; returns the last one."""
        result: Vector = self.iterate(x, niter, show, itershow)
        return result

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int = 10, damp: float = 0.0, tol: float = 1e-4,
        preallocate: bool = False, show: bool = False, itershow: Show = (10, 10, 10),
        M: LinearOperator | None = None,
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.basic.cg` returns."""
        x = self.setup(y=y, x0=x0, niter=niter, damp=damp, tol=tol, show=show, M=M)
        x = self.run(x, niter, show=show, itershow=itershow)
        self.finalize(show)
        return x, *self.results()

    def results(self) -> Results:
        """Further results of ``solve``, after the model."""
        return self.iiter, self.cost


class CGLS(CG):
    """Conjugate gradients for least squares.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.cgls.CGLS`.
    """

    algorithm: ClassVar[Any] = cgls.CGLS
    tracked: ClassVar[dict[str, str]] = {"cost": "cost", "cost1": "cost1"}
    columns: ClassVar[dict[str, str]] = {"r1norm": "cost", "r2norm": "cost1"}
    istop: int
    r1norm: float
    r2norm: float

    def finalize(self, show: bool = False) -> None:
        """Take the time and the norms."""
        super().finalize(show)
        if float(self.state.kold) <= self.machine.tol:
            self.istop = 1
        else:
            self.istop = 3 if self.reason in (Reason.CALLBACK, Reason.NOT_FINITE) else 2
        self.r1norm, self.r2norm = float(self.state.kold), float(self.state.cost1)

    def results(self) -> Results:
        """Further results of ``solve``, after the model."""
        return self.istop, self.iiter, self.r1norm, self.r2norm, self.cost


class LSQR(Solver):
    """Least squares by bidiagonalisation.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.lsqr.LSQRAboutStart`: as in PyLops,
    damping pulls
    towards the initial model.
    """

    algorithm: ClassVar[Any] = lsqr.LSQRAboutStart
    columns: ClassVar[dict[str, str]] = {
        "r1norm": "r1norm", "r2norm": "r2norm", "arnorm": "arnorm", "Norm A": "anorm", "Cond A": "acond",
    }  # fmt: skip
    # What users find as attributes, and ``solve`` returns between ``iiter`` and ``var``.
    norms: ClassVar[tuple[str, ...]] = ("r1norm", "r2norm", "anorm", "acond", "arnorm", "xnorm")
    at_limit: ClassVar[int] = 0  # ``istop`` at the limit of iterations: PyLops', where SciPy has 7

    def setup(
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, atol: float = 1e-8, btol: float = 1e-8,
        conlim: float = 1e8, niter: int = 10, calc_var: bool = True, preallocate: bool = False,
        show: bool = False, M: LinearOperator | None = None,
    ) -> Vector:  # fmt: skip
        """Compute the first state; returns the model. ``preallocate`` is taken for compatibility."""
        return self.begin(self.algorithm(niter, damp, atol, btol, conlim, calc_var, M), y, x0, niter, show)

    def step(self, x: VectorLike, show: bool = False) -> Vector:
        """One step from model ``x``; returns the new one."""
        return self.advance(x, show)

    def run(
        self,
        x: VectorLike,
        niter: int | None = None,
        show: bool = False,
        itershow: Show = (10, 10, 10),
    ) -> Vector:
        """Steps from model ``x`` until done; returns the last one."""
        result: Vector = self.iterate(x, niter, show, itershow)
        return result

    def finalize(self, show: bool = False) -> None:
        """Take the time and the norms."""
        super().finalize(show)
        self.istop = self.machine.istop(self.state) or (self.at_limit if self.reason == Reason.NITER else 0)
        for name in self.norms:
            setattr(self, name, float(getattr(self.state, name)))
        var = getattr(self.state, "var", None)
        self.var = None if var is None else self.shaped(var)

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, atol: float = 1e-8, btol: float = 1e-8,
        conlim: float = 1e8, niter: int = 10, calc_var: bool = True, preallocate: bool = False,
        show: bool = False, itershow: Show = (10, 10, 10), M: LinearOperator | None = None,
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.basic.lsqr` returns."""
        x = self.setup(
            y=y, x0=x0, damp=damp, atol=atol, btol=btol, conlim=conlim, niter=niter,
            calc_var=calc_var, show=show, M=M,
        )  # fmt: skip
        x = self.run(x, niter, show=show, itershow=itershow)
        self.finalize(show)
        norms = (getattr(self, name) for name in self.norms)
        return x, self.istop, self.iiter, *norms, self.var, self.cost


class LSMR(LSQR):
    """Least squares by bidiagonalisation, with a gradient that never grows.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.lsmr.LSMRAboutStart`: as in SciPy,
    damping pulls
    towards the initial model.
    """

    algorithm: ClassVar[Any] = lsmr.LSMRAboutStart
    tracked: ClassVar[dict[str, str]] = {"cost": "normr"}
    columns: ClassVar[dict[str, str]] = {
        "normr": "normr",
        "normar": "normar",
        "Norm A": "norma",
        "Cond A": "conda",
    }
    norms: ClassVar[tuple[str, ...]] = ("normr", "normar", "norma", "conda", "normx")
    at_limit: ClassVar[int] = 7

    def setup(  # type: ignore[override]
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, atol: float = 1e-6, btol: float = 1e-6,
        conlim: float = 1e8, niter: int = 10, show: bool = False,
    ) -> Vector:  # fmt: skip
        """Compute the first state; returns the model."""
        return self.begin(self.algorithm(niter, damp, atol, btol, conlim), y, x0, niter, show)

    def solve(  # type: ignore[override]
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, atol: float = 1e-6, btol: float = 1e-6,
        conlim: float = 1e8, niter: int = 10, show: bool = False, itershow: Show = (10, 10, 10),
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.basic.lsmr` returns."""
        x = self.setup(y=y, x0=x0, damp=damp, atol=atol, btol=btol, conlim=conlim, niter=niter, show=show)
        x = self.run(x, niter, show=show, itershow=itershow)
        self.finalize(show)
        return x, self.istop, self.iiter, *(np.float64(getattr(self, name)) for name in self.norms)


class HybridLSQR(Solver):
    """Least squares with a damping that is chosen on the way.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.hybridlsqr.HybridLSQR`.
    """

    algorithm: ClassVar[Any] = hybridlsqr.HybridLSQR
    tracked: ClassVar[dict[str, str]] = {"cost": "cost", "weights": "weight"}
    columns: ClassVar[dict[str, str]] = {"r1norm": "cost", "weight": "weight", "change": "change"}
    codes: ClassVar[dict[Reason, int]] = {
        Reason.CONVERGED: 1,
        Reason.NITER: 2,
        Reason.CALLBACK: 3,
        Reason.BASIS: 4,
        Reason.NOISE: 5,
    }
    istop: int
    weight: float

    def setup(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int = 50, damp: hybridlsqr.Damp = "discrepancy",
        noise: float | None = None, tau: float = 1.0, basis: int = 50, rtol: float = 3e-3, show: bool = False,
    ) -> Vector:  # fmt: skip
        """Compute the first state; returns the model."""
        return self.begin(self.algorithm(niter, damp, noise, tau, basis, rtol), y, x0, niter, show)

    def step(self, x: VectorLike, show: bool = False) -> Vector:
        """One step from model ``x``; returns the new one."""
        return self.advance(x, show)

    def run(
        self,
        x: VectorLike,
        niter: int | None = None,
        show: bool = False,
        itershow: Show = (10, 10, 10),
    ) -> Vector:
        """Steps from model ``x`` until done; returns the last one."""
        result: Vector = self.iterate(x, niter, show, itershow)
        return result

    def finalize(self, show: bool = False) -> None:
        """Take the time, the weight and the reason to stop."""
        super().finalize(show)
        self.istop = 3 if self.reason is None else self.codes.get(self.reason, 3)
        self.weight = float(self.state.weight)

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int = 50, damp: hybridlsqr.Damp = "discrepancy",
        noise: float | None = None, tau: float = 1.0, basis: int = 50, rtol: float = 3e-3, show: bool = False,
        itershow: Show = (10, 10, 10),
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.basic.hybrid_lsqr` returns."""
        x = self.setup(y, x0, niter, damp, noise, tau, basis, rtol, show)
        x = self.run(x, niter, show=show, itershow=itershow)
        self.finalize(show)
        return x, self.istop, self.iiter, self.weight, self.cost
