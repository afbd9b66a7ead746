"""Cases of basic operators."""

from functools import partial

import numpy as np
import pylops
import scipy.sparse as sp
from case import DIMS, DTYPES, given, held, samples


def _matrix(library, dtype, chunked, shape=(9, 7), chunks=(4, 3), **options):
    return library.MatrixMult(chunked(samples(shape, dtype), chunks), dtype=dtype, **options)


def _sparse(library, dtype, chunked):
    A = samples((9, 7), dtype) * (np.random.default_rng(1).random((9, 7)) < 0.3)
    return library.MatrixMult(sp.csr_matrix(A), otherdims=(4,), dtype=dtype)


def _derivatives(library, dtype):
    return [library.FirstDerivative((8, 6), axis=0, dtype=dtype), library.Identity((8, 6), dtype=dtype)]


def _stack(kind, library, dtype, chunked):
    if kind == "mixed dims":
        return library.VStack([library.Identity(48, dtype=dtype), *_derivatives(library, dtype)])
    if kind == "local member":
        local = pylops.SecondDerivative((8, 6), axis=1, dtype=dtype)
        return library.VStack([*_derivatives(library, dtype), local, samples((3, 48), dtype)])
    return getattr(library, kind)([*_derivatives(library, dtype), library.Zero((8, 6), dtype=dtype)])


def _block(library, dtype, chunked):
    D, identity = _derivatives(library, dtype)
    return library.Block([[D, identity], [library.Zero((8, 6), dtype=dtype), 2 * D]])


def _blockdiag(library, dtype, chunked, last=True):
    return library.BlockDiag(
        [*_derivatives(library, dtype), library.Flip((8, 6) if last else 5, dtype=dtype)]
    )


def _kronecker(library, dtype, chunked, kind="matrix"):
    A = library.MatrixMult(chunked(samples((3, 4), dtype), 2), dtype=dtype)
    if kind == "matrix":
        return library.Kronecker(A, library.MatrixMult(samples((5, 2), dtype), dtype=dtype), dtype=dtype)
    local = pylops.FirstDerivative(6, dtype=dtype)
    if kind == "local":
        return library.Kronecker(local, A, dtype=dtype)
    return library.Kronecker(A, library.FirstDerivative(6, dtype=dtype), dtype=dtype)


def _function(library, dtype, chunked):
    return library.FunctionOperator(np.negative, np.negative, 7, dtype=dtype)


def _rows(x):
    return 2 * x.reshape(2, -1)


def _function_of_rows(library, dtype, chunked):
    return library.FunctionOperator(_rows, _rows, 8, dtype=dtype)


def _memoized(library, dtype, chunked):
    return library.MemoizeOperator(library.FirstDerivative(DIMS, axis=0, dtype=dtype))


