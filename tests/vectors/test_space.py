"""Vectors of a space: zeros and noise."""

import dask.array as da
import numpy as np

from pylops_distributed.vectors.noise import noise
from pylops_distributed.vectors.space import BlockSpace, BlockVector, Space, zeros


def test_zero_vectors_of_another_number_of_members_are_of_the_same_kind():
    """IRLS began from a model of two arrays and data of three, and failed."""
    three = BlockVector((np.ones(2), np.ones(3), np.ones(4)))
    two = BlockSpace((Space((5,), np.dtype(float)), Space((6,), np.dtype(float))))
    assert [type(a) for a in zeros(two, three).arrays] == [np.ndarray, np.ndarray]
    assert [type(a) for a in noise(two, float, three).arrays] == [np.ndarray, np.ndarray]
    lazy = BlockVector((da.ones(2), da.ones(3), da.ones(4)))
    assert [type(a) for a in zeros(two, lazy).arrays] == [da.Array, da.Array]
