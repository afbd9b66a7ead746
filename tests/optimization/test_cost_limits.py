"""Tolerances of PyLops' functions are decided from the numbers of a batch of steps: no model is handed out for them."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.execution.engine import ThreadedEngine
from pylops_distributed.execution.state import Reason
from pylops_distributed.optimization import callback
from pylops_distributed.optimization.cls_basic import CG, CGLS
from pylops_distributed.optimization.cls_sparsity import OMP


@pytest.fixture
def system(rng):
    values = rng.standard_normal((30, 20))
    y = values @ rng.standard_normal(20) + 0.1 * rng.standard_normal(30)
    return values, y


@pytest.fixture
def states(monkeypatch):
    """How many states engines have handed out."""
    numbers = []
    state = ThreadedEngine.state
    monkeypatch.setattr(ThreadedEngine, "state", lambda self: numbers.append(1) or state(self))
    return numbers


@pytest.mark.parametrize("options", [{"rtol": 0.5}, {"rtol1": 0.4}, {"rtol": 0.9, "rtol1": 0.3}])
def test_tolerances_stop_where_pylops_does_with_two_states(system, states, options):
    values, y = system
    expected = pylops.optimization.basic.cgls(pylops.MatrixMult(values), y, niter=15, tol=0, **options)
    op = pld.MatrixMult(da.from_array(values, chunks=10))
    results = pld.cgls(op, da.from_array(y, chunks=10), niter=15, tol=0, **options)
    assert results[2] == expected[2] < 15
    np.testing.assert_allclose(results[0].compute(), expected[0])
    np.testing.assert_allclose(results[5], expected[5])
    assert len(states) == 2


@pytest.mark.parametrize(
    ("make", "stops"),
    [
        (lambda: callback.CostToInitialCallback(0.2), True),
        (lambda: callback.CostToDataCallback(0.4), True),
        (callback.CostNanInfCallback, False),
    ],
)
def test_callbacks_know_that_they_have_stopped_a_run(system, states, make, stops):
    values, y = system
    watch, one = make(), make()
    op = pld.MatrixMult(da.from_array(values, chunks=10))
    solver = CGLS(op, [one])
    solver.solve(da.from_array(y, chunks=10), niter=12, tol=0)
    batched = len(states)
    watched = CGLS(op, [watch, callback.Callbacks()])  # any other looks at every model
    watched.solve(da.from_array(y, chunks=10), niter=12, tol=0)
    assert (one.stop, solver.iiter, solver.reason) == (watch.stop, watched.iiter, watched.reason)
    assert one.stop is stops
    assert (solver.reason is Reason.CALLBACK) is stops
    assert batched == 2 < len(states) - batched


def test_rounds_are_looked_at_where_they_end(system):
    values, y = system
    local = pylops.optimization.cls_sparsity.OMP(
        pylops.MatrixMult(values), [callback.CostToInitialCallback(0.5)]
    )
    expected = local.solve(y, niter_outer=8, sigma=1e-9)
    ours = OMP(pld.MatrixMult(da.from_array(values, chunks=10)), [callback.CostToInitialCallback(0.5)])
    results = ours.solve(da.from_array(y, chunks=10), niter_outer=8, sigma=1e-9)
    assert results[1] == expected[1] < 8
    np.testing.assert_allclose(np.asarray(results[0]), expected[0], atol=1e-6)


def test_normal_equations_with_a_tolerance(system, states):
    values, _ = system
    square = values.T @ values
    y = square @ np.ones(20)
    expected = pylops.optimization.basic.cg(pylops.MatrixMult(square), y, niter=15, rtol=0.1)
    op = pld.MatrixMult(da.from_array(square, chunks=10))
    results = pld.cg(op, da.from_array(y, chunks=10), niter=15, rtol=0.1)
    assert results[1] == expected[1] < 15
    assert CG(op, [callback.CostToInitialCallback(0.1)]).callbacks
    assert len(states) == 2
