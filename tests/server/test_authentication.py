"""`pld up` with Prefect's password: nothing is answered without it, and runs complete with it."""

from contextlib import closing

import httpx
import pytest
from conftest import Services
from waiting import wait

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

PASSWORD = "admin:a secret"


def test_a_server_with_a_password(tmp_path, environment, sample):
    sample(tmp_path)
    own = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_SERVER_API_AUTH_STRING": PASSWORD}
    with closing(Services(tmp_path, environment | own | {"PREFECT_API_AUTH_STRING": PASSWORD})) as up:
        answer = httpx.post(f"{up.url}/flow_runs/filter", json={}, trust_env=False)
        assert answer.status_code == httpx.codes.UNAUTHORIZED
        up.run("deploy", "data/sample/demo.yaml", "--name", "locked", "--set", "solver.niter=3")
        (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": ["locked"]}})
        up.ask(f"/deployments/{deployment['id']}/create_flow_run")
        wait(
            "it did not complete",
            lambda: [r for r in up.runs("locked") if r["state_type"] == "COMPLETED"],
            300,
        )
        assert PASSWORD not in up.log.read_text()
