"""Orthogonal matching pursuit around SciPy's LSQR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.numerics.outer_loop import computed, least_squares, length
from pylops_distributed.vectors.argmax import argmax
from pylops_distributed.vectors.elementwise import scalar_array
from pylops_distributed.vectors.space import Vector, reshape
from pylops_distributed.vectors.types import Options

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


class OMPRounds:
    """Each round adds the column that goes best with the residual, and solves for all that were chosen.

    Parameters
    ----------
    op : LinearOperator
        Operator.
    y : array or Blocks
        Data.
    niter : int
        Number of LSQR iterations in each round.
    norms : array or Blocks, optional
        Norms of the columns, by which correlations are divided.
    """

    def __init__(self, op: LinearOperator, y: Vector, niter: int, norms: Vector | None = None) -> None:
        self.op, self.y, self.niter, self.norms = op, y, niter, norms
        self.residual: Any = y
        self.cols: list[int] = []

    def advance(self, x: Vector, settings: Options) -> tuple[Vector, float]:
        """Coefficients of the columns chosen so far, and the norm of the residual."""
        back = reshape(self.op.apply_adjoint(self.residual), self.op.domain)
        best = float(argmax(scalar_array(1, float), back, self.norms)[1])
        if not np.isfinite(
            best
        ):  # NaN or infinity in the operator: no column goes with it, and the cost shows it
            self.cols = self.cols or [0]
            lost: Any = np.full(len(self.cols), np.nan)
            return lost, np.nan
        if best not in self.cols:
            self.cols.append(int(best))
        columns = self.op.apply_columns(self.cols)
        x = least_squares(columns, self.y, None, {"iter_lim": self.niter, **settings})
        self.residual = computed(self.y - reshape(columns.apply(x), self.op.codomain))
        return x, length(self.residual)


def model_of_coefficients(
    op: LinearOperator, x: Sequence[complex], cols: Sequence[int], lazy: bool = True
) -> Vector:
    """The model with the coefficients ``x`` at the flat positions ``cols``, in the operator's layout."""
    dtype = np.result_type(op.dtype, *(np.asarray(v).dtype for v in x))
    model = np.zeros(op.shape[1], dtype)
    model[list(cols)] = x
    vector: Any = da.from_array(model) if lazy else model
    return reshape(vector, op.domain)
