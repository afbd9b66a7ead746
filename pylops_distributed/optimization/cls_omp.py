"""Class of matching pursuit, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import dask
import dask.array as da
import numpy as np

from pylops_distributed.linearoperator import LinearOperator, aslinearoperator
from pylops_distributed.optimization import mp, omp
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.space import flatten, unflatten


class OMP(Solver):
    """Matching pursuit, orthogonal unless ``niter_inner`` is zero.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.omp.OMP` and
    :class:`pylops_distributed.optimization.mp.MP`. What comes to the driver is the coefficients chosen.
    """

    algorithm: ClassVar[Any] = omp.OMP

    def setup(
        self, y: Any, niter_outer: int = 10, niter_inner: int = 40, sigma: float = 1e-4, normalizecols: bool = False,
        Opbasis: LinearOperator | None = None, optimal_coeff: bool = False, preallocate: bool = False,
        show: bool = False,
    ) -> None:  # fmt: skip
        """Compute the first state, and before it the norms of the columns if asked for."""
        basis = self.Op if Opbasis is None else aslinearoperator(Opbasis)
        norms = unflatten(column_norms(basis), self.Op.domain) if normalizecols else None
        self.rounds = "outer" if niter_inner else None  # type: ignore[misc]
        machine: Any
        if niter_inner:
            machine = omp.OMP(niter_outer, niter_inner, sigma, norms)
        else:
            machine = mp.MP(niter_outer, sigma, norms, optimal_coeff)
        self.begin(machine, y, None, niter_outer, show)

    def step(
        self, x: Any, cols: Any, engine: str = "pylops", show: bool = False, **kwargs_solver: Any
    ) -> tuple[Any, Any]:
        """One outer iteration; returns the coefficients chosen so far and their positions, in that order.

        Those given are not used: the solver keeps its own. Settings of CGLS are taken by the first step.
        """
        if kwargs_solver and not self.iiter:
            self.machine = replace(self.machine, **kwargs_solver)
            self._restart(self.state)
        self.advance(self._x, show)
        return support(self.state)

    def run(
        self, x: Any, cols: Any, engine: str = "pylops", show: bool = False,
        itershow: Sequence[int] = (10, 10, 10),
    ) -> tuple[Any, Any]:  # fmt: skip
        """Outer iterations until done; returns the coefficients and their positions."""
        self._cols = cols
        x = self.iterate(x, None, show, itershow)
        return x, self._cols

    def finalize(self, x: Any = None, cols: Any = None, show: bool = False) -> Any:  # type: ignore[override]
        """Take the time; returns the model."""
        super().finalize(show)
        self.nouter = self.iiter
        return self._x

    def solve(
        self, y: Any, niter_outer: int = 10, niter_inner: int = 40, sigma: float = 1e-4, normalizecols: bool = False,
        Opbasis: LinearOperator | None = None, optimal_coeff: bool = False, engine: str = "pylops",
        preallocate: bool = False, show: bool = False, itershow: Sequence[int] = (10, 10, 10),
    ) -> tuple[Any, int, Any]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.omp` returns."""
        self.setup(
            y, niter_outer=niter_outer, niter_inner=niter_inner, sigma=sigma, normalizecols=normalizecols,
            Opbasis=Opbasis, optimal_coeff=optimal_coeff, show=show,
        )  # fmt: skip
        x, cols = self.run([], [], engine=engine, show=show, itershow=itershow)
        return self.finalize(x, cols, show), self.iiter, self.cost  # type: ignore[attr-defined]

    def limited(self, niter: int) -> Any:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, niter_outer=niter)

    def callback(self, x: Any, cols: Any = None) -> None:
        """Called with the coefficients chosen and their positions after every outer iteration of a run."""

    def _stepped(self, x: Any, show: bool) -> Any:
        x, self._cols = self.step(x, self._cols, show=show)
        self.callback(x, self._cols)
        return x

    def _round(self) -> int:
        return self.iiter if self.rounds is None else max(0, int(self.state.outer))


def column_norms(op: LinearOperator) -> da.Array:
    """Norms of the columns of an operator, computed: one forward a column, for operators with few."""
    (norms,) = dask.persist(da.sqrt((abs(op.todense()) ** 2).sum(axis=0)))
    return norms


def support(state: Any) -> tuple[list[Any], list[int]]:
    """The coefficients that were chosen and their flat positions, in the order of their choice."""
    rank, x = flatten(state.rank), flatten(state.x)
    chosen = rank > 0
    # The newest choice of orthogonal pursuit has no coefficient yet.
    last = int(state.outer) if hasattr(state, "outer") else int(state.count)
    positions, order, values = dask.compute(da.flatnonzero(chosen), rank[chosen], x[chosen])
    sequence = [k for k in np.argsort(order) if order[k] <= last]
    return [values[k] for k in sequence], [int(positions[k]) for k in sequence]
