"""Common parts of the inversions of post- and pre-stack data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import scipy.linalg
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.firstderivative import FirstDerivative
from pylops_distributed.basicoperators.laplacian import Laplacian
from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.basicoperators.secondderivative import SecondDerivative
from pylops_distributed.blockwise import Array, WholeAxisRule
from pylops_distributed.optimization.leastsquares import regularized_inversion
from pylops_distributed.optimization.numerics.weights import real_weight, real_weights
from pylops_distributed.optimization.pylops_api.scipy_engine import least_squares_model
from pylops_distributed.optimization.sparsity import splitbregman
from pylops_distributed.vectors.space import Vector, one_array
from pylops_distributed.vectors.types import Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def by_matrix(
    matrix: Array,
    data: da.Array,
    epsI: float | Sequence[float] | None,
    simultaneous: bool,
    settings: Settings,
    parameters: int = 1,
) -> da.Array:
    """Models of traces whose samples lie along the first axis, from the matrix that all traces share.

    Its columns are all samples of one of the ``parameters`` after another; ``epsI`` is one number, or one for each.
    """
    A, d = matrix, data
    if epsI is not None:
        diagonal = np.repeat(weights_of("epsI", epsI, parameters), A.shape[1] // parameters)
        A = A.conj().T @ A + np.diag(diagonal.astype(A.dtype))
        d = one_array(MatrixMult(matrix, data.shape[1:], dtype=matrix.dtype).apply_adjoint(data))
    if simultaneous:
        return by_steps(MatrixMult(A, data.shape[1:], dtype=A.dtype), d, settings)
    direct = WholeAxisRule(_lstsq, (0,), {0: A.shape[1]}, shared={"matrix": A, "settings": settings})
    return direct(d, np.result_type(A.dtype, d.dtype))


def by_steps(Op: LinearOperator, data: Vector, settings: Settings) -> da.Array:
    """The least-squares model, by SciPy's LSQR or, if the settings say so, another engine's solver."""
    model: Any = least_squares_model(Op, data, settings, "the inversion")
    return one_array(model.reshape(Op.dims))


def regularized(
    Op: LinearOperator,
    data: Vector,
    m0: da.Array | None,
    smooth: Sequence[tuple[LinearOperator, float]],
    blocky: tuple[LinearOperator, float] | None,
    settings: Settings,
) -> da.Array:
    """The model that is smooth and, if so wanted, blocky; ``m0`` is the initial one."""
    regs, weights = [op for op, _ in smooth], [eps for _, eps in smooth]
    if blocky is None:
        model = regularized_inversion(Op, data, regs, x0=m0, epsRs=weights, **settings)[0]
    else:
        model = splitbregman(
            Op, data, [blocky[0]], x0=m0, RegsL2=regs or None, epsRL1s=[blocky[1]], epsRL2s=weights or None, **settings
        )[0]  # fmt: skip
    return one_array(one_array(model).reshape(Op.dims))


def roughness(
    dims: tuple[int, ...],
    lines: Sequence[int],
    epsR: float,
    epsRL1: float | None,
    dtype: DTypeLike,
    kind: Literal["centered", "forward"] = "centered",
) -> tuple[list[tuple[LinearOperator, float]], tuple[LinearOperator, float] | None]:
    """Operators, with their weights, of what shall be small, and of what shall be sparse.

    Time is the first axis of models of shape ``dims``, ``lines`` are those from trace to trace; ``kind`` is that of the
    derivative along time, which shall be sparse if there is ``epsRL1``.
    """
    smooth: list[LinearOperator] = []
    if len(lines) == 2:
        smooth.append(Laplacian(dims, axes=lines, dtype=dtype))
    elif epsRL1 is not None:  # along time the model is blocky
        smooth += [SecondDerivative(dims, axis=line, dtype=dtype) for line in lines]
    elif lines:
        smooth.append(Laplacian(dims, axes=(0, *lines), dtype=dtype))
    else:
        smooth.append(SecondDerivative(dims, axis=0, dtype=dtype))
    weighted = [(op, epsR) for op in smooth]
    if epsRL1 is None:
        return weighted, None
    return weighted, (FirstDerivative(dims, axis=0, kind=kind, dtype=dtype), epsRL1)


def weight_of(name: str, eps: float | Sequence[float]) -> float:
    """A weight, which may come as the only one of a list."""
    return float(weights_of(name, eps, 1)[0])


def weights_of(name: str, eps: float | Sequence[float], count: int) -> Array:
    """One weight for each of so many parameters, which may come as one for all.

    Raises
    ------
    TypeError, ValueError
        If they are no finite real numbers, or not as many.
    """
    weights = (
        [real_weight(name, eps)] if isinstance(eps, str) or np.ndim(eps) == 0 else real_weights(name, eps)
    )
    if len(weights) not in (1, count):
        most = f"one number, or {count}, one for each parameter" if count > 1 else "one number"
        raise ValueError(f"{name}={eps!r}: expected {most}")
    return np.broadcast_to(np.asarray(weights, float), (count,))


def _lstsq(block: Array, matrix: Array, settings: Settings) -> Array:
    model = scipy.linalg.lstsq(matrix, block.reshape(len(block), -1), **settings)[0]
    return np.asarray(model.reshape(-1, *block.shape[1:]))
