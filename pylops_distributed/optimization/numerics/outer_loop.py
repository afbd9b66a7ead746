"""Outer iterations around SciPy's LSQR: what IRLS, OMP and split Bregman run with ``engine="scipy"``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import dask
import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.optimization.numerics.systems import vector_of
from pylops_distributed.optimization.pylops_api.scipy_engine import ScipyLSQR
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.elementwise import distance
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike, flatten, reshape
from pylops_distributed.vectors.types import ArrayLike, Options

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator

log = getLogger(__name__)
P = TypeVar("P", bound="Vector | list[da.Array] | list[Vector]")


class Rounds(Protocol):
    """One outer iteration, from computed model to computed model in the operator's layout."""

    def advance(self, x: Vector, settings: Options) -> tuple[Vector, float]:
        """The next model and its cost, by LSQR with ``settings``."""


class OuterLoop(Solver):
    """A solver that runs either one algorithm for both loops, or rounds of PyLops around an LSQR of SciPy."""

    cost: Any
    _rounds: Any = None
    # The model in the operator's layout; `_x` is the same as users see it.
    _model: Any = None

    def outer_begin(self, rounds: Rounds, x: Vector, y: VectorLike, cost: list[float]) -> Vector:
        """Take what the rounds are and where they begin; returns the model."""
        self._rounds, self.cost, self.iiter, self.reason = rounds, cost, 0, None
        self._flat = not isinstance(y, BlockVector) and y.ndim == 1 if self.flat is None else self.flat
        self._model, self._x = x, self.shaped(x)
        result: Vector = self._x
        return result

    def outer_step(self, x: VectorLike, settings: Mapping[str, object], show: bool) -> Vector:
        """One round from model ``x``; returns the new one."""
        start = self._model if x is self._x else vector_of(x, self.Op.domain)
        model, cost = self._rounds.advance(start, settings)
        self._model = reshape(model, self.Op.domain)
        self._x = self.shaped(self._model)
        self.iiter += 1
        self.cost.append(cost)
        if show:
            print(f"{self.iiter:6d}  {float(flatten(self._x)[0].real):11.4e}  {cost:11.4e}")
        result: Vector = self._x
        return result

    def outer_run(
        self,
        step: Callable[[bool], object],
        limit: int | None,
        more: Callable[[float], bool],
        show: bool,
        itershow: Sequence[int],
    ) -> None:
        """Call ``step`` up to ``limit`` times, while ``more`` holds for the norm of the update."""
        if limit is None:
            raise ValueError("give the number of outer iterations to setup or to run")
        update = np.inf
        while self.reason is None:
            if self._is_lost():
                self.reason = Reason.NOT_FINITE
                self._lose()
            elif not more(update):
                self.reason = Reason.CONVERGED
            elif self.iiter >= limit:
                self.reason = Reason.NITER
            else:
                due = self.iiter < itershow[0] or limit - self.iiter < itershow[1]
                before = self._model
                step(show and (due or self.iiter % itershow[2] == 0))
                # Matching pursuit has no model before its end, and no use for the update.
                update = np.inf if before is None else length_between(self._model, before)
                # Not where the cost is NaN, at which PyLops' own callback stops, too: then the model is lost.
                if not self._is_lost() and any(getattr(c, "stop", False) for c in self.callbacks or ()):
                    self.reason = Reason.CALLBACK

    def _is_lost(self) -> bool:
        """Whether the newest cost is NaN or infinite."""
        return bool(self.cost) and not np.isfinite(self.cost[-1])

    def _lose(self) -> None:
        """Let the model be NaN, with a word in the log."""
        log.warning(
            "%s stopped at iteration %d: NaN or infinity in its cost; the model is NaN. Check data, initial model and "
            "operator for NaN, infinity and overflow",
            type(self).__name__, self.iiter,
        )  # fmt: skip
        if self._model is not None:
            self._model = self._model * np.nan
            self._x = self.shaped(self._model)

    def _stepped(self, x: ArrayLike, show: bool) -> object:
        """A step of a run of one algorithm for both loops, with the user's callback."""
        x = self.step(x, engine="pylops", show=show)
        self.callback(x)
        return x


def least_squares(
    op: LinearOperator | ScipyLSQR, y: VectorLike, x0: VectorLike | None, settings: Options
) -> Vector:
    """The model, computed and in the layout of ``op``, by SciPy's LSQR, which may be one of another round."""
    solver = op if isinstance(op, ScipyLSQR) else ScipyLSQR(op)
    solver.solve(y, x0, **settings)
    x: Vector = solver.state.x
    return x


def computed(x: P) -> P:
    """A vector, or a list of them, with its chunks computed."""
    values = x if isinstance(x, list) else [x]
    persisted: P = x if not holds_dask(*values) else dask.persist(x)[0]
    return persisted


def length(x: Vector) -> float:
    """The norm of a vector, computed."""
    return float(norm(x))


def length_between(x: Vector, y: Vector) -> float:
    """The norm of a difference, computed."""
    return float(distance(x, y))
