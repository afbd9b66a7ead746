"""A custom problem in a deployment: found in the folder deployed from, and sent to workers elsewhere."""

import sys

import numpy as np
import pytest
from waiting import wait

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_case
from pylops_flows.cli.new_problem import problem_text
from pylops_flows.settings.pipeline import load

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@pytest.fixture
def own(up, monkeypatch):
    """Settings of a problem whose module is in the folder that is deployed from, and nowhere else."""
    (up.folder / "blur.py").write_text(problem_text("Blur"))
    monkeypatch.syspath_prepend(str(up.folder))
    yield make_case("blur:Blur", up.folder / "own")
    sys.modules.pop("blur", None)


def here(config, folder):
    """The model as this process finds it."""
    settings = load(config)
    solver, dataset = settings.solver.build(), ingest(settings.sources, str(folder / "data.zarr")).url
    with Inversion(begin(str(folder), dataset, settings.problem, solver), solver) as inversion:
        inversion.advance()
        return inversion.session.state.x.compute()


@pytest.mark.parametrize("where", ["worker", "remote"])
def test_an_own_problem_in_a_deployment(where, up, own, tmp_path, request):
    name, options = f"own-{where}", ["--set", f"name=own-{where}"]
    if where == "remote":
        address = request.getfixturevalue("remote")
        options += ["--set", f"cluster={{hardware: '{address}', options: {{}}}}"]
    up.run("deploy", own, "--name", name, *options)
    (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": [name]}})
    up.ask(f"/deployments/{deployment['id']}/create_flow_run")
    (ended,) = wait(
        f"it did not end; {up.log.read_text()}",
        lambda: [r for r in up.runs(name) if r["state_type"] in ENDED],
        240,
    )
    assert ended["state_type"] == "COMPLETED", up.log.read_text()
    (run,) = [r for r in list_runs(up.folder / "runs") if r.attrs["name"] == name]
    assert run.attrs["problem"]["name"] == "blur:Blur"
    tree = open_run(run.storage.url)
    model = tree["iterates"].to_dataset()["model"].isel(iteration=-1).values
    np.testing.assert_array_equal(model, here(own, tmp_path / "here"))
    metrics = tree["model"].attrs["metrics"]
    assert metrics["error"] < 0.6 * metrics["recorded_error"]