def _curve(ix0, it0, nx=4):
    return ((it0 + np.arange(nx) + ix0) // 2).astype(float)


def _spread(library, dtype, chunked, fractions=False, fh=False):
    table = np.array([[_curve(i, t) for t in range(6)] for i in range(5)])
    table[2, 3, 1] = np.nan
    tables = [chunked(t, (2, 6, 2)) for t in (table, samples(table.shape, "f8") ** 2 % 1)[: 1 + fractions]]
    kwargs = {"fh": _curve} if fh else dict(zip(("table", "dtable"), tables, strict=False))
    return library.Spread((5, 6), (4, 8), **kwargs, dtype=dtype)


def _directional(library, dtype, chunked, name="First", each=False, **options):
    shape = (2, *DIMS) if each else (2,)
    v = samples(shape, "f8", seed=5).astype(
        np.dtype(dtype).char.lower() if np.dtype(dtype).kind == "f" else "f8"
    )
    cls = getattr(library, f"{name}DirectionalDerivative")
    return cls(DIMS, chunked(v, (2, 3, 3)) if each else v, dtype=dtype, **options)


BASIC = [
    held("Diagonal-same shape", lambda lib, t, chunked: lib.Diagonal(chunked(samples(DIMS, t), (4, 3)), dtype=t)),
    held("Diagonal-axis", lambda lib, t, chunked: lib.Diagonal(samples(13, t), dims=DIMS, axis=0, dtype=t)),
    held("Diagonal-chunked axis", lambda lib, t, chunked: lib.Diagonal(chunked(samples(6, t), 4), DIMS, dtype=t)),
    held("MatrixMult-1-D", _matrix),
    held("MatrixMult-otherdims", partial(_matrix, otherdims=(3, 2))),
    held("MatrixMult-sparse", _sparse),
    given("same", "Identity", DIMS, tasks=(1, 1)),
    given("longer data", "Identity", (15, 9), DIMS, tasks=(1, 1)),
    given("longer model", "Identity", 7, 13, tasks=(1, 1)),
    given("same", "Zero", DIMS, constant=True, tasks=(1, 1)),
    given("other", "Zero", (3, 4), DIMS, constant=True, tasks=(1, 1)),
    given("3-D", "Transpose", (5, 4, 7), (2, 0, 1), tasks=(1, 1)),
    given("1-D", "Flip", 13, tasks=(1, 1)),
    given("first", "Flip", DIMS, axis=0, tasks=(1, 1)),
    given("forward", "Roll", DIMS, axis=0, shift=5, tasks=(3, 3)),
    given("backward", "Roll", DIMS, shift=-1, tasks=(3, 3)),
    given("first", "Sum", DIMS, axis=0, tasks=(2, 1)),
    given("middle", "Sum", (5, 4, 7), axis=1, tasks=(2, 1)),
    given("1-D", "Pad", 13, (2, 5), tasks=(1, 1)),
    given("2-D", "Pad", DIMS, ((2, 0), (0, 3)), tasks=(1, 1)),
    given("sorted", "Restriction", DIMS, [0, 3, 4, 9, 12], axis=0, tasks=(2, 3)),
    given("any order", "Restriction", DIMS, [5, -1, 0, 5, 5, 7], axis=0, tasks=(2, 3)),
    given("all and some twice", "Restriction", DIMS, [*range(13), 1, 1, 0], axis=0, tasks=(2, 4)),
    given("last of three", "Restriction", (3, 4, 7), np.array([6, 1]), axis=-1, tasks=(2, 3)),
    *(held(f"VStack-{kind}", partial(_stack, kind)) for kind in ("mixed dims", "local member")),
    *(held(f"{kind}-N-D", partial(_stack, kind)) for kind in ("VStack", "HStack")),
    held("Block-2 by 2", _block),
    held("BlockDiag-equal dims", _blockdiag),
    held("BlockDiag-other dims", partial(_blockdiag, last=False)),
    given("centered", "FirstDerivative", DIMS, axis=0, sampling=0.5),
    given("5 points", "FirstDerivative", DIMS, axis=0, order=5, edge=True),
    given("forward", "FirstDerivative", DIMS, kind="forward"),
    given("edge", "SecondDerivative", DIMS, axis=0, edge=True),
    given("backward", "SecondDerivative", 13, kind="backward"),
    given("two of three", "Laplacian", (5, 7, 6), axes=(0, 2), weights=(1.0, 2.0), edge=True),
    given("2-D", "Gradient", DIMS, sampling=(1.0, 0.5), edge=True),
    given("3-D", "Gradient", (5, 4, 7), kind="backward"),
    given("first", "Smoothing1D", 5, DIMS, axis=0),
    given("2-D", "Smoothing2D", (3, 5), DIMS),
    given("first and last", "Smoothing2D", (3, 3), (5, 4, 7), axes=(0, 2)),
    given("3-D", "SmoothingND", (3, 1, 5), (6, 4, 7), axes=(0, 1, 2)),
    given("all", "SmoothingND", (3, 1, 5), (6, 4, 7)),
    given("longer than an axis", "Smoothing2D", (3, 9), (12, 5)),
    held("FirstDirectionalDerivative-one", partial(_directional, edge=True)),
    held("FirstDirectionalDerivative-each", partial(_directional, each=True, kind="forward", sampling=0.5)),
    held("SecondDirectionalDerivative-one", partial(_directional, name="Second")),
    held("SecondDirectionalDerivative-each", partial(_directional, name="Second", each=True)),
    *(given("2-D", name, DIMS, tasks=(1, 1), dtypes=DTYPES[2:]) for name in ("Real", "Imag")),
    given("2-D", "Conj", DIMS, tasks=(1, 1)),
    given("first", "Symmetrize", DIMS, axis=0, tasks=(3, 4)),
    given("1-D", "Symmetrize", 7, tasks=(3, 4)),
    given("first", "CausalIntegration", DIMS, axis=0, sampling=0.5, tasks=(2, 2)),
    given("half", "CausalIntegration", DIMS, kind="half", tasks=(2, 2)),
    given("trapezoidal", "CausalIntegration", (3, 7, 2), 1, kind="trapezoidal", tasks=(2, 2)),
    given("first left out", "CausalIntegration", 7, kind="trapezoidal", removefirst=True, tasks=(4, 4)),
    given("cubic", "Regression", np.linspace(-1, 1, 13), 3, dtypes=DTYPES[:2]),
    given("line", "LinearRegression", np.linspace(-1, 1, 13), dtypes=DTYPES[:2]),
    *(  # two operators and a transpose, between flat vectors
        held(f"Kronecker-{kind}", partial(_kronecker, kind=kind), tasks=(8, 8))
        for kind in ("matrix", "local", "columns")
    ),
    held("FunctionOperator-negative", _function),
    held("FunctionOperator-two axes", _function_of_rows),
    held("MemoizeOperator-derivative", _memoized),
    held("Spread-table", _spread, tasks=(2, 2)),
    held("Spread-fractions", partial(_spread, fractions=True), tasks=(2, 2)),
    held("Spread-function", partial(_spread, fh=True), tasks=(1, 1)),
]  # fmt: skip
