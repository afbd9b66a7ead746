"""A resume fails unless the operator and data at hand return the stored numbers."""

import dask
import dask.array as da
import numpy as np
import pytest
from solvers import CASES

import pylops_distributed as pld
from pylops_distributed.errors import RunMismatchError
from pylops_distributed.optimization import CGLS, FISTA, LSMR, LSQR
from pylops_distributed.optimization.resume_proof import witness
from pylops_distributed.optimization.session import Session, run_solver
from pylops_distributed.signalprocessing import Convolve1D
from pylops_distributed.testing import linear_system, on_dask


@pytest.fixture(autouse=True)
def _one_thread():
    with dask.config.set(scheduler="sync"):
        yield


class Kept:
    """A store in memory, of states alone: as a run of an older version."""

    def __init__(self):
        self.kept = []

    def save(self, state, history):
        self.kept.append(type("Checkpoint", (), {"state": state, "history": history}))

    def latest(self, kind):
        return self.kept[-1] if self.kept else None


class Witnessed(Kept):
    """A store in memory that keeps the witness too."""

    witness = None


def begun(case, store, dtype="f8", stop=2):
    matrix, y = linear_system(case, dtype)
    op, data = on_dask(matrix, y)
    run_solver(case.build(dtype), op, data, store=store, on_step=lambda s: s.iteration >= stop)
    return matrix, y


@pytest.mark.parametrize("case", CASES, ids=str)
def test_another_operator_or_other_data_are_rejected(case):
    store = Witnessed()
    matrix, y = begun(case, store)
    (taken,) = [s.iteration for s in (store.kept[-1].state,)]
    for op, data in (
        on_dask(matrix * 1.001, y),
        on_dask(matrix, y + (np.arange(len(y)) == 4) * 0.01),
    ):
        with pytest.raises(RunMismatchError, match="nothing was computed"):
            Session(case.build("f8"), op, data, store=store)
    assert store.kept[-1].state.iteration == taken
    session = Session(
        case.build("f8"), *on_dask(matrix, y, chunks=7), store=store
    )  # other chunks, other roundings
    assert session.iteration == taken
    session.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_a_witness_the_first_steps_and_the_residual_prove_it(case):
    store = Kept()
    matrix, y = begun(case, store, stop=3)
    Session(case.build("f8"), *on_dask(matrix, y, chunks=7), store=store).close()
    if case.name == "proximalgradient-backtracking":
        return  # keeps nothing of its first steps but the lengths
    with pytest.raises(RunMismatchError):
        Session(case.build("f8"), *on_dask(matrix * 3, y), store=store)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "solver",
    [
        CGLS(300, tol=0.0), LSQR(300, atol=0.0, btol=0.0, conlim=0.0, calc_var=False), LSMR(300, 0.0, 0.0, 0.0, 0.0),
        FISTA(300, eps=1e-3, tol=0.0, alpha=1e-3),
    ],
    ids=lambda s: type(s).__name__,
)  # fmt: skip
def test_a_residual_that_has_drifted_is_no_other_operator(solver, dtype, rng):
    wavelet = np.exp(-((np.arange(-40, 41) / 12) ** 2)).astype(dtype)
    op = Convolve1D(200, wavelet, offset=40, dtype=dtype)  # of a condition beyond any type
    data = (op @ da.from_array(rng.standard_normal(200).astype(dtype), chunks=50)).persist()
    store = Kept()
    iteration = run_solver(solver, op, data, store=store).state.iteration
    session = Session(solver, op, data, store=store)
    assert session.iteration == iteration
    session.close()
    with pytest.raises(RunMismatchError, match="nothing was computed"):
        Session(solver, op, data * np.dtype(dtype).type(1.1), store=store)


def test_a_changed_trace_is_seen_where_norms_hardly_move(rng):
    y = rng.standard_normal(4000)
    op, store = pld.Diagonal(da.linspace(1, 3, 4000, chunks=1000)), Kept()
    run_solver(CGLS(3, tol=0.0), op, da.from_array(y, chunks=1000), store=store)
    other = y.copy()
    other[7] += 1e-3  # the norm is another in the eighth digit at most
    with pytest.raises(RunMismatchError, match="nothing was computed"):
        Session(CGLS(5, tol=0.0), op, da.from_array(other, chunks=1000), store=store)


@pytest.mark.parametrize(
    "solver", [CGLS(3, tol=0.0), FISTA(3, eps=1e-3, alpha=0.01, tol=0.0), LSQR(3)], ids=str
)
def test_the_residual_alone_proves_a_checkpoint(solver, rng):
    matrix, y = rng.standard_normal((8, 6)), rng.standard_normal(8)
    op, data = on_dask(matrix, y)
    store = Kept()
    run_solver(solver, op, data, store=store)
    Session(solver, op, data, store=store, start_known=False).close()
    for other in (on_dask(matrix * 1.01, y), on_dask(matrix, y + 0.01)):
        with pytest.raises(RunMismatchError, match=r"the norm of the residual .* apart"):
            Session(solver, *other, store=store, start_known=False)


def test_the_witness_takes_one_forward_and_one_adjoint(rng):
    matrix = rng.standard_normal((8, 6))
    op, data = (
        pld.MatrixMult(da.from_array(matrix, chunks=3)),
        da.from_array(rng.standard_normal(8), chunks=3),
    )
    before = op.matvec_count, op.rmatvec_count
    numbers = witness(CGLS(3), op, data)
    assert (op.matvec_count - before[0], op.rmatvec_count - before[1]) == (1, 1)
    np.testing.assert_allclose(numbers["data.norm"], np.linalg.norm(data.compute()), rtol=1e-14)
    held = witness(CGLS(3, M=pld.Diagonal(da.ones(6, chunks=3))), op, data)
    assert held.keys() - numbers.keys()  # what the solver holds is seen as well


def test_a_start_that_is_not_known_any_more_is_no_error(rng):
    matrix, y = rng.standard_normal((8, 6)), rng.standard_normal(8)
    op, data = pld.MatrixMult(da.from_array(matrix, chunks=3)), da.from_array(y, chunks=3)
    store = Kept()
    run_solver(CGLS(2, tol=0.0), op, data, da.ones(6, chunks=3), store=store)
    Session(CGLS(4, tol=0.0), op, data, store=store, start_known=False).close()
    with pytest.raises(RunMismatchError, match="'cost' of iteration 0"):
        Session(CGLS(4, tol=0.0), op, data, store=store)
