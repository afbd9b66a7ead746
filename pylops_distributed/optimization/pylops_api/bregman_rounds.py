"""Split Bregman iterations around SciPy's LSQR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask
import dask.array as da
import numpy as np

from pylops_distributed.optimization.numerics.outer_loop import computed, least_squares
from pylops_distributed.optimization.numerics.systems import regularized_system, stacked_data, vector_of
from pylops_distributed.optimization.pylops_api.scipy_engine import ScipyLSQR
from pylops_distributed.vectors.elementwise import elementwise, norm1, scalar_kind, square, total
from pylops_distributed.vectors.space import Vector, reshape, zeros
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import NDArray, Options

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.optimization.algorithms.splitbregman import SplitBregman


class BregmanRounds:
    """One outer iteration of :class:`~pylops_distributed.optimization.algorithms.splitbregman.SplitBregman`.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    y : array or Blocks
        Data.
    start : array or Blocks
        Initial model, where each least-squares problem begins if the solver says ``restart``.
    solver : SplitBregman
        Terms, weights and numbers of iterations; what it says of the inner solver is not used.
    """

    def __init__(self, op: LinearOperator, y: Vector, start: Vector, solver: SplitBregman) -> None:
        self.op, self.y, self.start, self.solver = op, y, start, solver
        self.targets: list[Any] = list(solver.dataregsL2 or (None,) * len(solver.RegsL2))
        self.weights = [
            float(np.sqrt(e / 2) / np.sqrt(solver.mu / 2)) for e in (*solver.epsRL2s, *solver.epsRL1s)
        ]
        self.split: list[Vector] = [zeros(reg.codomain, y) for reg in solver.RegsL1]
        self.bregman: list[Vector] = list(self.split)
        self.data_cost = np.inf
        self.terms = (*solver.RegsL2, *solver.RegsL1)
        system, _ = regularized_system(op, y, self.terms, epsRs=self.weights)
        self.inner = ScipyLSQR(system)  # one for all rounds, since only the data change

    def advance(self, x: Vector, settings: Options) -> tuple[Vector, float]:
        """The next model and its cost."""
        solver = self.solver
        for _ in range(solver.niter_inner):
            start = self.start if solver.restart else x
            x = least_squares(self.inner, self._data(), reshape(start, self.inner.Op.domain), settings)
            x = reshape(x, self.op.domain)
            images = computed([_image(reg, x) for reg in solver.RegsL1])
            terms = zip(images, self.bregman, solver.epsRL1s, strict=True)
            self.split = computed([elementwise(_shrunk, r, b, e) for r, b, e in terms])
        steps = zip(self.bregman, images, self.split, strict=True)
        self.bregman = computed([elementwise(_moved, b, r, d, solver.tau) for b, r, d in steps])
        return x, self._cost(x, images)

    def _data(self) -> Vector:
        """Data of the least-squares problem: targets of the terms, and how far they have moved."""
        if not self.terms:
            return self.y
        moved = [d - b for d, b in zip(self.split, self.bregman, strict=True)]
        targets = zip(self.terms, self.weights, (*self.targets, *moved), strict=True)
        scaled = [None if d is None else e * vector_of(d, reg.codomain) for reg, e, d in targets]
        return stacked_data(self.y, self.terms, scaled)

    def _cost(self, x: Vector, images: list[Vector]) -> float:
        """Objective as PyLops adds it up, with the L1 terms without their weights."""
        solver = self.solver
        misfit = _squared(self.y, reshape(self.op.apply(x), self.op.codomain))
        rest = [
            e
            * _squared(
                zeros(reg.codomain, self.y) if d is None else vector_of(d, reg.codomain), _image(reg, x)
            )
            for e, reg, d in zip(solver.epsRL2s, solver.RegsL2, self.targets, strict=True)
        ]
        values: list[float] = list(dask.compute(misfit, *rest, *map(norm1, images)))
        self.data_cost = float(solver.mu / 2 * values[0])
        return self.data_cost + float(sum(values[1:]))


def _image(reg: LinearOperator, x: Vector) -> Vector:
    return reg.apply(reshape(x, reg.domain))


def _squared(y: Vector, image: Vector) -> da.Array:
    return total(_difference, y, image, dtype=scalar_kind(y, image))


def _difference(y: NDArray, image: NDArray) -> NDArray:
    return square(y - image)


def _shrunk(image: NDArray, bregman: NDArray, eps: float) -> NDArray:
    return soft(image + bregman, eps)


def _moved(bregman: NDArray, image: NDArray, split: NDArray, tau: float) -> NDArray:
    return bregman + tau * (image - split)
