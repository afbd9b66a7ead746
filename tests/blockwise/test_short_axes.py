"""Derivatives along axes so short that a row is one of both ends."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld


@pytest.mark.parametrize("chunks", [None, 1, 2])
@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize(
    ("kind", "order"), [("forward", 3), ("backward", 3), ("centered", 3), ("centered", 5)]
)
def test_first_derivatives_of_few_samples(kind, order, edge, chunks):
    options = {"axis": -1, "kind": kind, "order": order, "edge": edge, "sampling": 0.7}
    least = (order // 2 + 1) if edge else 1
    for n in range(max(2, least), 7):
        op = pld.FirstDerivative((2, n), **options)
        theirs = pylops.FirstDerivative((2, n), **options).todense()
        columns = [row if chunks is None else da.from_array(row, chunks=chunks) for row in np.eye(2 * n)]
        forward = np.stack([np.asarray(op.matvec(c)) for c in columns], axis=1)
        adjoint = np.stack([np.asarray(op.rmatvec(c)) for c in columns], axis=1)
        np.testing.assert_allclose(forward, theirs, atol=1e-14)
        np.testing.assert_allclose(
            adjoint, theirs.T, atol=1e-14
        )  # PyLops' own is another with 3 samples, order 5
