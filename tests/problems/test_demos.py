"""Every problem's own case: solved as PyLops solves it, better than what there is without, and what does not fit."""

import re
import sys
from pathlib import Path

import dask
import numpy as np
import pylops
import pytest
import xarray as xr

from pylops_distributed.inversion.assembly import assemble, complete, model_of
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.problems.fields.operator_spec import OperatorSpec
from pylops_distributed.problems.fields.packages import ENVIRONMENT
from pylops_distributed.problems.registry import PROBLEMS, find_problem, load_problem
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.utils.dottest import dottest
from pylops_flows.cli.demo_data import case_settings
from pylops_flows.settings.pipeline import validate

DATA = Path(__file__).parents[2] / "data"
NAMES = [name for name in PROBLEMS if name != "poststack"]
every_problem = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def _threads():
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


@pytest.fixture(scope="module")
def cases():
    """Each demo, made once: the problem with the parameters of its settings, its chunked data, and its settings."""
    made = {}

    def make(name, **changes):
        if name not in made:
            made[name] = PROBLEMS[name].demo()
        case = made[name]
        return load_problem({**case.settings["problem"], **changes}), case.data.chunk(), case.settings

    return make


def mri(ds):
    return pylops.medical.MRI2D(ds.mask.shape, ds.mask.values.astype(float)), ds.spectrum.values


def deblurring(ds):
    return pylops.signalprocessing.ConvolveND(ds.image.shape, ds.psf.values, offset=(9, 9)), ds.blurred.values


def interpolation(ds):
    mask = np.broadcast_to(ds.mask.values[..., None], ds.amplitude.shape).astype(float)
    return pylops.Diagonal(mask), ds.amplitude.values


def linear(ds):
    args = ds.t.values, ds.offset.values, ds.slope.values
    return pylops.signalprocessing.Radon2D(
        *args, kind="linear", interp=True, centeredh=True
    ), ds.data_values.values


def prestack(ds):
    wavelet = load_problem(
        {"name": "poststack", "wavelet": {"kind": "ricker", "peak": 22.0}}
    ).wavelet.samples(4.0)
    op = pylops.avo.prestack.PrestackLinearModelling(wavelet, ds.angle.values, 0.5, 128, (16, 32))
    start = np.log(np.stack([ds[n].transpose("twt", ...).values for n in ("vp0", "vs0", "rho0")], axis=1))
    return op, ds.amplitude.values - op @ start


def mdd(ds):
    nt = ds.sizes["t"]
    kernel = np.concatenate([np.zeros((*ds.kernel.shape[:2], nt - 1)), ds.kernel.values], axis=-1)
    spectra = np.moveaxis(np.fft.rfft(kernel, axis=-1), -1, 0)[:60]
    op = pylops.waveeqprocessing.MDC(spectra, nt=2 * nt - 1, nv=1, dt=0.004, dr=10.0, twosided=True)
    return op, np.concatenate([np.zeros((nt - 1, ds.sizes["source"], 1)), ds.recorded.values])


def lsm(ds):
    wavelet = load_problem(
        {"name": "poststack", "wavelet": {"kind": "ricker", "peak": 25.0}}
    ).wavelet.samples(2.0)
    points = (np.stack([ds[a].values, np.zeros(ds.sizes[a])]) for a in ("source", "receiver"))
    op = pylops.waveeqprocessing.Kirchhoff(
        ds.z.values, ds.x.values, ds.t.values, *points, 1500.0, wavelet, wavelet.size // 2, mode="analytic"
    )
    return op, ds.traces.values


PLAIN = {"prestack": {"vertical": 0.0, "lateral": 0.0}, "mdd": {"causal": False}}


def test_marchenko_equals_pylops(cases):
    """The whole of it: PyLops' driver solves with LSQR, from the same direct arrival."""
    problem, ds, _ = cases("marchenko")
    ready = assemble(problem, ds, SOLVERS["lsqr"](name="lsqr", niter=4, atol=0, btol=0))
    found = problem.label(ds, run_solver(ready.solver, ready.op, ready.y).x)
    driver = pylops.waveeqprocessing.Marchenko(
        ds.reflection.values, dt=0.005, dr=16.0, nfmax=ds.sizes["t"], toff=0.045, nsmooth=4
    )
    up, down, minus, plus = driver.apply_onepoint(
        ds.times.values, ds.direct.values, greens=True, iter_lim=4, atol=0, btol=0
    )
    for wanted, shown in ((up, "focusing_up"), (down, "focusing_down"), (minus + plus, "green")):
        ours = found[shown].values[..., 0].T
        assert np.linalg.norm(ours - wanted) < 1e-9 * np.linalg.norm(wanted)


