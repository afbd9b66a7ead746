"""Operators made of many others."""

import pickle
from functools import reduce

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld


@pytest.mark.parametrize(("count", "kind"), [(1000, np.asarray), (250, lambda x: da.from_array(x, chunks=2))])
def test_long_sums_and_products(count, kind):
    """Each level of a nested one takes a few frames of Python's stack, which has a thousand."""
    rng = np.random.default_rng(0)
    weights = 1 + 0.01 * rng.standard_normal((count, 4))
    ops = [pld.Diagonal(w) for w in weights]
    x = rng.standard_normal(4)
    summed, product = sum(ops[1:], ops[0]), reduce(lambda a, b: a @ b, ops)
    if kind is np.asarray:
        np.testing.assert_allclose(summed.H @ kind(x), weights.sum(axis=0) * x)
        np.testing.assert_allclose(
            ops[0] @ (summed @ product).H @ kind(x), ops[0] @ (product.H @ (summed.H @ x))
        )
    np.testing.assert_allclose(product @ kind(x), weights.prod(axis=0) * x)
    assert pickle.loads(pickle.dumps(summed)).shape == (4, 4)


def test_rounds_of_algebra():
    op, D = pld.Diagonal(np.ones(3)), pld.Diagonal(np.full(3, 0.1))
    for _ in range(50):
        op = (op @ pld.Identity(3) * 0.9 + D).H.T.conj()
    np.testing.assert_allclose(op @ np.ones(3), np.ones(3))
