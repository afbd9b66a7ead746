"""Settings that are valid and make no sense are reported with a reason and a cure: before, in and after a solve."""

import logging

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.inversion.disk_usage import DiskUse
from pylops_distributed.inversion.inversion import Inversion
from pylops_distributed.inversion.result import write_result
from pylops_distributed.inversion.sense_checks import (
    memory_warnings,
    resting_since,
    result_warnings,
    settings_warnings,
)
from pylops_distributed.problems.interpolation import Interpolation
from pylops_distributed.problems.lsm import LSM
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.problems.prestack import Prestack
from pylops_distributed.runs.reading import open_run
from pylops_distributed.runs.report import summary
from pylops_flows.settings.pipeline import validate
from pylops_flows.settings.preflight import preflight

FALLING = np.geomspace(1, 1e-3, 61)


def stack():
    """A few traces and their background."""
    twt = xr.DataArray(4.0 * np.arange(40), dims="twt", attrs={"units": "ms"})
    amplitude = np.random.default_rng(0).standard_normal((6, 40))
    arrays = {"amplitude": amplitude, "background": np.full((6, 40), 5e6)}
    return xr.Dataset({name: (("x", "twt"), array) for name, array in arrays.items()}, coords={"twt": twt})


def solved(started, **solver):
    run, settings = started(**solver)
    with Inversion(run, settings) as inversion:
        inversion.advance()
    write_result(run)
    rows = summary(open_run(run.storage.url))
    return " ".join(text for name, text in rows.items() if name.startswith("warning"))


@pytest.mark.parametrize("problem", [Poststack, Prestack, LSM])
def test_a_wavelet_that_is_aliased(problem):
    ds, settings = (
        (stack(), {}) if problem is Poststack else (problem.demo().data, problem.demo().settings["problem"])
    )
    for peak, count in ((20.0, 0), (110.0 if problem is not LSM else 220.0, 1)):
        wavelet = {"kind": "ricker", "peak": peak}
        warnings = settings_warnings(problem.model_validate(settings | {"wavelet": wavelet}), ds, "cgls")
        assert ["Nyquist" in warning for warning in warnings] == [True] * count


def test_a_sparse_solver_without_a_transform():
    (warning,) = settings_warnings(Poststack(), stack(), "fista")
    assert "no transform" in warning
    assert "cgls" in warning
    demo = Interpolation.demo()
    assert settings_warnings(Interpolation(**demo.settings["problem"]), demo.data, "fista") == ()


def test_states_that_do_not_fit_into_memory():
    use = DiskUse(dataset=10, state=100, checkpoints=3, result=10)
    assert memory_warnings(use, 200) == ()
    assert "float32" in memory_warnings(use, 199)[0]


def test_a_solve_at_rest():
    resting = np.r_[FALLING[:31], np.full(40, FALLING[30])]
    assert resting_since(resting) == 30
    assert "solver.niter=30" in result_warnings(resting, False)[0]
    assert resting_since(resting[:50]) is None  # not for most of its steps
    assert resting_since(FALLING) is None
    assert result_warnings(FALLING, False) == ()
    assert result_warnings(np.ones(5), False) == ()  # too few to judge
    assert "only 2.0 % off" in result_warnings(np.linspace(1, 0.98, 61), False)[0]
    assert result_warnings(np.linspace(1, 0.98, 61), False, warm=True) == ()


@pytest.mark.parametrize(
    ("solver", "words"),
    [
        ({"name": "ista", "eps": 1e6, "alpha": 1e-3, "niter": 3}, "zero everywhere"),
        ({"name": "cgls", "niter": 4}, ""),
        ({"name": "cgls", "niter": 36}, "at rest since step"),
        ({"name": "cgls", "niter": 25, "damp": 1e3}, "took only"),
    ],
)
def test_reports_warn_of_results_that_make_no_sense(started, solver, words):
    warning = solved(started, **solver)
    assert words in warning
    assert bool(words) == bool(warning)


def test_pipelines_warn_before_they_start(tmp_path, caplog):
    for name, array in stack().data_vars.items():
        array.to_dataset().to_zarr(tmp_path / f"{name}.zarr", consolidated=False)
    names = ("amplitude", "background")
    raw = {
        "root": str(tmp_path), "solver": {"name": "fista"},
        "sources": {name: {"path": str(tmp_path / f"{name}.zarr")} for name in names},
        "problem": {"name": "poststack", "wavelet": {"kind": "ricker", "peak": 20.0}},
    }  # fmt: skip
    with caplog.at_level(logging.WARNING, "pylops_distributed"):
        preflight(validate(raw, "the test"))
    assert "no transform" in caplog.text
