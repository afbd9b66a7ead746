"""Ingested SEG-Y that lacks a trace: left out where a mask marks it, an error where the trace is needed."""

import dask
import numpy as np
import pytest
import segyio

from pylops_distributed.ingest import Source, ingest, open_dataset
from pylops_distributed.inversion.assembly import assemble
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.settings.solver_settings import SOLVERS

CUBE = np.random.default_rng(3).uniform(1.0, 2.0, (3, 4, 16)).astype("f4")
RICKER = {"kind": "ricker", "peak": 60.0}


@pytest.fixture
def stored(tmp_path):
    """A dataset of volumes, each without one trace, or with all."""

    def make(**missing):
        sources = {}
        for name, hole in missing.items():
            sources[name] = Source(path=str(tmp_path / f"{name}.sgy"))
            write(sources[name].path, [place for place in np.ndindex(3, 4) if place != hole])
        return open_dataset(ingest(sources, str(tmp_path / "dataset.zarr")).url)

    return make


def write(path, places):
    spec = segyio.spec()
    spec.samples, spec.tracecount, spec.format = np.arange(16), len(places), 5
    with segyio.create(path, spec) as file:
        file.bin.update({3221: 16, 3217: 4000, 3225: 5})
        for k, place in enumerate(places):
            file.header[k] = {115: 16, 117: 4000, 189: place[0] + 1, 193: place[1] + 1}
            file.trace[k] = CUBE[place]


def solved(problem, ds, solver):
    problem.check(ds)
    made = assemble(problem, ds, SOLVERS[solver](name=solver, niter=3))
    result = problem.label(ds, run_solver(made.solver, made.op, made.y).x).compute()
    assert np.isfinite(result[["observed", "predicted", "residual"]].to_array()).all()
    assert all(np.isfinite(v) for v in dask.compute(problem.metrics(ds, result))[0].values())
    return result


def test_a_missing_trace_is_interpolated(stored):
    ds = stored(amplitude=(1, 2))
    settings = {"name": "interpolation", "time": "twt"}
    mask = "amplitude_trace_mask"
    result = solved(load_problem({**settings, "mask": mask}), ds, "fista")
    assert np.isfinite(result.complete).all()
    assert (result.observed.values[1, 2] == 0).all()
    for other in ({"mask": None}, {"mask": "ones"}):
        with pytest.raises(ValueError, match=r"lacks traces .*'interpolation' needs \(samples: 16 in 'ampl"):
            load_problem({**settings, **other}).check(ds.assign(ones=ds[mask] | True))


@pytest.mark.parametrize("background", [1.5, "background"])
def test_where_amplitudes_lack_a_trace_impedances_may(stored, background):
    ds = stored(amplitude=(1, 2), background=(1, 2))
    problem = load_problem({"name": "poststack", "background": background, "wavelet": RICKER, "lateral": 0.1})
    unknown = np.isnan(solved(problem, ds, "cgls").impedance.values)
    assert unknown.sum() == unknown[1, 2].sum() == (16 if background == "background" else 0)


@pytest.mark.parametrize("hole", [None, (0, 0)])
def test_impedances_are_needed_where_there_are_amplitudes(stored, hole):
    problem = load_problem({"name": "poststack", "wavelet": RICKER})
    with pytest.raises(ValueError, match=r"'poststack' needs \(samples: 16 in 'background'\)"):
        problem.check(stored(amplitude=hole, background=(1, 2)))


def test_a_missing_trace_is_rejected_where_there_is_no_mask(stored):
    ds = stored(amplitude=(1, 2)).assign(psf=(("i", "j", "k"), np.ones((1, 1, 1))))
    with pytest.raises(ValueError, match=r"'deblurring' needs \(samples: 16 in 'amplitude'\)"):
        load_problem({"name": "deblurring", "blurred": "amplitude"}).check(ds)
