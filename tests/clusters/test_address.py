"""A cluster that runs already: `dask scheduler` and `dask worker`, as on other hosts; a pipeline and its YAML."""

import numpy as np
import pytest
import yaml

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.storage.run import list_runs
from pylops_flows.settings.pipeline import load

pytestmark = pytest.mark.slow


def test_a_pipeline_on_a_cluster_that_runs(pld, server, config, tmp_path, remote):
    settings = yaml.safe_load(config.read_text())
    settings["cluster"] = {"hardware": remote, "options": {"timeout": 20}}
    config.write_text(yaml.safe_dump(settings))
    code, text = pld("run", config, "--root", tmp_path / "runs", **server)
    assert code == 0, text
    (run,) = list_runs(tmp_path / "runs")
    assert run.status().state == "finished"
    tree = open_run(run.storage.url)
    found = tree["iterates"].to_dataset()["model"].isel(iteration=-1).values

    here = load(config)
    solver = here.solver.build()
    dataset = ingest(here.sources, str(tmp_path / "here.zarr")).url
    with Inversion(begin(str(tmp_path / "here"), dataset, here.problem, solver), solver) as inversion:
        inversion.advance()
        np.testing.assert_array_equal(found, inversion.session.state.x.compute())


@pytest.mark.timeout(60)
def test_the_cluster_is_asked_what_it_is_before_a_run(pld, config):
    code, text = pld(
        "run", config, "--set", "cluster={hardware: 'tcp://127.0.0.1:1', options: {time_out: 1}}"
    )
    assert code == 2, text
    assert "no option 'time_out': did you mean 'timeout'?" in text
