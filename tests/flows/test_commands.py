"""Each command for itself, on one Prefect server; the sample of ``data/``, and a real survey."""

import os
from pathlib import Path

import numpy as np
import pytest
import segyio
import xarray as xr
import yaml

from pylops_distributed import open_run, tuning
from pylops_distributed.ingest import ingest, open_dataset
from pylops_distributed.storage.run import Run
from pylops_distributed.synthetic.layered_volume import layered_volume
from pylops_flows.cli.demo_data import write_demo
from pylops_flows.settings.pipeline import load

DATA = Path(__file__).parents[2] / "data"
SHARED = Path(os.environ.get("PYLOPS_DISTRIBUTED_SHARED", DATA.parents[1] / "shared"))


def last(text, word):
    """What the last line says after ``word:``."""
    line = text.strip().splitlines()[-1]
    assert line.startswith(f"{word}: "), text
    return line.removeprefix(f"{word}: ")


def test_the_sample_is_what_the_generator_makes(tmp_path):
    write_demo(tmp_path, seed=0, shape=(6, 8, 64))
    made, kept = (sorted(p.name for p in folder.iterdir()) for folder in (tmp_path, DATA / "sample"))
    assert made == kept
    assert (tmp_path / "demo.yaml").read_text() == (DATA / "sample/demo.yaml").read_text()
    for path in tmp_path.glob("*.sgy"):
        ours, theirs = (
            np.frombuffer(p.read_bytes()[3600:], "u1") for p in (path, DATA / "sample" / path.name)
        )
        ours, theirs = (raw.reshape(48, 240 + 4 * 64) for raw in (ours, theirs))
        np.testing.assert_array_equal(ours[:, :240], theirs[:, :240])
        samples = [np.ascontiguousarray(raw[:, 240:]).view(">f4") for raw in (ours, theirs)]
        np.testing.assert_allclose(*samples, rtol=1e-5, atol=1e-6)  # to the bit on one machine


@pytest.mark.slow
def test_large_data_are_ingested_by_the_workers(pld, server, tmp_path):
    data = np.random.default_rng(1).standard_normal((20, 256, 512)).astype("f4")
    np.save(tmp_path / "raw.npy", data)
    large = {tuning.environment_name("pipelines.driver-ingest"): "1 MiB"}
    assert data.nbytes > 2**20
    code, text = pld("ingest", tmp_path / "raw.npy", tmp_path / "one.zarr", "--verbose", **server, **large)
    assert code == 0, text
    assert "dask - Creating a new Dask cluster" in text
    (array,) = open_dataset(last(text, "dataset")).data_vars.values()
    np.testing.assert_array_equal(array.values, data)


@pytest.mark.slow
def test_step_by_step(pld, server, tmp_path):
    """Ingest, forward, invert and postprocess, each a command, on the sample."""
    settings = load(DATA / "sample/demo.yaml", {"root": str(tmp_path)})
    code, text = pld("ingest", DATA / "sample/seismic.sgy", tmp_path / "one.zarr", **server)
    assert code == 0, text
    ds = open_dataset(last(text, "dataset"))
    with segyio.open(DATA / "sample/seismic.sgy") as file:
        np.testing.assert_array_equal(ds.amplitude.values, segyio.tools.cube(file))

    ref = ingest(settings.sources, settings.target)
    config = tmp_path / "config.yaml"
    config.write_text(
        yaml.safe_dump(settings.model_dump(mode="json", exclude={"sources"}) | {"dataset": ref.url})
    )
    code, text = pld("forward", config, tmp_path / "modelled.zarr", **server)
    assert code == 0, text
    modelled = xr.open_zarr(last(text, "modelled"), consolidated=False)["modelled"]
    clean = layered_volume((6, 8, 64), snr=np.inf)["amplitude"].transpose(*modelled.dims)
    np.testing.assert_allclose(modelled.values, clean.values, rtol=0, atol=1e-6)

    code, text = pld("invert", config, "--root", tmp_path, "--set", "solver.niter=4", **server)
    assert code == 0, text
    run = Run.open(last(text, "run"))
    assert run.status().iteration == 4
    assert run.report is None
    code, text = pld("postprocess", run.storage.folder, **server)
    assert code == 0, text
    assert Path(last(text, "report")).read_text().startswith("<!doctype html>")
    assert run.status().state == "finished"
    assert set(open_run(run.storage.folder)["residual"].data_vars) == {"observed", "predicted", "residual"}


@pytest.mark.slow
def test_doctor(pld, server, tmp_path):
    code, text = pld("doctor", "--root", tmp_path, **server)
    assert code == 0, text
    assert f"{server['PREFECT_API_URL']} is reached by 2 workers" in text


def test_doctor_without_a_server(pld, tmp_path):
    code, text = pld("doctor", "--root", tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert code == 1
    assert "http://127.0.0.1:9/api does not answer" in text


@pytest.mark.slow
def test_f3_end_to_end(pld, server, tmp_path):
    """A real survey, its wavelet estimated from the data: bit by bit into the store, and inverted."""
    f3 = SHARED / "data/f3.sgy"
    if not f3.exists():
        pytest.skip(f"{f3} is absent: set PYLOPS_DISTRIBUTED_SHARED to the folder that holds data/f3.sgy")
    source = f"sources.amplitude.path={f3}"
    code, text = pld(
        "run", DATA / "f3.yaml", "--root", tmp_path, "--set", source, "--set", "solver.niter=8", **server
    )
    assert code == 0, text
    tree = open_run(last(text, "run"))
    with segyio.open(f3) as file:
        np.testing.assert_array_equal(
            tree["inputs"]["amplitude"].values, segyio.tools.cube(file), strict=True
        )
    impedance = tree["model"]["impedance"]
    assert impedance.dims == ("inline", "crossline", "twt")
    assert impedance.attrs["units"] == "kg m-2 s-1"
    for name in ("inline", "crossline", "twt"):
        np.testing.assert_array_equal(impedance[name], tree["inputs"][name])
    assert np.isfinite(impedance.values).all()
    assert tree["model"].attrs["metrics"]["misfit"] < 0.1
    assert tree.attrs["problem"]["wavelet"]["kind"] == "samples"  # the estimate is kept with the run


def test_rejected_input_leaves_no_starting_server_behind(pld, config):
    code, text = pld("run", config, "--set", "solver.niter=0")  # ends when nobody holds its output any more
    assert code == 2, text
    assert "greater than or equal to 1, got 0" in text
    assert "Prefect UI" not in text
