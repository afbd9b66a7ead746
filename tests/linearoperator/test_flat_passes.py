"""Functions of flat vectors that solvers call do what the operators' own matvec and rmatvec do, and count."""

import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.linearoperator.flat_passes import flat_pass

RNG = np.random.default_rng(0)


def _matrix(rows, columns, dtype):
    return pld.MatrixMult(RNG.standard_normal((rows, columns)).astype(dtype), dtype=dtype)


def _operators(dtype):
    A, B = _matrix(6, 4, dtype), _matrix(6, 4, dtype)
    grid = pld.FirstDerivative((3, 4), axis=0, dtype=dtype)
    return {
        "matrix": A,
        "product": pld.Diagonal(np.arange(6.0).astype(dtype), dtype=dtype) @ A,
        "sum": A + 2 * B + A,
        "adjoint": A.H,
        "scaled": (0.5 + (1j if dtype[0] == "c" else 0)) * A,
        "reshaped": grid @ pld.Restriction(24, np.arange(0, 24, 2), dtype=dtype),
        "axes": grid,
        "vstack": pld.VStack([A, pld.Identity(4, dtype=dtype), pld.Zero(2, 4, dtype=dtype)]),
        "hstack": pld.HStack([A, _matrix(6, 3, dtype), B]),
        "blockdiag": pld.BlockDiag([A, A.H]),
        "stack of stacks": pld.VStack([pld.HStack([A, B]), pld.BlockDiag([A, B])]),
        "repeated": pld.MatrixMult(RNG.standard_normal((3, 2)).astype(dtype), otherdims=(4,), dtype=dtype),
        "larger": pld.Identity(5, 3, dtype=dtype),
    }


@pytest.mark.parametrize("name", _operators("f8"))
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_passes_are_those_of_the_operator_to_the_bit(name, dtype):
    op = _operators(dtype)[name]
    for way, size in enumerate(op.shape[::-1]):
        for kind in (dtype, "f8", "c16"):
            x = RNG.standard_normal(size).astype(kind)
            expected = (op.matvec, op.rmatvec)[way](x)
            op.reset_count()
            found = flat_pass(op, way)(x)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            np.testing.assert_array_equal(found, expected)
            assert (op.matvec_count, op.rmatvec_count) == (1 - way, way)
