"""Every solver reaches the dense optimum of the objective in its docstring, with damping, initial model and M."""

from itertools import product

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution.state import state_arrays
from pylops_distributed.optimization import (
    ADMM,
    CG,
    CGLS,
    FISTA,
    IRLS,
    ISTA,
    LSMR,
    LSQR,
    LinearizedADMM,
    PrimalDual,
    ProximalGradient,
    SplitBregman,
    leastsquares,
)
from pylops_distributed.optimization.proximal import L1, L2
from pylops_distributed.optimization.session import Session, run_solver
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.labels import Labels
from pylops_distributed.storage.run import Run
from pylops_distributed.vectors.space import BlockVector

ROWS, N = 24, 10
both = pytest.mark.parametrize("dtype", ["f8", "c16"])
combinations = pytest.mark.parametrize(
    ("damp", "start", "preconditioner"), list(product((0.0, 3.0), (False, True), (False, True)))
)


@pytest.fixture(autouse=True)
def _sync():
    with dask.config.set(scheduler="sync"):
        yield


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if dtype == "c16" else x


@pytest.fixture
def case(dtype):
    rng = np.random.default_rng(3)
    return random(rng, (ROWS, N), dtype), random(rng, ROWS, dtype), 5 * random(rng, N, dtype)


def system(matrix, y):
    return pld.MatrixMult(da.from_array(matrix, chunks=(9, N)), dtype=matrix.dtype), da.from_array(
        y, chunks=9
    )


def damped(matrix, y, damp, about=0.0):
    """The minimum of |y - A x|^2 + damp^2 |x - about|^2."""
    below = np.broadcast_to(damp * about, N)
    return np.linalg.lstsq(np.vstack([matrix, damp * np.eye(N)]), np.append(y, below), rcond=None)[0]


def close(x, wanted, tol=1e-8):
    x = np.concatenate([np.asarray(a).ravel() for a in getattr(x, "arrays", (x,))])
    np.testing.assert_allclose(x, wanted, rtol=0, atol=tol * np.abs(wanted).max())


def nearly_inverse(matrix, damp):
    """A preconditioner that is no multiple of the identity."""
    size = 1 / ((np.abs(matrix) ** 2).sum(axis=0) + damp**2)
    return pld.Diagonal(da.from_array(size * np.linspace(0.5, 2, N), chunks=4), dtype=matrix.dtype)


TIGHT = {"niter": 60}
LEAST_SQUARES = {
    "cgls": CGLS(**TIGHT, tol=1e-26),
    "lsqr": LSQR(**TIGHT, atol=0, btol=0, conlim=0),
    "lsmr": LSMR(**TIGHT, atol=0, btol=0, conlim=0),
}


def with_settings(name, matrix, damp, preconditioner):
    solver = LEAST_SQUARES[name]
    given = {"M": nearly_inverse(matrix, damp)} if preconditioner and name != "lsmr" else {}
    return type(solver)(**{**vars(solver), "damp": damp, **given})


@both
@combinations
@pytest.mark.parametrize("name", LEAST_SQUARES)
def test_least_squares(name, damp, start, preconditioner, case, dtype):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    solver = with_settings(name, matrix, damp, preconditioner)
    solution = run_solver(solver, op, data, da.from_array(x0, chunks=4) if start else None)
    wanted = damped(matrix, y, damp)
    close(solution.x, wanted)
    residual = np.linalg.norm(y - matrix @ wanted)
    objective = np.hypot(residual, damp * np.linalg.norm(wanted))
    np.testing.assert_allclose(
        solution.history["cost"][-1], objective if name == "lsmr" else residual, rtol=1e-8
    )
    if name == "lsqr":
        np.testing.assert_allclose(solution.state.r2norm, objective, rtol=1e-8)
        first = np.linalg.norm(y - matrix @ x0) if start else np.linalg.norm(y)
        np.testing.assert_allclose(solution.history["cost"][0], first, rtol=1e-8)


