"""An operator that remembers what it has been applied to."""

import pickle

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld


def forbid_compute(*args, **options):
    raise AssertionError("something was computed")


def test_equal_arrays_are_known_again_and_the_oldest_forgotten():
    op = pld.MemoizeOperator(pld.FirstDerivative(8), max_neval=2)
    with dask.config.set(scheduler=forbid_compute):
        x, y, z = (da.from_array(np.arange(8.0) ** n, chunks=4) for n in (1, 2, 3))
        first = op.apply(x)
        assert op.apply(da.from_array(np.arange(8.0), chunks=4)) is first
        assert op.H.apply(x) is not first
        op.apply(y)
        op.apply(z)
        assert op.neval == 4
        assert op.apply(x) is not first
    copy = pickle.loads(pickle.dumps(op))
    assert (copy.neval, copy.store) == (0, {})


@pytest.mark.parametrize("persist", [False, True])
def test_numpy_arrays_are_known_by_their_samples(persist):
    op = pld.MemoizeOperator(pld.FirstDerivative(8), max_neval=2, persist=persist)
    x, y, z = (np.arange(8.0) ** n for n in (1, 2, 3))
    first = op @ x
    assert (type(first), op.neval) == (np.ndarray, 1)
    first[:] = 0  # the caller's own
    np.testing.assert_array_equal(op @ x.copy(), pld.FirstDerivative(8) @ x)
    assert op.neval == 1
    x[0] = 9
    np.testing.assert_array_equal(op @ x, pld.FirstDerivative(8) @ x)
    evaluated = []
    for vector in (y, y, z, x):  # of which two are remembered
        op @ vector
        evaluated.append(op.neval)
    assert evaluated == [3, 3, 4, 5]


def test_stacks_of_numpy_arrays_are_remembered():
    stack = pld.VStack([pld.FirstDerivative(8), pld.Identity(8)])
    op, x = pld.MemoizeOperator(stack), np.arange(8.0)
    for _ in range(2):
        data = op @ x
        np.testing.assert_array_equal(data, stack @ x)
        np.testing.assert_array_equal(op.H @ data, stack.H @ data)
        data[:] = 0
    assert op.neval == 2


@pytest.mark.parametrize("stacked", [False, True])
def test_persisted_results_are_computed_once(stacked):
    seen = []

    def count(block):
        seen.append(len(block))
        return block

    inner = pld.FunctionOperator(count, count, 6)
    op = pld.MemoizeOperator(pld.VStack([inner, inner]) if stacked else inner, persist=True)
    x = da.from_array(np.arange(6.0), chunks=3)
    with dask.config.set(scheduler="sync"):
        results = [(op @ x).compute() for _ in range(3)]
    calls = len(seen)
    np.testing.assert_array_equal(results[0], results[2])
    assert op.neval == 1
    with dask.config.set(scheduler="sync"):
        (op @ x).compute()
    assert len(seen) == calls > 0
