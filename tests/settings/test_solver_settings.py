"""Every solver of a pipeline: set in YAML, checkpointed, and resumed to the same bits."""

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
import xarray as xr

from pylops_distributed import open_run, optimization
from pylops_distributed.basicoperators import Diagonal, FirstDerivative, MatrixMult
from pylops_distributed.execution.state import Reason
from pylops_distributed.ingest import ingest, open_dataset
from pylops_distributed.inversion.assembly import assemble
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.inversion.run_identity import identity
from pylops_distributed.optimization.proximal import L1
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.problems.base import Penalty, Prior, Problem
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.storage.labels import Labels
from pylops_flows.settings.pipeline import PipelineConfig, validate

N = 12


class Small(Problem):
    """A small matrix, with all that a solver may ask for."""

    transformed: bool = False

    def operator(self, ds):
        return MatrixMult(ds["matrix"].data)

    def data(self, ds):
        return ds["y"].data

    def prior(self, ds):
        return (Prior(FirstDerivative(N), 0.1, "roughness"),)

    def penalties(self, ds):
        return (Penalty(L1(0.05), FirstDerivative(N) if self.transformed else None),)

    def transform(self, ds):
        return Diagonal(da.from_array(np.where(np.arange(N) % 2, -1.0, 1.0), chunks=N))

    def labels(self, ds):
        return {"domain": Labels(("x",)), "codomain": Labels(("t",))}

    def label(self, ds, x):
        return xr.Dataset({"model": ("x", x)})