@both
@pytest.mark.parametrize("damp", [0.0, 2.0])
@pytest.mark.parametrize("preconditioner", [False, True])
def test_cg(damp, preconditioner, case, dtype):
    matrix, _, x0 = case
    square, y = matrix.conj().T @ matrix, x0[::-1].copy()
    op = pld.MatrixMult(square, dtype=dtype)
    M = nearly_inverse(matrix, damp) if preconditioner else None
    for start in (None, da.from_array(x0, chunks=4)):
        x = run_solver(CG(60, damp, 1e-26, M), op, da.from_array(y, chunks=4), start).x
        close(x, np.linalg.solve(square + damp * np.eye(N), y))


@both
@pytest.mark.parametrize("name", ["lsqr", "lsmr"])
def test_functions_of_pylops_damp_about_the_initial_model(name, case, dtype):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    tight = {"niter": 60, "atol": 0, "btol": 0, "conlim": 0}
    about = damped(matrix, y, 3.0, x0)
    assert np.abs(about - damped(matrix, y, 3.0)).max() > 0.1
    close(getattr(pld, name)(op, data, x0=x0, damp=3.0, **tight)[0], about)
    close(getattr(pld, name)(op, data, damp=3.0, **tight)[0], damped(matrix, y, 3.0))
    close(pld.cgls(op, data, x0=x0, damp=3.0, niter=60, tol=1e-26)[0], damped(matrix, y, 3.0))


@pytest.mark.parametrize("dtype", ["f8"])
def test_lsqr_of_pylops_with_a_preconditioner(case, dtype):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    M = nearly_inverse(matrix, 3.0)
    close(pld.lsqr(op, data, damp=3.0, M=M, niter=60, atol=0, btol=0)[0], damped(matrix, y, 3.0))
    with pytest.raises(ValueError, match="takes no x0"):
        pld.lsqr(op, data, x0=x0, damp=3.0, M=M)


@pytest.mark.parametrize("dtype", ["c16"])
@pytest.mark.parametrize("name", ["lsqr", "lsmr"])
def test_blocks(name, case, dtype):
    """Data and model of several arrays, with damping and an initial model of blocks."""
    matrix, y, x0 = case
    matrix[:9, 5:] = matrix[9:, :5] = 0
    op = pld.BlockDiag(
        [pld.MatrixMult(matrix[:9, :5], dtype=dtype), pld.MatrixMult(matrix[9:, 5:], dtype=dtype)]
    )
    data = BlockVector((da.from_array(y[:9]), da.from_array(y[9:])))
    start = BlockVector((da.from_array(x0[:5]), da.from_array(x0[5:])))
    solution = run_solver(with_settings(name, matrix, 3.0, False), op, data, start)
    close(solution.x, damped(matrix, y, 3.0))


@pytest.mark.parametrize("dtype", ["f8"])
@pytest.mark.parametrize("name", ["lsqr", "lsmr"])
def test_resumed_bitwise_without_the_initial_model(name, case, dtype):
    """A checkpoint of a damped solve from an initial model holds all there is to know of it."""
    matrix, y, x0 = case
    op, data = system(matrix, y)
    solver = with_settings(name, matrix, 3.0, name == "lsqr")
    start = da.from_array(x0, chunks=4)
    whole = run_solver(solver, op, data, start)
    half = run_solver(solver, op, data, start, on_step=lambda state: state.iteration == 3)

    class Store:
        def latest(self, kind):
            return type("Checkpoint", (), {"state": half.state, "history": half.history})

        def save(self, *_):
            pass

    session = Session(solver, op, data, store=Store(), start_known=False)
    session.run()
    np.testing.assert_array_equal(session.state.x, whole.x)
    session.close()


