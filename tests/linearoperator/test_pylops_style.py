"""Operators of users, written for PyLops."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.utils import dottest
from pylops_distributed.utils.decorators import reshaped


class InTheStyleOfPyLops(pld.LinearOperator):
    """Its functions are NumPy's: flat vectors in and out."""

    def __init__(self, weights):
        self.weights = weights
        super().__init__(dtype=float, dims=weights.shape, dimsd=weights.shape, name="W")

    @reshaped
    def _matvec(self, x):
        return self.weights * np.fft.ifft(np.fft.fft(x)).real

    @reshaped
    def _rmatvec(self, y):
        return np.array(self.weights * y)


@pytest.mark.parametrize("kind", [np.asarray, lambda x: da.from_array(x, chunks=2)])
def test_operators_in_the_style_of_pylops(kind):
    weights, x = np.arange(12.0).reshape(3, 4), np.random.default_rng(0).standard_normal((3, 4))
    op = InTheStyleOfPyLops(weights)
    y = op @ kind(x)
    assert type(y) is type(kind(x))
    np.testing.assert_allclose(y, weights * x)
    np.testing.assert_allclose((op.H @ op) @ kind(x).ravel(), (weights**2 * x).ravel())
    np.testing.assert_allclose(op @ kind(np.eye(12)), np.diag(weights.ravel()), atol=1e-12)
    assert dottest(op)
    assert (op.dims, op.shape, op.name) == ((3, 4), (12, 12), "W")


def test_operators_in_the_style_of_pylops_that_hold_lazy_arrays_take_them():
    class Scaled(pld.LinearOperator):
        def __init__(self, weights):
            self.weights = weights
            super().__init__(dtype=float, shape=(4, 4))

        def _matvec(self, x):
            assert isinstance(x, da.Array)
            return self.weights * x

        _rmatvec = _matvec

    y = Scaled(da.arange(4.0, chunks=2)) @ np.ones(4)
    assert isinstance(y, da.Array)
    np.testing.assert_array_equal(y, np.arange(4.0))


def test_an_operator_around_another():
    inner = pylops.FirstDerivative((4, 5))
    np.testing.assert_allclose(pld.LinearOperator(inner) @ np.eye(20), inner @ np.eye(20))
    for call, error, message in (
        (lambda: pld.LinearOperator(shape=(2, 2)), TypeError, "_matvec"),
        (lambda: pld.LinearOperator(pld.Identity(2).domain), TypeError, "domain=... and codomain"),
        (
            lambda: pld.LinearOperator.__init__(object.__new__(InTheStyleOfPyLops)),
            ValueError,
            "dims and dimsd",
        ),
        (
            lambda: pld.LinearOperator(inner, shape=(3, 3), dims=2, dimsd=3),
            ValueError,
            r"\(3, 3\) is not that",
        ),
    ):
        with pytest.raises(error, match=message):
            call()


def test_attributes_that_operators_lack():
    op = pld.Identity(3)
    assert not any(hasattr(op, name) for name in ("ndim", "reshape", "ravel", "data", "Op"))
    with pytest.raises(AttributeError, match="PyLops 1"):
        _ = op.Op
    with pytest.raises(AttributeError, match="stack by the functions of pylops_distributed"):
        pylops.VStack([pylops.Identity(3), op])


class DropsImaginaryPart(pld.LinearOperator):
    def __init__(self):
        super().__init__(dtype=float, dims=4, dimsd=4)

    def _matvec(self, x):
        y = np.zeros(4)
        y[:] = np.diff(x, append=0)
        return y

    def _rmatvec(self, y):
        x = np.zeros(4)
        x[:] = -np.diff(y, prepend=0)
        return x


@pytest.mark.filterwarnings("error::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("form", [np.asarray, lambda x: da.from_array(x, chunks=2)])
@pytest.mark.parametrize("op", [
    DropsImaginaryPart(), pylops.FirstDerivative(4), pylops.CausalIntegration(4), pylops.Symmetrize(4),
    pld.BlockDiag([pylops.FirstDerivative(4), pld.Identity(3)]),
    pld.aslinearoperator(pylops.FirstDerivative(4), dims=(4, 3), axes=(0,)),
])  # fmt: skip
def test_real_operators_keep_the_imaginary_part(op, form):
    op = pld.aslinearoperator(op)
    matrix = np.stack([np.asarray(op @ column) for column in np.eye(op.shape[1])], axis=1)
    for one, dense in ((op, matrix), (op.H, matrix.T)):
        x = np.arange(dense.shape[1]) + 1j * np.arange(dense.shape[1])[::-1] ** 2
        np.testing.assert_allclose(np.asarray(one @ form(x)), dense @ x)


@pytest.mark.parametrize("axis", [0, 1])
def test_flat_vectors_of_empty_operators(axis):
    op = pld.Restriction((5, 6), np.array([], int), axis=axis)
    assert (op @ da.ones(30, chunks=7)).compute().shape == (0,)
    np.testing.assert_array_equal(op.H @ da.ones(0), np.zeros(30))
    both = pld.VStack([op, pld.Identity((5, 6))])
    np.testing.assert_array_equal(both @ da.arange(30, chunks=7), np.arange(30))
