"""`pld up` with a PostgreSQL server that it starts."""

import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from conftest import Services
from waiting import wait

from pylops_flows.server.postgres import database_url

DEPLOYMENT = ("deploy", "data/sample/demo.yaml", "--name", "kept", "--set", "solver.niter=3")


@pytest.fixture
def open_folder():
    """A folder that the account of PostgreSQL can reach, where these tests are root's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.server
@pytest.mark.timeout(600)
def test_runs_are_kept_in_postgres(open_folder, environment, sample):
    sample(open_folder)
    home = open_folder / "prefect"
    try:
        services = Services(open_folder, environment | {"PREFECT_HOME": str(home)}, "--database", "postgres")
    except AssertionError as error:
        if "pg_ctl was not found" in str(error):
            pytest.skip("PostgreSQL is not installed")
        raise
    with closing(services) as up:
        up.run(*DEPLOYMENT)
        (deployment,) = up.ask("/deployments/filter", deployments={"name": {"any_": ["kept"]}})
        up.ask(f"/deployments/{deployment['id']}/create_flow_run")
        wait(
            "it did not complete", lambda: [r for r in up.runs("kept") if r["state_type"] == "COMPLETED"], 300
        )
        (process,) = [p for p in up.family() if "postgres" in p.name() and "-D" in p.cmdline()]
        assert not process.net_connections("inet")  # nobody else can reach it
    assert not process.is_running()
    assert (home / "pylops-distributed-postgres/data/PG_VERSION").exists()
    assert not (home / "prefect.db").exists()


def test_a_database_that_is_not_known(tmp_path):
    with (
        pytest.raises(ValueError, match="expected sqlite, postgres, or postgresql://"),
        database_url("mysql", tmp_path),
    ):
        pass
    with database_url("postgres://me@host/db", tmp_path) as url:
        assert url == "postgresql+asyncpg://me@host/db"


def test_a_half_made_database_is_made_anew(open_folder):
    new = open_folder / "data.new"
    new.mkdir()
    (new / "PG_VERSION").write_text("killed here")
    with (
        suppress(FileNotFoundError),
        database_url("postgres", open_folder) as url,
    ):  # where it is not installed
        assert Path(url.partition("host=")[2]).is_dir()
        assert (open_folder / "data/global").is_dir()
        assert not new.exists()
    assert not (open_folder / "data/postmaster.pid").exists()
