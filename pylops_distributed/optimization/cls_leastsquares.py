"""Classes of the least-squares inversions with regularisation, with the methods of PyLops' classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.optimization.cls_basic import CG, CGLS
from pylops_distributed.optimization.numerics.systems import (
    RegularizedOperator,
    normal_system,
    regularized_system,
    vector_of,
)
from pylops_distributed.optimization.numerics.weights import real_weight
from pylops_distributed.optimization.pylops_api.scipy_engine import (
    ScipyCG,
    ScipyLSQR,
    cg_settings,
    check_engine,
    lsqr_settings,
)
from pylops_distributed.optimization.solver_inputs import renamed
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike, flatten, reshape
from pylops_distributed.vectors.types import Results, Settings

__all__ = [
    "NormalEquationsInversion",
    "PreconditionedInversion",
    "RegularizedInversion",
    "RegularizedOperator",
]


class LeastSquaresInversion(Solver):
    """Base of the inversions: ``setup`` makes a system, and ``run`` solves it."""

    def step(self, *_: object, **__: object) -> None:
        """Not there, as in PyLops: step with the class of the solver inside."""
        raise NotImplementedError(f"{type(self).__name__} has no step: use run or solve")

    def prepare(self, system: LinearOperator, data: Vector, y: VectorLike, show: bool) -> None:
        """Keep the system; nothing is computed."""
        self.y, self.system, self.data = y, system, data
        self._flat = not isinstance(y, BlockVector) and np.ndim(y) == 1
        if show:
            print(f"{type(self).__name__}\n{'-' * 65}\nThe system is {system!r}\n{'-' * 65}")

    def inner(self, solver: type[Solver], x: VectorLike | None, show: bool, settings: Settings) -> Results:
        """Solve the system from model ``x``; returns the model and what ``solver`` returns after it."""
        engine: Any = solver(self.system, self.callbacks)
        engine.callback = self.callback
        start = None if x is None else vector_of(x, self.system.domain)
        model, *rest = engine.solve(self.data, x0=start, **{"show": show, **settings})
        for name in ("state", "iiter", "reason", "cost"):
            setattr(self, name, getattr(engine, name))
        return model, *rest

    def least_squares(self, engine: str, x: VectorLike | None, show: bool, settings: Settings) -> Results:
        """Solve the system by the engine's solver for least squares; returns what PyLops' inversions return."""
        if check_engine(engine) == "scipy":
            keywords = lsqr_settings(settings, type(self).__name__)
            x, istop, itn, r1norm, r2norm, *_ = self.inner(ScipyLSQR, x, show, keywords)
        else:
            x, istop, itn, r1norm, r2norm, _ = self.inner(CGLS, x, show, renamed(settings))
        return x, istop, itn, r1norm, r2norm


class NormalEquationsInversion(LeastSquaresInversion):
    """Inversion of regularised normal equations by conjugate gradients.

    Arguments and mathematics are those of
    :func:`pylops_distributed.optimization.leastsquares.normal_equations_inversion`.
    """

    def memory_usage(
        self, nopRegs: Sequence[int] | None = None, show: bool = False, unit: str = "B"
    ) -> float:
        """Size of the data and of all vectors of a state, with terms ``Regs`` of these numbers of rows."""
        return self.measure(CG.algorithm.state, show, unit, sum(nopRegs or ()))

    def setup(
        self, y: VectorLike, Regs: Sequence[LinearOperator] | None, Weight: LinearOperator | None = None,
        dataregs: Sequence[VectorLike | None] | None = None, epsI: float = 0, epsRs: Sequence[float] | None = None,
        NRegs: Sequence[LinearOperator] | None = None, epsNRs: Sequence[float] | None = None, show: bool = False,
    ) -> None:  # fmt: skip
        """Make the system."""
        self.epsI = real_weight("epsI", epsI)
        system, data = normal_system(self.Op, y, Regs, Weight, dataregs, epsRs, NRegs, epsNRs)
        self.prepare(system, data, y, show)

    def run(
        self, x: VectorLike | None, engine: str = "scipy", show: bool = False, **kwargs_solver: object
    ) -> tuple[Vector, int | None]:
        """Solve the system from model ``x``."""
        if check_engine(engine) == "scipy":
            settings = cg_settings(kwargs_solver, type(self).__name__)
            model, info = self.inner(ScipyCG, x, show, {"damp": self.epsI**2, **settings})
            return self.shaped(model), info
        options = renamed(kwargs_solver)
        options["damp"] = options.pop("damp", 0.0) + self.epsI**2
        return self.shaped(self.inner(CG, x, show, options)[0]), None

    def solve(
        self, y: VectorLike, Regs: Sequence[LinearOperator] | None, x0: VectorLike | None = None,
        Weight: LinearOperator | None = None,
        dataregs: Sequence[VectorLike | None] | None = None, epsI: float = 0, epsRs: Sequence[float] | None = None,
        NRegs: Sequence[LinearOperator] | None = None, epsNRs: Sequence[float] | None = None,
        engine: str = "scipy", show: bool = False, **kwargs_solver: object,
    ) -> tuple[Vector, int | None]:  # fmt: skip
        """All at once."""
        self.setup(y, Regs, Weight, dataregs, epsI, epsRs, NRegs, epsNRs, show)
        solution: tuple[Vector, int | None] = self.run(x0, engine=engine, show=show, **kwargs_solver)
        return solution


class RegularizedInversion(LeastSquaresInversion):
    """Inversion with regularisation terms as further data, by LSQR or, with the engine of PyLops, CGLS.

    Arguments and mathematics are those of
    :func:`pylops_distributed.optimization.leastsquares.regularized_inversion`.
    """

    def memory_usage(
        self, nopRegs: Sequence[int] | None = None, show: bool = False, unit: str = "B"
    ) -> float:
        """Size of the data and of all vectors of a state, with terms ``Regs`` of these numbers of rows."""
        return self.measure(CGLS.algorithm.state, show, unit, sum(nopRegs or ()))

    def setup(
        self, y: VectorLike, Regs: Sequence[LinearOperator] | None, Weight: LinearOperator | None = None,
        dataregs: Sequence[VectorLike | None] | None = None, epsRs: Sequence[float] | None = None, show: bool = False,
    ) -> None:  # fmt: skip
        """Make the system."""
        self.prepare(*regularized_system(self.Op, y, Regs, Weight, dataregs, epsRs), y, show)

    def run(
        self, x: VectorLike | None, engine: str = "scipy", show: bool = False, **kwargs_solver: object
    ) -> Results:
        """Solve the system from model ``x``."""
        model, *rest = self.least_squares(engine, x, show, kwargs_solver)
        return self.shaped(model), *rest

    def solve(
        self, y: VectorLike, Regs: Sequence[LinearOperator] | None, x0: VectorLike | None = None,
        Weight: LinearOperator | None = None,
        dataregs: Sequence[VectorLike | None] | None = None, epsRs: Sequence[float] | None = None,
        engine: str = "scipy",
        show: bool = False, **kwargs_solver: object,
    ) -> Results:  # fmt: skip
        """All at once."""
        self.setup(y, Regs, Weight, dataregs, epsRs, show)
        solution: tuple[Any, ...] = self.run(x0, engine=engine, show=show, **kwargs_solver)
        return solution


class PreconditionedInversion(LeastSquaresInversion):
    """Inversion for a model that an operator makes, by LSQR or, with the engine of PyLops, CGLS.

    Arguments and mathematics are those of
    :func:`pylops_distributed.optimization.leastsquares.preconditioned_inversion`.
    """

    def setup(self, y: VectorLike, P: LinearOperator, show: bool = False) -> None:
        """Make the system."""
        self.P = aslinearoperator(P)
        self.prepare(self.Op @ self.P, vector_of(y, self.Op.codomain), y, show)

    def run(
        self, x: VectorLike | None, engine: str = "scipy", show: bool = False, **kwargs_solver: object
    ) -> Results:
        """Solve the system from model ``x`` of the preconditioner."""
        p, *rest = self.least_squares(engine, x, show, kwargs_solver)
        model = self.P.apply(reshape(p, self.P.domain))
        return flatten(model) if self._flat else model, *rest

    def solve(
        self, y: VectorLike, P: LinearOperator, x0: VectorLike | None = None, engine: str = "scipy", show: bool = False,
        **kwargs_solver: object,
    ) -> Results:  # fmt: skip
        """All at once."""
        self.setup(y, P, show)
        solution: tuple[Any, ...] = self.run(x0, engine=engine, show=show, **kwargs_solver)
        return solution