TRANSFORMED = ("admml2", "adaptiveprimaldual", "linearizedadmm", "primaldual", "splitbregman")
# What makes a small case of each: the same for all but those who count otherwise.
FEW = {"niter": 6}
CASES = {
    "irls": {"nouter": 3, "niter": 2, "epsR": 0.1},
    "irlsmodel": {"nouter": 2, "niter": 3, "epsI": 0.1},
    "omp": {"niter_outer": 2, "niter_inner": 3, "sigma": 0.0},
    "mp": {"niter_outer": 6, "sigma": 0.0},
    "spgl1": {"tau": 2.0, "iter_lim": 6},
    "splitbregman": {"niter_outer": 2, "niter_inner": 2, "niter": 2},
    "admm": {"niter": 4, "tau": 0.1, "inner": 2},
    "admml2": {"niter": 4, "tau": 0.1, "inner": 2},
    "adaptiveprimaldual": {"niter": 4, "tau": 0.2, "mu": 0.5, "inner": 2},
    "douglasrachford": {"niter": 4, "tau": 0.1, "inner": 2},
    "hqs": {"niter": 4, "tau": [0.4, 0.3, 0.2, 0.1], "inner": 2},
    "linearizedadmm": {"niter": 4, "tau": 0.2, "mu": 0.05, "inner": 2},
    "primaldual": {"niter": 4, "tau": 0.2, "mu": 0.5, "inner": 2},
    "proximalgradient": {"niter": 4, "tau": 0.05, "acceleration": "fista"},
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("solvers"), np.random.default_rng(5)
    matrix = np.linalg.qr(rng.standard_normal((20, N)))[0] * np.linspace(1, 2, N)
    x = np.zeros(N)
    x[[2, 7]] = 1, -2
    ds = xr.Dataset({"matrix": (("t", "x"), matrix), "y": ("t", matrix @ x + 0.01 * rng.standard_normal(20))})
    ds.to_zarr(folder / "raw.zarr", consolidated=False)
    return ingest(str(folder / "raw.zarr"), str(folder / "in.zarr"), chunks={"t": 10, "x": N}).url


def settings_of(name, **more):
    raw = {"dataset": "in.zarr", "solver": {"name": name, **CASES.get(name, FEW), **more}}
    return validate(raw, "the test").solver


def test_all_algorithms_can_be_chosen_and_their_forms_tell_what_they_set():
    names = (getattr(optimization, name) for name in optimization.__all__)
    exported = {v for v in names if isinstance(v, type)} - {optimization.PowerIteration}
    assert {settings.algorithm() for settings in SOLVERS.values()} == exported
    forms = PipelineConfig.model_json_schema()["properties"]["solver"]["anyOf"]
    assert {form["properties"]["name"]["const"] for form in forms} == set(SOLVERS)
    for form in forms:
        assert form["description"]
        assert not [k for k, p in form["properties"].items() if k != "name" and not p.get("description")]


class Referred(Small):
    """With a second term, which draws the model to a reference."""

    def prior(self, ds):
        return (
            *super().prior(ds),
            Prior(Diagonal(da.ones(N, chunks=N)), 0.3, "reference", da.arange(N, chunks=N)),
        )


def test_terms_without_data_are_zeros_next_to_one_that_has_some(stored):
    solver = settings_of("splitbregman")
    assert assemble(Small(), open_dataset(stored), solver).solver.dataregsL2 is None
    roughness, reference = assemble(Referred(), open_dataset(stored), solver).solver.dataregsL2
    np.testing.assert_array_equal(roughness.compute(), np.zeros(N))
    np.testing.assert_array_equal(reference.compute(), np.arange(N))


OFTEN = (
    "cgls",
    "lsqr",
    "fista",
    "irls",
    "splitbregman",
    "hybridlsqr",
    "primaldual",
)  # the others are slow tests


@pytest.mark.parametrize(
    "name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in SOLVERS]
)
def test_killed_and_resumed_it_returns_the_same_bits_as_the_algorithm_alone(name, stored, tmp_path):
    problem = Small(transformed=name in TRANSFORMED)
    solver = settings_of(name)
    ready = assemble(problem, open_dataset(stored), solver)
    with dask.config.set(scheduler="synchronous"):
        wanted = run_solver(ready.solver, ready.op, ready.y)
        run = begin(str(tmp_path), stored, problem, solver, name=name)
        with Inversion(run, solver) as inversion:
            assert inversion.session.run(lambda state: state.iteration == 2) is Reason.CALLBACK
        with Inversion(run, solver) as inversion:
            assert inversion.resumed == 2
            assert inversion.advance().reason == wanted.reason
        write_result(run)
    assert inversion.progress.iteration == wanted.state.iteration
    assert inversion.progress.fraction == 1.0
    assert wanted.state.iteration <= inversion.niter
    assert "cost" in wanted.history
    tree = open_run(run.storage.url)
    found = tree["iterates"].to_dataset()["model"].isel(iteration=-1).values
    np.testing.assert_array_equal(found, wanted.x.compute())
    sign = (
        np.where(np.arange(N) % 2, -1, 1) if getattr(solver.algorithm(), "takes", "") == "coefficients" else 1
    )
    np.testing.assert_array_equal(tree["model"]["model"].values, sign * found)


@pytest.mark.parametrize("name", ["cg", "cgls", "lsqr", "lsmr"])
def test_least_squares_solvers_find_the_same(name, stored):
    """The normal equations of ``cg`` are those of the system with the prior that the others take."""
    problem, ds = Small(), open_dataset(stored)
    ready = assemble(problem, ds, settings_of(name, niter=60))
    found = run_solver(ready.solver, ready.op, ready.y).x.compute()
    matrix, y = ds["matrix"].values, ds["y"].values
    rough = pylops.FirstDerivative(N).todense()
    wanted = np.linalg.solve(matrix.T @ matrix + 0.01 * rough.T @ rough, matrix.T @ y)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_sparse_solvers_find_the_same(stored):
    """The objective is the problem's: half the squares of data and prior, and the penalty, for every solver."""
    problem, ds = Small(), open_dataset(stored)
    models = {}
    for name, settings in {
        "proximalgradient": {"tau": 0.2, "niter": 200},
        "admm": {"tau": 1.0, "niter": 60, "inner": 9},
        "primaldual": {"tau": 0.5, "mu": 1.5, "niter": 60, "inner": 9},
        "linearizedadmm": {"tau": 0.5, "mu": 0.5, "niter": 60, "inner": 9},
        "admml2": {"tau": 1.0, "niter": 60, "inner": 9},
        "douglasrachford": {"tau": 1.0, "niter": 60, "inner": 9},
        "adaptiveprimaldual": {"tau": 0.5, "mu": 1.5, "niter": 60, "inner": 9},
        "splitbregman": {"niter_outer": 60, "niter_inner": 1, "niter": 9, "mu": 3.0, "inner_tol": 1e-26},
    }.items():
        ready = assemble(problem, ds, settings_of(name, **settings))
        with dask.config.set(scheduler="sync"):
            models[name] = run_solver(ready.solver, ready.op, ready.y).x.compute()
    wanted = models.pop("proximalgradient")
    matrix, y, rough = ds["matrix"].values, ds["y"].values, pylops.FirstDerivative(N).todense()
    slope = matrix.T @ (y - matrix @ wanted) - 0.01 * rough.T @ rough @ wanted
    far = np.abs(wanted) > 1e-6
    np.testing.assert_allclose(slope[far], 0.05 * np.sign(wanted[far]), atol=1e-6)
    assert np.abs(slope).max() < 0.05 + 1e-6
    for model in models.values():
        np.testing.assert_allclose(model, wanted, atol=1e-3)


def test_what_a_run_is(stored):
    problem, solver = Small(), settings_of("fista")
    what = identity(problem, "data", solver)
    assert what == identity(problem, "data", optimization.FISTA(niter=6, tol=0.0))
    assert what == identity(problem, "data", settings_of("fista", niter=99, tol=1.0))
    assert what != identity(problem, "data", settings_of("fista", eps=0.2))
    assert what != identity(problem, "data", settings_of("ista"))
    assert what != identity(problem, "other", solver)
    assert len(what["code"]) == 64  # this module is not part of the library
    held = [
        identity(problem, "data", optimization.FISTA(SOp=Diagonal(da.full(N, v)))) for v in (1.0, 1.0, 2.0)
    ]
    assert held[0] == held[1] != held[2]
    assert held[0]["solver"]["SOp"] != what["solver"].get("SOp")


def test_a_solver_that_needs_what_the_problem_does_not_have(stored):
    ds = open_dataset(stored)
    with pytest.raises(ValueError, match="takes a function of the model itself"):
        assemble(Small(transformed=True), ds, settings_of("admm"))

    class Bare(Small):
        def penalties(self, ds):
            return ()

    with pytest.raises(ValueError, match="'splitbregman' needs a term that is no square"):
        assemble(Bare(), ds, settings_of("splitbregman"))