@pytest.mark.parametrize("dtype", ["f8"])
@pytest.mark.parametrize("name", ["lsqr", "lsmr"])
def test_its_states_go_through_checkpoints(name, case, dtype, tmp_path):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    solver = with_settings(name, matrix, 3.0, False)
    state = run_solver(
        solver, op, data, da.from_array(x0, chunks=4), on_step=lambda s: s.iteration == 2
    ).state
    run = Run.create_or_open(tmp_path / "run.zarr", identity={})
    labels = {"domain": Labels(("x",)), "codomain": Labels(("t",))}
    with run.attempt() as attempt, CheckpointStore(attempt, labels=labels, background=False) as store:
        store.save(state, {})
        found = store.latest(solver.state).state
    assert len(found.u.arrays) == 2
    for a, b in zip(state_arrays(found), state_arrays(state), strict=True):
        np.testing.assert_array_equal(a, b)


@both
def test_regularised_inversions(case, dtype):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    rough = np.diff(np.eye(N), axis=0)
    reg = pld.MatrixMult(rough.astype(dtype), dtype=dtype)
    target, eps = x0[1:] * 0.1, 2.0
    whole = np.vstack([matrix, eps * rough])
    right = np.append(y, eps * target)
    wanted = np.linalg.lstsq(whole, right, rcond=None)[0]
    common = {
        "epsRs": [eps],
        "dataregs": [da.from_array(target)],
        "engine": "pylops",
        "niter": 80,
        "tol": 1e-26,
    }
    for start in (None, da.from_array(x0)):
        close(leastsquares.regularized_inversion(op, data, [reg], x0=start, **common)[0], wanted)
        close(leastsquares.normal_equations_inversion(op, data, [reg], x0=start, **common)[0], wanted)
    damped_too = np.linalg.lstsq(
        np.vstack([whole, 3 * np.eye(N)]), np.append(right, np.zeros(N)), rcond=None
    )[0]
    for start in (None, da.from_array(x0)):
        found = leastsquares.regularized_inversion(op, data, [reg], x0=start, damp=3.0, **common)[0]
        close(found, damped_too)
        found = leastsquares.normal_equations_inversion(op, data, [reg], x0=start, epsI=3.0, **common)[0]
        close(found, damped_too)


def lasso(matrix, y, weight, transform=None, mu=1.0):
    """The minimum of mu/2 |y - A x|^2 + weight |R x|_1, by many dense steps of ADMM."""
    R = np.eye(N) if transform is None else transform
    inverse = np.linalg.inv(mu * matrix.conj().T @ matrix + R.T @ R)
    z = u = np.zeros(len(R), matrix.dtype)
    for _ in range(2000):
        x = inverse @ (mu * matrix.conj().T @ y + R.T @ (z - u))
        moved = R @ x + u
        size = np.abs(moved)
        z = np.maximum(size - weight, 0) * (moved / np.where(size > 0, size, 1))
        u = moved - z
    return x


MANY = 300


@both
@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize(
    "name", ["ista", "fista", "proximalgradient", "admm", "linearizedadmm", "primaldual"]
)
def test_sparse_models(name, start, case, dtype):
    matrix, y, x0 = case
    op, data = system(matrix, y)
    step = 0.9 / np.linalg.norm(matrix, 2) ** 2
    identity = pld.Identity(N, dtype=dtype)
    solver = {
        "ista": ISTA(MANY, 8.0, step, tol=0),  # half of its objective is the one of the others
        "fista": FISTA(MANY, 8.0, step, tol=0),
        "proximalgradient": ProximalGradient(L1(4.0), tau=step, niter=MANY),
        "admm": ADMM(L1(4.0), tau=0.05, niter=200, inner=12),
        "linearizedadmm": LinearizedADMM(L1(4.0), identity, tau=0.05, mu=0.05, niter=200, inner=12),
        "primaldual": PrimalDual(L1(4.0), identity, tau=0.05, mu=15.0, niter=200, inner=12),
    }[name]
    found = run_solver(solver, op, data, da.from_array(x0, chunks=4) if start else None)
    close(found.x, lasso(matrix, y, 4.0), 1e-6)