@pytest.mark.filterwarnings("ignore:A new implementation of Kirchhoff:FutureWarning")
@pytest.mark.parametrize("name", [name for name in NAMES if name != "marchenko"])
def test_least_squares_equal_those_of_pylops(name, cases):
    problem, ds, _ = cases(name, **PLAIN.get(name, {}))
    if name == "lsm":  # PyLops goes trace by trace
        ds = ds.isel(source=[0, 5, 10], receiver=slice(None, None, 10))
    ready = assemble(problem, ds, SOLVERS["cgls"](name="cgls", niter=4))
    found = run_solver(ready.solver, ready.op, ready.y).x.compute()
    known = ds.rename(data="data_values") if "data" in ds else ds
    op, y = globals()[name](known)
    y = y.ravel().astype(op.dtype)
    wanted = pylops.cgls(op, y, np.zeros(op.shape[1], op.dtype), niter=4, tol=0.0)[0]
    assert np.linalg.norm(wanted) > 0
    assert np.linalg.norm(found.ravel() - wanted.ravel()) < 1e-9 * np.linalg.norm(wanted)


@every_problem
def test_the_demo_is_solved_better_than_by_what_there_is(name, cases):
    problem, ds, settings = cases(name)
    problem.check(ds)
    ready = problem.prepare(ds)
    raw = {**settings["solver"], "niter": 20}
    solver = SOLVERS[raw["name"]].model_validate(raw)
    made = assemble(ready, ds, solver)
    dottest(made.op, complexflag=3 if made.op.dtype.kind == "c" else 0)
    x = model_of(ready, ds, {"name": solver.name}, run_solver(made.solver, made.op, made.y).x)
    result = ready.label(ds, x)
    figures = {k: float(v) for k, v in dask.compute(ready.metrics(ds, result))[0].items()}
    pairs = {
        "mri": ("error", "zero_filled_error"), "deblurring": ("error", "blurred_error"),
        "interpolation": ("error", "recorded_error"), "prestack": ("vp_error", "vp_background_error"),
        "mdd": ("error", "correlation_error"), "marchenko": ("error", "standard_error"),
        "lsm": ("error", "migrated_error"),
    }  # fmt: skip
    found, without = pairs.get(name, ("error", None))
    assert figures[found] < (0.85 * figures[without] if without else 0.9)
    assert figures["misfit"] < 0.7
    assert {"observed", "predicted", "residual"} <= set(result.data_vars)
    if name == "marchenko":  # vectors of blocks, and no model that could be known
        return
    assert x.ndim == len(ready.labels(ds)["domain"].dims)
    assert ready.operator(ds).apply(ready.model(ds)).shape == ready.data(ds).shape


@pytest.mark.parametrize(
    ("name", "axis", "figure"),
    [("mdd", "lag", "error"), ("lsm", "x", "error"), ("prestack", "twt", "vp_error")],
)
def test_errors_are_sample_by_sample_or_left_out(name, axis, figure, cases, caplog):
    problem, ds, _ = cases(name)
    result = problem.label(ds, 0 * problem.model(ds))

    def found(points):
        return problem.metrics(ds, result.assign_coords({axis: points})).get(figure)

    exact, points = float(found(result[axis])), result[axis]
    assert (exact == 1) == (name != "prestack")  # whose zero is its background
    assert float(found(points * (1 + 1e-12))) == exact
    assert not caplog.records
    assert found(points + 0.5 * (points[1] - points[0])) is None
    assert f"no {figure!r}: " in caplog.text
    assert f"are at other points along {axis}" in caplog.text


@pytest.mark.parametrize(
    ("name", "axis", "unit", "scale"),
    [("lsm", "t", "ms", 1000), ("mdd", "t", "ms", 1000), ("marchenko", "t", "milliseconds", 1000),
     ("prestack", "twt", "s", 0.001), ("prestack", "angle", "degrees", 1), ("lsm", "source", "metres", 1)],
)  # fmt: skip
def test_times_in_another_unit_are_converted_and_other_units_rejected(name, axis, unit, scale, cases, caplog):
    problem, ds, _ = cases(name)
    if name == "lsm":
        ds = ds.isel(source=[0, 5], receiver=slice(None, None, 10))

    def migrated(units, scale):
        axes = ds.assign_coords({axis: (axis, scale * ds[axis].values, {"units": units})})
        problem.check(axes)
        x = problem.operator(axes).apply_adjoint(problem.data(axes))
        return (x.arrays[1] if name == "marchenko" else x).compute()

    expected = migrated("", 1)
    assert np.linalg.norm(migrated(unit, scale) - expected) < 1e-9 * np.linalg.norm(expected)
    other = "s" if axis in ("angle", "source") else "m"
    with pytest.raises(ValueError, match=f"'{axis}' is in '{other}', expected '(s|ms|m|deg)': ingest again"):
        migrated(other, 1)
    np.testing.assert_array_equal(migrated("furlong", 1), expected)
    assert "its unit is not known here" in caplog.text


@every_problem
def test_the_example_is_what_the_demo_writes(name, cases):
    kept = (DATA / f"{name}.yaml").read_text()
    assert kept == case_settings(name, PROBLEMS[name].demo())


def test_solvers_that_go_with_the_image_problems(cases):
    """Total variation for those that take its gradient and those that do not; wavelets for sparse ones."""
    problem, ds, _ = cases("mri")
    for name in ("admm", "primaldual", "linearizedadmm", "splitbregman", "fista", "spgl1", "cg"):
        complete(problem, ds, SOLVERS[name](name=name))


