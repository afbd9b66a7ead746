"""Class of split Bregman iterations, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import splitbregman
from pylops_distributed.optimization.numerics.outer_loop import OuterLoop
from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.optimization.pylops_api.bregman_rounds import BregmanRounds
from pylops_distributed.optimization.pylops_api.scipy_engine import check_engine, lsqr_settings
from pylops_distributed.optimization.solver_inputs import renamed
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike, zeros
from pylops_distributed.vectors.types import Settings


class SplitBregman(OuterLoop):
    """Split Bregman iterations.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.splitbregman.SplitBregman`.
    """

    algorithm: ClassVar[Any] = splitbregman.SplitBregman
    initial: ClassVar[bool] = False
    rounds: ClassVar[str | None] = "outer"
    columns: ClassVar[dict[str, str]] = {"r2norm": "costdata", "r12norm": "cost"}

    def setup(
        self, y: VectorLike, RegsL1: Sequence[LinearOperator], x0: VectorLike | None = None,
        niter_outer: int = 3, niter_inner: int = 5,
        RegsL2: Sequence[LinearOperator] | None = None, dataregsL2: Sequence[Any] | None = None, mu: float = 1.0,
        epsRL1s: Sequence[float] | None = None, epsRL2s: Sequence[float] | None = None, tol: float = 1e-10,
        tau: float = 1.0, restart: bool = False, preallocate: bool = False, show: bool = False,
    ) -> Vector:  # fmt: skip
        """Keep the problem, which the first step begins with the settings of its engine; returns the model."""
        self._settings: dict[str, Any] = {"y": y, "x0": x0, "show": show}
        regs = [aslinearoperator(reg) for reg in RegsL2 or ()]
        targets = zip(dataregsL2 or (), regs, strict=False)
        self.machine = self.algorithm(
            tuple(map(aslinearoperator, RegsL1)), _weights(epsRL1s, len(RegsL1)),
            tuple(regs), _weights(epsRL2s, len(regs)),
            None if dataregsL2 is None else tuple(vector_of(d, reg.codomain) for d, reg in targets),
            mu, niter_outer, niter_inner, tol, tau, restart=restart,
        )  # fmt: skip
        self.y, self.niter, self._begun, self.iiter = y, niter_outer, False, 0
        self._flat = (
            not isinstance(y, BlockVector) and len(np.shape(y)) == 1 if self.flat is None else self.flat
        )
        self.cost: list[float] = []
        self._x = self.shaped(zeros(self.Op.domain, y) if x0 is None else vector_of(x0, self.Op.domain))
        result: Vector = self._x
        return result

    def step(
        self,
        x: VectorLike,
        engine: str = "scipy",
        show: bool = False,
        show_inner: bool = False,
        **kwargs_solver: object,
    ) -> Vector:
        """One outer iteration from model ``x``; returns the new one. The first begins the engine."""
        if check_engine(engine) == "scipy":
            settings = lsqr_settings(kwargs_solver, "splitbregman")
            return self.outer_step(self._rounds_from(x), {"show": show_inner, **settings}, show)
        return self.advance(self._tuned(x, kwargs_solver), show)

    def run(
        self, x: VectorLike, engine: str = "scipy", show: bool = False, itershow: Sequence[int] = (10, 10, 10),
        show_inner: bool = False, **kwargs_lsqr: object,
    ) -> Vector:  # fmt: skip
        """Outer iterations from model ``x`` until done; returns the last one."""
        if check_engine(engine) == "pylops":
            result: Vector = self.iterate(self._tuned(x, kwargs_lsqr), None, show, itershow)
            return result
        self._rounds_from(x)

        def step(due: bool) -> None:
            self.callback(self.step(self._x, engine="scipy", show=due, show_inner=show_inner, **kwargs_lsqr))

        self.outer_run(step, self.niter, lambda update: update > self.machine.tol, show, itershow)
        result = self._x
        return result

    def solve(
        self, y: VectorLike, RegsL1: Sequence[LinearOperator], x0: VectorLike | None = None,
        niter_outer: int = 3, niter_inner: int = 5,
        RegsL2: Sequence[LinearOperator] | None = None, dataregsL2: Sequence[VectorLike | None] | None = None,
        mu: float = 1.0,
        epsRL1s: Sequence[float] | None = None, epsRL2s: Sequence[float] | None = None, tol: float = 1e-10,
        tau: float = 1.0, restart: bool = False, engine: str = "scipy", preallocate: bool = False,
        show: bool = False, itershow: Sequence[int] = (10, 10, 10), show_inner: bool = False, **kwargs_lsqr: Any,
    ) -> tuple[Vector, int, list[float]]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.splitbregman` returns."""
        x = self.setup(
            y, RegsL1, x0=x0, niter_outer=niter_outer, niter_inner=niter_inner, RegsL2=RegsL2, dataregsL2=dataregsL2,
            mu=mu, epsRL1s=epsRL1s, epsRL2s=epsRL2s, tol=tol, tau=tau, restart=restart, show=show,
        )  # fmt: skip
        x = self.run(x, engine=engine, show=show, itershow=itershow, **kwargs_lsqr)
        self.finalize(show)
        return x, self.iiter, self.cost

    def limited(self, niter: int) -> object:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, niter_outer=niter)

    def memory_usage(
        self, nopRegsL1: Sequence[int] | None = None, nopRegsL2: Sequence[int] | None = None, show: bool = False,
        unit: str = "B",
    ) -> float:  # fmt: skip
        """Size of the data and of all vectors of a state, with terms of these numbers of rows."""
        # Of an L1 term the state holds b, d and the residual; of an L2 term the residual.
        others = 3 * sum(nopRegsL1 or ()) + sum(nopRegsL2 or ())
        return self.measure(splitbregman.SplitBregmanState, show, unit, others)

    def _tuned(self, x: VectorLike, settings: Settings) -> VectorLike:
        """Begin the algorithm with the settings of CGLS, before its first step."""
        if self._begun:
            return x
        self._begun = True
        start: dict[str, Any] = self._settings | {"x0": x if x is not self._x else self._settings["x0"]}
        return self.begin(replace(self.machine, **renamed(settings)), **start, niter=self.niter)

    def _rounds_from(self, x: VectorLike) -> VectorLike:
        """Begin the rounds at model ``x``, before the first."""
        if self._begun:
            return x
        self._begun = True
        y, x0 = self._settings["y"], self._settings["x0"]
        start, first = (
            zeros(self.Op.domain, y) if v is None else vector_of(v, self.Op.domain) for v in (x, x0)
        )
        rounds = BregmanRounds(self.Op, vector_of(y, self.Op.codomain), first, self.machine)
        return self.outer_begin(rounds, start, y, [])


def _weights(weights: Sequence[float] | None, count: int) -> tuple[float, ...]:
    return (1.0,) * count if weights is None or len(weights) == 0 else tuple(weights)
