"""Integer and boolean data, models, targets and operators: no sum of squares overflows, no difference is logical."""

from itertools import product

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution import unroll
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.algorithms.lsqr import LSQR
from pylops_distributed.optimization.primal import ProximalGradient
from pylops_distributed.optimization.proximal import L1, L2
from pylops_distributed.optimization.session import iterate, run_solver
from pylops_distributed.vectors.arithmetic import norm, vdot

KINDS = ["i1", "u1", "i2", "u2", "i4", "i8", "bool"]
KEEP = {"eps": 0.0, "alpha": 1.0}
identity = pld.Identity(36)

# Each returns its data: with the identity, the exact model is known.
SOLVERS = {
    "cg": lambda y: pld.cg(identity, y, tol=0.0)[0],
    "cgls": lambda y: pld.cgls(identity, y, tol=0.0)[0],
    "cgls from x0": lambda y: pld.cgls(identity, y, x0=y[::-1], tol=0.0)[0],
    "lsqr": lambda y: pld.lsqr(identity, y)[0],
    "lsqr from x0": lambda y: pld.lsqr(identity, y, x0=y[::-1])[0],
    "lsmr": lambda y: pld.lsmr(identity, y)[0],
    "ista": lambda y: pld.ista(identity, y, **KEEP)[0],
    "fista": lambda y: pld.fista(identity, y, **KEEP)[0],
    "spgl1": lambda y: pld.spgl1(identity, y, sigma=1e-9)[0],
    "omp": lambda y: pld.omp(identity, y, niter_outer=40)[0],
    "irls": lambda y: pld.irls(identity, y, nouter=1)[0],
    "irls of models": lambda y: pld.irls(identity, y, kind="model", nouter=1)[0],
    "split Bregman": lambda y: pld.splitbregman(identity, y, [identity], epsRL1s=[1e-12])[0],
    "regularised": lambda y: pld.regularized_inversion(identity, y, [identity], dataregs=[y])[0],
    "normal": lambda y: pld.normal_equations_inversion(identity, y, [identity], dataregs=[y])[0],
    "preconditioned": lambda y: pld.preconditioned_inversion(identity, y, identity)[0],
    "division": lambda y: identity / y,
    "division by integers": lambda y: pld.Identity(36, dtype=y.dtype) / y,
    "solve": lambda y: run_solver(CGLS(tol=0.0), identity, da.from_array(y, chunks=10)).x,
    "solve from x0": lambda y: run_solver(LSQR(), identity, da.from_array(y), da.from_array(y[::-1])).x,
    "unroll": lambda y: unroll(LSQR(), identity, da.from_array(y, chunks=10), 3).x,
    "proximal": lambda y: ProximalGradient(
        L2(b=da.from_array(y)), L1(1e-12), da.from_array(y[::-1]), 1.0, niter=40
    ),
}


@pytest.fixture(autouse=True)
def _in_process():
    with dask.config.set(scheduler="sync"):
        yield


@pytest.mark.parametrize(
    ("solver", "kind"), [*product(SOLVERS, ["i1", "bool"]), *product(["lsqr", "division"], KINDS)]
)
def test_solvers(solver, kind, rng):
    y = rng.integers(2, 120, 36).astype(kind)
    if kind == "bool":
        y[::3] = False
    np.testing.assert_allclose(SOLVERS[solver](y), y.astype(float), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_inner_products(kind, rng):
    x = rng.integers(1, 120, 36).astype(kind)
    lazy, exact = da.from_array(x, chunks=10), np.dot(x.astype(float), x.astype(float))
    for found, expected in ((vdot(lazy, lazy), exact), (norm(lazy), exact**0.5)):
        assert found.dtype == found.compute().dtype == float
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("solver", ["cgls", "lsqr", "lsmr"])
def test_operators_of_integers(solver, rng):
    matrix, y = rng.integers(-5, 5, (30, 8)), rng.integers(-100, 100, 30)
    op = pld.MatrixMult(da.from_array(matrix, chunks=(10, 4)), dtype=int)
    settings = {"tol": 0.0} if solver == "cgls" else {"atol": 1e-12, "btol": 1e-12}
    x = getattr(pld, solver)(op, y, x0=np.arange(8), niter=40, **settings)[0]
    np.testing.assert_allclose(x, np.linalg.lstsq(matrix.astype(float), y, rcond=None)[0], rtol=1e-6)


def test_states_on_the_way(rng):
    y = da.from_array(rng.integers(2, 120, 36).astype("i1"), chunks=10)
    *_, last = iterate(LSQR(), identity, y, LSQR().init(identity, y))
    np.testing.assert_allclose(last.x, y.astype(float))


def test_single_precision_stays_where_it_holds_all_integers(rng):
    op = pld.Identity(36, dtype="f4")
    for kind, expected in (("i2", "f4"), ("u1", "f4"), ("i4", "f8")):
        assert pld.cgls(op, rng.integers(2, 120, 36).astype(kind))[0].dtype == expected