@both
@pytest.mark.parametrize(("start", "restart"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize(("eps", "mu", "damp"), [(0.5, 1.0, 0.0), (0.7, 3.0, 1.0)])
def test_split_bregman(eps, mu, damp, start, restart, case, dtype):
    """The weight of the L1 term is the square of ``epsRL1s``, and damping is weighted as the data are."""
    matrix, y, x0 = case
    op, data = system(matrix, y)
    transform = np.eye(N) + 0.3 * np.eye(N, k=1)
    solver = SplitBregman(
        (pld.MatrixMult(transform.astype(dtype), dtype=dtype),), (eps,), mu=mu, niter_outer=60, niter_inner=1, tol=0,
        niter=12, inner_tol=1e-26, damp=damp, restart=restart,
    )  # fmt: skip
    found = run_solver(solver, op, data, da.from_array(x0, chunks=4) if start else None)
    below = np.vstack([matrix, damp * np.eye(N)]), np.append(y, np.zeros(N))
    close(found.x, lasso(*below, eps**2, transform, mu), 1e-5)


@both
@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("damp", [0.0, 1.0])
def test_reweighted_least_squares(warm, damp, case, dtype):
    matrix, y, x0 = case
    y = y.copy()
    y[[2, 11]] += 50  # outliers
    weights, x = np.ones(ROWS), None
    for _ in range(25):
        rows = np.sqrt(weights)[:, None] * matrix
        x = damped(rows, np.sqrt(weights) * y, damp)
        weights = 1 / (np.abs(y - matrix @ x) + 1e-3)
        weights = weights / weights.max()
    solver = IRLS(nouter=25, epsR=1e-3, epsI=damp, tolIRLS=0, warm=warm, niter=60, tol=1e-28)
    found = run_solver(solver, *system(matrix, y), da.from_array(x0, chunks=4) if warm else None)
    close(found.x, x, 1e-6)


@both
def test_proximal_data_terms(case, dtype):
    """The objective may be given whole: data, weights and a linear term."""
    matrix, y, x0 = case
    op, data = system(matrix, y)
    f = L2(op, data, sigma=2.0)
    found = run_solver(
        ProximalGradient(L2(sigma=3.0, b=da.from_array(x0, chunks=4)), f, tau=0.005, niter=MANY), op, data
    )
    close(found.x, damped(matrix, y, np.sqrt(1.5), x0), 1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1 + 1j, "0.1", None, np.ones(2), [0.1]], ids=repr)
@pytest.mark.parametrize("solver", [CG, CGLS, LSQR, LSMR])
def test_a_damping_that_is_no_finite_number_is_rejected(solver, value):
    with pytest.raises(
        (TypeError, ValueError), match=r"^damp=.*: expected (one real|a finite) number, such as 0.1$"
    ):
        solver(5, damp=value).init(pld.Identity(N), da.ones(N))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epsRs", [np.nan]),
        ("epsRs", 0.1),
        ("epsRs", ["a"]),
        ("epsNRs", [1j]),
        ("epsI", np.inf),
        ("epsI", "a"),
    ],
)
def test_weights_that_are_no_finite_numbers_are_rejected(name, value):
    rng = np.random.default_rng(3)
    op, y = system(random(rng, (ROWS, N), "f8"), random(rng, ROWS, "f8"))
    terms = {"NRegs": [pld.Identity(N)]} if name == "epsNRs" else {}
    with pytest.raises((TypeError, ValueError), match=rf"^{name}.*=.*: expected "):
        leastsquares.normal_equations_inversion(op, y, [pld.Identity(N)], **terms, **{name: value})


def test_the_sign_of_a_damping_does_not_matter():
    """As in PyLops: it is squared."""
    rng = np.random.default_rng(3)
    op, y = system(random(rng, (ROWS, N), "f8"), random(rng, ROWS, "f8"))
    for solver in (CGLS, LSQR, LSMR):
        one, other = (run_solver(solver(9, damp=damp), op, y).x.compute() for damp in (2.0, np.array(-2.0)))
        np.testing.assert_array_equal(one, other)
