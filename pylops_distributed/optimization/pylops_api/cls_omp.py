"""Class of matching pursuit, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import dask
import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, Stops
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import mp, omp
from pylops_distributed.optimization.numerics.outer_loop import OuterLoop, computed, length
from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.optimization.pylops_api.omp_rounds import OMPRounds, model_of_coefficients
from pylops_distributed.optimization.pylops_api.scipy_engine import check_engine, lsqr_settings
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike, flatten, unflatten
from pylops_distributed.vectors.types import NDArray, Settings

if TYPE_CHECKING:
    from pylops_distributed.optimization.algorithms.mp import MPState
    from pylops_distributed.optimization.algorithms.omp import OMPState

Coefficients: TypeAlias = Sequence[complex]


class OMP(OuterLoop):
    """Matching pursuit, orthogonal unless ``niter_inner`` is zero.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.omp.OMP` and
    :class:`pylops_distributed.optimization.algorithms.mp.MP`. What comes to the driver is the coefficients chosen.
    """

    algorithm: ClassVar[Any] = omp.OMP

    def setup(
        self, y: VectorLike, niter_outer: int = 10, niter_inner: int = 40, sigma: float = 1e-4,
        normalizecols: bool = False,
        Opbasis: LinearOperator | None = None, optimal_coeff: bool = False, preallocate: bool = False,
        show: bool = False,
    ) -> None:  # fmt: skip
        """Keep the problem, and compute the norms of the columns if asked for; the first step begins the engine."""
        basis = self.Op if Opbasis is None else aslinearoperator(Opbasis)
        norms = unflatten(column_norms(basis), self.Op.domain) if normalizecols else None
        self.rounds = "outer" if niter_inner else None  # type: ignore[misc]
        machine: Any
        if niter_inner:
            machine = omp.OMP(niter_outer, niter_inner, sigma, norms)
        else:
            machine = mp.MP(niter_outer, sigma, norms, optimal_coeff)
        self.machine, self.niter, self._begun, self.iiter = machine, niter_outer, False, 0
        self.y = y
        self._given: dict[str, Any] = {"y": y, "show": show}
        self.cost = [length(vector_of(y, self.Op.codomain))]

    def step(
        self,
        x: Coefficients,
        cols: Sequence[int],
        engine: str = "scipy",
        show: bool = False,
        **kwargs_solver: object,
    ) -> tuple[Coefficients, Sequence[int]]:
        """One outer iteration; returns the coefficients chosen so far and their positions, in that order.

        Those given are not used: the solver keeps its own. Settings of CGLS are taken by the first step.
        """
        if self._by_rounds(engine):
            self._begin_rounds()
            return self._round_of(lsqr_settings(kwargs_solver, "omp"), show)
        self._begin_algorithm(kwargs_solver)
        self.advance(self._x, show)
        return support(self.state)

    def run(
        self, x: Coefficients, cols: Sequence[int], engine: str = "scipy", show: bool = False,
        itershow: Sequence[int] = (10, 10, 10),
    ) -> tuple[Coefficients, Sequence[int]]:  # fmt: skip
        """Outer iterations until done; returns the coefficients and their positions."""
        self._cols = cols
        if not self._by_rounds(engine):
            self._begin_algorithm({})
            chosen: Coefficients = self.iterate(x, None, show, itershow)
            return chosen, self._cols
        self._begin_rounds()
        self._found = x

        def step(due: bool) -> None:
            self._found, self._cols = self.step(self._found, self._cols, engine="scipy", show=due)
            self.callback(self._found, self._cols)

        more = self.machine.sigma
        self.outer_run(step, self.niter, lambda _: self.cost[-1] > more, show, itershow)
        return self._found, self._cols

    def finalize(self, x: Coefficients = (), cols: Sequence[int] = (), show: bool = False) -> Vector:  # type: ignore[override]
        """Take the time; returns the model."""
        super().finalize(show)
        self.nouter = self.iiter
        if self._rounds is not None:
            self._flat = not isinstance(self._given["y"], BlockVector) and np.ndim(self._given["y"]) == 1
            lazy = holds_dask(self.Op, self._given["y"])
            model = model_of_coefficients(self.Op, x, cols, lazy)
            self._x = self.shaped(model * np.nan if self.reason is Reason.NOT_FINITE else model)
        result: Vector = self._x
        return result

    def solve(
        self, y: VectorLike, niter_outer: int = 10, niter_inner: int = 40, sigma: float = 1e-4,
        normalizecols: bool = False,
        Opbasis: LinearOperator | None = None, optimal_coeff: bool = False, engine: str = "scipy",
        preallocate: bool = False, show: bool = False, itershow: Sequence[int] = (10, 10, 10),
    ) -> tuple[Vector, int, NDArray]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.omp` returns."""
        self.setup(
            y, niter_outer=niter_outer, niter_inner=niter_inner, sigma=sigma, normalizecols=normalizecols,
            Opbasis=Opbasis, optimal_coeff=optimal_coeff, show=show,
        )  # fmt: skip
        x, cols = self.run([], [], engine=engine, show=show, itershow=itershow)
        return self.finalize(x, cols, show), self.iiter, self.cost

    def _by_rounds(self, engine: str) -> bool:
        """Whether LSQR solves for the coefficients: matching pursuit has nothing to solve."""
        return check_engine(engine) == "scipy" and isinstance(self.machine, omp.OMP)

    def _begin_rounds(self) -> None:
        if not self._begun:
            self._begun, solver, y = True, self.machine, self._given["y"]
            rounds = OMPRounds(self.Op, vector_of(y, self.Op.codomain), solver.niter_inner, solver.norms)
            self._rounds, self.reason = rounds, None

    def _round_of(self, settings: Settings, show: bool) -> tuple[list[complex], list[int]]:
        coefficients, cost = self._rounds.advance(None, settings)
        self.iiter += 1
        self.cost.append(cost)
        x = list(np.asarray(coefficients))
        if show:
            print(f"{self.iiter:6d}  {x[0].real:11.4e}  {cost:11.4e}")
        return x, list(self._rounds.cols)

    def _begin_algorithm(self, settings: Settings) -> None:
        if not self._begun:
            self._begun = True
            self.begin(
                replace(self.machine, **settings), self._given["y"], None, self.niter, self._given["show"]
            )

    def limited(self, niter: int) -> object:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, niter_outer=niter)

    def callback(self, x: object, *args: object, **kwargs: object) -> None:
        """Called with the coefficients chosen and their positions after every outer iteration of a run."""

    def _stepped(self, x: Any, show: bool) -> object:
        x, self._cols = self.step(x, self._cols, engine="pylops", show=show)
        self.callback(x, self._cols)
        return x

    def in_batches(self, x: Any, limited: Stops[State]) -> object:
        """Steps until ``limited``, an algorithm, is done; returns the coefficients chosen."""
        super().in_batches(self._x, limited)
        coefficients, self._cols = support(self.state)
        return coefficients


def column_norms(op: LinearOperator) -> da.Array:
    """Norms of the columns of an operator, computed: one forward a column, for operators with few."""
    squares: da.Array = (abs(op.todense()) ** 2).sum(axis=0)
    return computed(squares**0.5)


def support(state: MPState | OMPState) -> tuple[list[complex], list[int]]:
    """The coefficients that were chosen and their flat positions, in the order of their choice."""
    rank, x = flatten(state.rank), flatten(state.x)
    chosen = rank > 0
    # The newest choice of orthogonal pursuit has no coefficient yet.
    last = int(state.outer) if hasattr(state, "outer") else int(state.count)
    positions, order, values = dask.compute(np.flatnonzero(chosen), rank[chosen], x[chosen])
    sequence = [k for k in np.argsort(order) if order[k] <= last]
    return [values[k] for k in sequence], [int(positions[k]) for k in sequence]
