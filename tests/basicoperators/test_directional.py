"""Directional derivatives: the precision of what lies between the first one and its adjoint."""

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld

SHAPE = (11, 7)


@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize("chunks", [None, (4, 3)], ids=["numpy", "chunks"])
def test_the_second_one_along_an_axis_has_the_bits_of_a_product(edge, chunks):
    first = pld.FirstDerivative(SHAPE, axis=0, edge=edge, dtype="f4")
    second = pld.SecondDirectionalDerivative(SHAPE, [1.0, 0.0], edge=edge, dtype="f4")
    x = np.random.default_rng(0).standard_normal(SHAPE)  # of double precision
    vector = x if chunks is None else da.from_array(x, chunks=chunks)
    np.testing.assert_array_equal(second @ vector, -(first.H @ first) @ vector)
