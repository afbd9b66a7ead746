"""Class of the reweighted solvers, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.optimization import irls, irlsmodel
from pylops_distributed.optimization.basesolver import Solver, lazy, renamed
from pylops_distributed.optimization.systems import regularized_system
from pylops_distributed.space import reshape


class IRLS(Solver):
    """Iteratively reweighted least squares.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.irls.IRLS` and
    :class:`pylops_distributed.optimization.irlsmodel.IRLSModel`.
    """

    algorithm: ClassVar[Any] = irls.IRLS
    rounds: ClassVar[str | None] = "outer"

    def setup(
        self, y: Any, nouter: int | None = None, threshR: bool = False, epsR: float = 1e-10, epsI: float = 1e-10,
        tolIRLS: float = 1e-10, warm: bool = False, kind: str = "data", preallocate: bool = False,
        show: bool = False,
    ) -> None:  # fmt: skip
        """Keep the settings; the first state is computed by the first step, which knows those of CGLS."""
        if kind not in ("data", "model", "datamodel"):
            raise NotImplementedError(f"`kind` must be model, data or datamodel, got {kind!r}")
        self.y, self.nouter, self.kind, self.warm = y, nouter, kind, warm
        self._show, self._begun = show, False
        self._settings: dict[str, Any] = {"epsI": epsI, "tolIRLS": tolIRLS}
        if kind != "model":
            self._settings |= {"threshR": threshR, "epsR": epsR, "warm": warm}

    def step(self, x: Any, engine: str = "pylops", show: bool = False, **kwargs_solver: Any) -> Any:
        """One outer iteration from model ``x``; returns the new one."""
        if not self._begun:
            x = self._start(x, None, kwargs_solver)
        return self.advance(x, show)

    def run(
        self, x: Any, nouter: int = 10, engine: str = "pylops", show: bool = False,
        itershow: Sequence[int] = (10, 10, 10), **kwargs_solver: Any,
    ) -> Any:  # fmt: skip
        """Outer iterations for what model ``x`` does not explain; returns the sum of both."""
        nouter = nouter if self.nouter is None else self.nouter
        known = x
        if not self._begun:
            x = self._start(x, x, kwargs_solver)
        x = self.iterate(x, nouter, show, itershow)
        return x if known is None else known + x

    def finalize(self, show: bool = False) -> None:
        """Take the time and the number of outer iterations."""
        super().finalize(show)
        self.nouter = self.iiter

    def solve(
        self, y: Any, x0: Any = None, nouter: int = 10, threshR: bool = False, epsR: float = 1e-10,
        epsI: float = 1e-10, tolIRLS: float = 1e-10, kind: str = "data", warm: bool = False,
        engine: str = "pylops", preallocate: bool = False, show: bool = False,
        itershow: Sequence[int] = (10, 10, 10), **kwargs_solver: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.irls` returns."""
        self.setup(
            y=y, threshR=threshR, epsR=epsR, epsI=epsI, tolIRLS=tolIRLS, warm=warm, kind=kind, show=show
        )
        x = self.run(x0, nouter=nouter, engine=engine, show=show, itershow=itershow, **kwargs_solver)
        self.finalize(show)
        return x, self.iiter

    def limited(self, niter: int) -> Any:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, nouter=niter)

    def _start(self, x: Any, known: Any, kwargs_solver: dict[str, Any]) -> Any:
        """Compute the first state, for what model ``known`` does not explain."""
        self._begun = True
        settings = {**self._settings, **renamed(kwargs_solver)}
        op: Any = self.Op
        data: Any = reshape(lazy(self.y), op.codomain)
        if self.kind == "datamodel":
            reg = Identity(op.dims, dtype=op.dtype)
            op, data = regularized_system(op, data, [reg], epsRs=[settings["epsI"]])
            settings["epsI"] = 0.0
        if known is not None:
            data = data - op.apply(reshape(lazy(known), op.domain))
        machine = (irlsmodel.IRLSModel if self.kind == "model" else irls.IRLS)(**settings)
        return self.begin(machine, self.y, x if self.warm else None, None, self._show, op, data)
