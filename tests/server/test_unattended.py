"""Flows that `pld up` starts automatically: schedules, and events that follow from each other."""

import json
import re
import shutil

import pytest
from waiting import wait

from pylops_distributed import open_run
from pylops_distributed.storage.run import list_runs

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]


def test_a_cron_deployment_fires_within_two_minutes(up):
    text = up.run(
        "deploy", "data/sample/demo.yaml", "--name", "minutely", "--cron", "* * * * *", "--set", "solver.niter=5"
    )  # fmt: skip
    assert "pipeline/minutely" in text
    assert "* * * * *" in text
    (first, *_) = wait(f"nothing began; {up.log.read_text()}", lambda: up.runs("minutely"), 120)
    assert first["auto_scheduled"]
    ended = wait(
        "it did not end",
        lambda: [r for r in up.runs("minutely") if r["state_type"] in ("COMPLETED", "FAILED", "CRASHED")],
        180,
    )
    assert ended[-1]["state_type"] == "COMPLETED", up.log.read_text()
    (run,) = [r for r in list_runs(up.folder / "runs") if r.attrs["name"] == "demo"]
    assert run.status().state == "finished"
    assert run.status().iteration == 5
    assert run.report is not None


def test_the_ui_shows_all_of_a_run(up):
    shown = {}
    for name in ("invert demo", None):
        for one in up.ask(
            "/artifacts/filter", flow_runs={"name": {"any_": [name]}} if name else None, limit=200
        ):
            shown.setdefault(one["key"], one)
    assert {"inversion-progress", "inversion-report", "settings", "dask-dashboard", "report"} <= set(shown)
    assert shown["inversion-progress"]["data"] == 100
    assert "it 5/5" in shown["inversion-progress"]["description"]
    rows = {row["name"]: row["value"] for row in json.loads(shown["settings"]["data"])}
    assert rows["solver.niter"] == "5"
    assert rows["software.dask"]
    assert shown["report"]["data"].count("data:image/png;base64,") == 4
    assert "data:image/png;base64," in shown["inversion-report"]["data"]
    for one in ("report", "inversion-report"):  # nothing is fetched from elsewhere
        assert not re.search(r"(src=|\()[\"']?https?:", shown[one]["data"])


def test_a_new_file_is_ingested_and_inverted(up):
    shutil.copy(up.folder / "data/sample/seismic.sgy", up.folder / "inbox/march.sgy")

    def inverted():
        found = [r for r in list_runs(up.folder / "runs") if r.attrs["name"] == "monitoring"]
        return found if found and found[0].status().state == "finished" else None

    (run,) = wait(f"nothing was inverted; {up.log.read_text()}", inverted, 300)
    assert "march-" in run.attrs["dataset"]
    assert open_run(run.storage.url)["model"]["impedance"].shape == (6, 8, 64)
    assert len(up.runs("arrival")) == 1  # looked at again and again, the same file is not new


def test_forms_are_made_of_the_models(up):
    (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": ["sample"]}})
    schema = deployment["parameter_openapi_schema"]
    config = schema["definitions"]["PipelineConfig"]
    assert set(schema["properties"]) == {"config"}
    assert config["additionalProperties"] is False
    assert config["properties"]["checkpoint"]["description"]
    assert schema["definitions"]["CheckpointConfig"]["properties"]["keep"]["minimum"] == 2
    assert deployment["enforce_parameter_schema"]
