"""A small inversion for clusters of all kinds, and its result in this process."""

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver


def inversion(niter=12):
    """The model after some steps, on the cluster that is current."""
    rng = np.random.default_rng(3)
    op = pld.FirstDerivative((40, 30), axis=0, kind="centered")
    y = da.from_array(rng.standard_normal((40, 30)), chunks=(10, 30))
    return run_solver(CGLS(niter, tol=0.0), op, y).x.compute()


@pytest.fixture(scope="session")
def expected():
    """The same in this process, bit for bit."""
    with dask.config.set(scheduler="threads", num_workers=2):
        return inversion()


@pytest.fixture
def check_inversion(expected):
    """Solve on the cluster that is current."""
    return lambda: np.testing.assert_array_equal(inversion(), expected)