def blocky():
    rng = np.random.default_rng(0)
    return xr.Dataset({"data": ("t", rng.standard_normal(30)), "weights": ("t", np.linspace(1, 2, 30))})


def test_any_operator_by_name():
    ds = blocky()
    problem = load_problem({
        "name": "linear",
        "forward": {"path": "pylops_distributed.Diagonal", "args": [{"variable": "weights"}]},
        "regularisation": [{"operator": {"path": "pylops.SecondDerivative", "args": [30]}, "weight": 0.5}],
        "sparse": [{"operator": {"path": "pylops_distributed.FirstDerivative", "args": [[30]]}, "weight": 0.1}],
    })  # fmt: skip
    made = assemble(problem, ds, SOLVERS["lsmr"](name="lsmr", niter=80, atol=0, btol=0))
    found = run_solver(made.solver, made.op, made.y).x.compute()
    W, R = np.diag(ds.weights.values), pylops.SecondDerivative(30).todense()
    np.testing.assert_allclose(found, np.linalg.solve(W @ W + 0.25 * R.T @ R, W @ ds.data.values), atol=1e-6)
    complete(problem, ds, SOLVERS["splitbregman"](name="splitbregman"))


@pytest.mark.parametrize("kind", ["observed", "truth"])
def test_axes_in_another_order_than_the_operators_are_rejected(kind):
    """Axes of length one, and flat vectors, are no other order."""
    problem = load_problem(
        {"name": "linear", "forward": {"path": "pylops.FirstDerivative", "args": [[4, 3]]}, kind: "turned"}
    )
    values = np.arange(12.0)
    ds = xr.Dataset({"data": (("offset", "t"), values.reshape(4, 3))})
    for dims, shape in ((("offset", "t"), (4, 3)), (("shot", "offset", "t"), (1, 4, 3)), (("flat",), (12,))):
        fits = ds.assign(turned=xr.Variable(dims, values.reshape(shape)))
        problem.check(fits)
        given = problem.data(fits) if kind == "observed" else problem.model(fits)
        np.testing.assert_array_equal(given, values.reshape(4, 3))
        if kind == "truth":
            assert float(problem.metrics(fits, problem.label(fits, given))["error"]) == 0
    with pytest.raises(ValueError, match=r"'turned' has shape \(3, 4\).*operator has \(4, 3\): transpose"):
        problem.check(ds.assign(turned=(("t", "offset"), values.reshape(3, 4))))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("os.system", "is not in one of the packages that are allowed"),
        ("numpy.linalg.norm", "is not in one of the packages that are allowed"),
        ("pylops.utils.backend.get_module", "is no class of operators"),
        ("pylops_distributed.ingest.discard", "is no class of operators"),
        ("pylops_distributed.problems.fields.variables.np", "is no class of operators"),
        ("pylops_distributed.Diagnal", "there is no operator"),
        ("pylops_distributed.Restriction", "does not take these arguments"),
    ],
)
def test_operators_that_are_rejected(path, words):
    with pytest.raises(ValueError, match=words):
        OperatorSpec(path=path).build(blocky())


def test_packages_of_the_users_own_list(monkeypatch):
    spec = OperatorSpec(path="scipy.sparse.linalg.LinearOperator", args=(3,))
    monkeypatch.setenv(ENVIRONMENT, "scipy,other")
    with pytest.raises(ValueError, match="is no class of operators"):  # allowed, and not an operator of ours
        spec.build(blocky())


@pytest.mark.parametrize("name", ["os:system", "numpy.f2py:main", "this:s", "sys:exit"])
def test_problems_of_installed_packages_are_named_by_the_environment_alone(name, monkeypatch):
    package = name.partition(".")[0].partition(":")[0]
    before = set(sys.modules)
    with pytest.raises(ValueError, match="not one of those that settings may name"):
        validate({"dataset": "x", "problem": {"name": name}}, "settings")
    assert set(sys.modules) == before  # nothing of it was run
    monkeypatch.setenv(ENVIRONMENT, package)
    with pytest.raises(ValueError, match=r"is no subclass|cannot be imported"):
        find_problem(name)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("mri", {"spectrum": "nothing"}, "has no variable 'nothing'"),
        ("deblurring", {"psf": "blurred_twice"}, "has no variable 'blurred_twice'"),
        ("deblurring", {"blurred": "psf", "psf": "image"}, "does not fit"),
        ("interpolation", {"time": "twt"}, "without ['twt']"),
        ("prestack", {"background": ["vp0", "vs0", "amplitude"]}, "dimensions"),
        ("mdd", {"recorded": "response"}, "without"),
        ("lsm", {"velocity": "traces"}, "without"),
    ],
)
def test_data_that_do_not_fit(name, changes, words, cases):
    problem, ds, _ = cases(name, **changes)
    with pytest.raises(ValueError, match=re.escape(words)):
        problem.check(ds)


def test_settings_are_checked_as_any_others():
    with pytest.raises(ValueError, match=r"problem\.x: missing"):
        validate({"dataset": "a.zarr", "problem": {"name": "lsm"}}, "the test")
