"""Checks of NumPy vectors: results are NumPy's, at once, and those that Dask's arrays give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask
import dask.array as da
import numpy as np

from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.testing.checks import expect, expect_close, forbid_compute
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def expect_numpy_images(f: LinearOperator, x: NDArray, tolerance: float, name: str) -> None:
    """Forward of NumPy vectors: flat, in the shape of the model, and as columns.

    Parameters
    ----------
    f : LinearOperator
        Operator, or its adjoint.
    x : array of shape f.dims
        Model.
    tolerance : float
        Part of the norm that the results may differ by from those of Dask arrays.
    name : str
        What errors call it.
    """
    lazy, y = f @ da.from_array(x, chunks=-1), f @ x
    if f.holds_dask:
        expect(
            isinstance(y, da.Array),
            f"{name}: the operator holds Dask arrays, the result is {type(y).__name__}",
        )
        return
    expect(isinstance(y, np.ndarray), f"{name}: a NumPy array becomes {type(y).__name__}")
    expect(y.dtype == lazy.dtype, f"{name}: of type {y.dtype} from NumPy, {lazy.dtype} from Dask")
    expect_close(y, lazy.compute(), tolerance, f"{name} of a NumPy array")
    expect_close(np.ravel(f @ x.ravel()), y.ravel(), tolerance, f"{name} of a flat NumPy array")
    columns = np.stack([x.ravel(), 2 * x.ravel()], axis=1)
    images = np.stack([y.ravel(), (f @ (2 * x)).ravel()], axis=1)
    expect_close(f.matmat(columns), images, tolerance, f"{name} of the columns of a NumPy matrix")


def expect_numpy_solution(solver: Any, matrix: NDArray, y: NDArray, chunks: int) -> None:
    """NumPy data and an operator that holds NumPy give a NumPy model, that of Dask arrays, and no graph.

    Parameters
    ----------
    solver : object
        Algorithm with its settings.
    matrix : array of shape (n, m)
        System.
    y : array of shape (n,)
        Data.
    chunks : int
        Length of the chunks of the Dask arrays.
    """
    local, data = MatrixMult(matrix), np.asarray(y)
    vector: Any = data
    if holds_dask(*vars(solver).values()):
        expect(
            isinstance(run_solver(solver, local, vector).x, da.Array),
            "the solver holds Dask arrays, the model is none",
        )
        return
    with dask.config.set(scheduler=forbid_compute):
        solution = run_solver(solver, local, vector)
    model: Any = solution.x
    expect(isinstance(model, np.ndarray), f"NumPy data give {type(model).__name__}")
    chunked = MatrixMult(da.from_array(matrix, chunks=chunks))
    lazy = run_solver(solver, chunked, da.from_array(data, chunks=chunks))
    expected = np.asarray(lazy.x)
    size = np.abs(expected).max()
    np.testing.assert_allclose(
        model, expected, rtol=1e-7, atol=1e-7 * size, err_msg="model, and that from Dask"
    )
    expect(
        solution.reason == lazy.reason, f"it stopped since {solution.reason}, from Dask since {lazy.reason}"
    )
