"""Solvers for sparse models stop where PyLops' stop: at parts of the data's norm, and where a cost overflows."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld

KINDS = pytest.mark.parametrize("chunks", [None, 5], ids=["numpy", "chunks"])


def problem(chunks, *spikes):
    """Operators of PyLops and of this library, and the data of each."""
    A, x = np.random.RandomState(42).randn(11, 11), np.zeros(11)  # of PyLops' own tests
    x[list(spikes)] = 1
    data = A @ x
    if chunks is None:
        return (pylops.MatrixMult(A), data), (pld.MatrixMult(A), data)
    return (pylops.MatrixMult(A), data), (
        pld.MatrixMult(da.from_array(A, chunks)),
        da.from_array(data, chunks),
    )


@KINDS
@pytest.mark.parametrize("engine", ["scipy", "pylops"])
def test_matching_pursuit_stops_at_a_part_of_the_data(chunks, engine):
    costs = [
        library.optimization.sparsity.omp(*system, 10, sigma=0.0, rtol1=0.5, engine=engine)[2]
        for library, system in zip((pylops, pld), problem(chunks, 3, 5, 7), strict=True)
    ]
    assert len(costs[0]) < 11
    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-6, atol=1e-12)


@KINDS
def test_split_bregman_stops_at_a_part_of_the_data(chunks):
    steps = [
        library.optimization.sparsity.splitbregman(
            *system, [library.Identity(11)], epsRL1s=[0.1], mu=1.0, niter_outer=20, niter_inner=3, rtol1=1e9,
            iter_lim=20,
        )[1]
        for library, system in zip((pylops, pld), problem(chunks, 3, 5, 7), strict=True)
    ]  # fmt: skip
    assert steps == [1, 1]


@KINDS
@pytest.mark.filterwarnings("ignore:overflow")  # of PyLops' norms
@pytest.mark.parametrize("name", ["ista", "fista"])
def test_steps_that_are_too_long_end_with_an_infinite_cost(chunks, name):
    (_, steps, cost), (_, our_steps, our_cost) = (
        getattr(library.optimization.sparsity, name)(*system, niter=100, eps=0.1, alpha=1e5, tol=0)
        for library, system in zip((pylops, pld), problem(chunks, 5), strict=True)
    )
    assert our_steps == steps < 100
    np.testing.assert_allclose(our_cost[:-1], cost[:-1], rtol=1e-6)
    assert our_cost[-1] == cost[-1] == np.inf
