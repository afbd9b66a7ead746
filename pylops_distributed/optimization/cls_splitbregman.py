"""Class of split Bregman iterations, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pylops_distributed.linearoperator import LinearOperator, aslinearoperator
from pylops_distributed.optimization import splitbregman
from pylops_distributed.optimization.basesolver import Solver, renamed


class SplitBregman(Solver):
    """Split Bregman iterations.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.splitbregman.SplitBregman`.
    """

    algorithm: ClassVar[Any] = splitbregman.SplitBregman
    initial: ClassVar[bool] = False
    rounds: ClassVar[str | None] = "outer"
    columns: ClassVar[dict[str, str]] = {"r2norm": "costdata", "r12norm": "cost"}

    def setup(
        self, y: Any, RegsL1: Sequence[LinearOperator], x0: Any = None, niter_outer: int = 3, niter_inner: int = 5,
        RegsL2: Sequence[LinearOperator] | None = None, dataregsL2: Sequence[Any] | None = None, mu: float = 1.0,
        epsRL1s: Sequence[float] | None = None, epsRL2s: Sequence[float] | None = None, tol: float = 1e-10,
        tau: float = 1.0, restart: bool = False, preallocate: bool = False, show: bool = False,
    ) -> Any:  # fmt: skip
        """Compute the first state; returns the model."""
        self._settings = {"y": y, "x0": x0, "show": False}
        machine = self.algorithm(
            tuple(map(aslinearoperator, RegsL1)), tuple(epsRL1s or [1.0] * len(RegsL1)),
            tuple(map(aslinearoperator, RegsL2 or ())), tuple(epsRL2s or [1.0] * len(RegsL2 or ())),
            None if dataregsL2 is None else tuple(dataregsL2), mu, niter_outer, niter_inner, tol, tau,
            restart=restart,
        )  # fmt: skip
        return self.begin(machine, y, x0, niter_outer, show)

    def step(
        self,
        x: Any,
        engine: str = "pylops",
        show: bool = False,
        show_inner: bool = False,
        **kwargs_solver: Any,
    ) -> Any:
        """One outer iteration from model ``x``; returns the new one. The first takes the settings of CGLS."""
        x = self._tuned(x, kwargs_solver)
        return self.advance(x, show)

    def run(
        self, x: Any, engine: str = "pylops", show: bool = False, itershow: Sequence[int] = (10, 10, 10),
        show_inner: bool = False, **kwargs_lsqr: Any,
    ) -> Any:  # fmt: skip
        """Outer iterations from model ``x`` until done; returns the last one."""
        return self.iterate(self._tuned(x, kwargs_lsqr), None, show, itershow)

    def solve(
        self, y: Any, RegsL1: Sequence[LinearOperator], x0: Any = None, niter_outer: int = 3, niter_inner: int = 5,
        RegsL2: Sequence[LinearOperator] | None = None, dataregsL2: Sequence[Any] | None = None, mu: float = 1.0,
        epsRL1s: Sequence[float] | None = None, epsRL2s: Sequence[float] | None = None, tol: float = 1e-10,
        tau: float = 1.0, restart: bool = False, engine: str = "pylops", preallocate: bool = False,
        show: bool = False, itershow: Sequence[int] = (10, 10, 10), show_inner: bool = False, **kwargs_lsqr: Any,
    ) -> tuple[Any, int, Any]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.splitbregman` returns."""
        x = self.setup(
            y, RegsL1, x0=x0, niter_outer=niter_outer, niter_inner=niter_inner, RegsL2=RegsL2, dataregsL2=dataregsL2,
            mu=mu, epsRL1s=epsRL1s, epsRL2s=epsRL2s, tol=tol, tau=tau, restart=restart, show=show,
        )  # fmt: skip
        x = self.run(x, engine=engine, show=show, itershow=itershow, **kwargs_lsqr)
        self.finalize(show)
        return x, self.iiter, self.cost  # type: ignore[attr-defined]

    def limited(self, niter: int) -> Any:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, niter_outer=niter)

    def memory_usage(self, show: bool = False, unit: str = "B") -> float:
        """Size of the data and of all vectors of a state as long as the model or the data."""
        return self.measure(splitbregman.SplitBregmanState, show, unit)

    def _tuned(self, x: Any, settings: dict[str, Any]) -> Any:
        """Give the algorithm the settings of CGLS, before its first step."""
        if settings and not self.iiter:
            self.begin(replace(self.machine, **renamed(settings)), **self._settings, niter=self.niter)
            return self._x
        return x
