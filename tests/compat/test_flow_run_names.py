"""A name that a person gave a flow run stays; one that Prefect made up says what the run is of."""

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.names import generate_slug

from pylops_flows.runtime.flow_run_names import is_made_up, name_from


@flow(flow_run_name=name_from("postprocess {run}"))
def about(run: str) -> str:
    return run


def test_made_up_names_are_known():
    assert all(is_made_up(generate_slug(2)) for _ in range(500))
    for name in ("mine-1", "B1", "night run", "invert demo", "field-x-2026", "demo"):
        assert not is_made_up(name)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "last"), [("mine-1", "mine-1"), (None, "postprocess demo-41b3a5df")])
def test_names_given_are_kept(server, first, last):
    url = server["PREFECT_API_URL"]
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        values = {"run": "file:///data/runs/demo-41b3a5df.zarr"}
        flow_run = client.create_flow_run(about, name=first, parameters=values)
        run_flow(about, flow_run=flow_run, parameters=values)
        assert client.read_flow_run(flow_run.id).name == last
