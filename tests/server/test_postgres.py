"""`pld up` with a PostgreSQL server that it starts."""

import shutil
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
from conftest import Services
from waiting import wait

from pylops_flows.server.postgres import data_folder, database_url

DEPLOYMENT = ("deploy", "data/sample/demo.yaml", "--name", "kept", "--set", "solver.niter=3")


@pytest.mark.server
@pytest.mark.timeout(600)
def test_runs_are_kept_in_postgres(tmp_path, environment, sample):
    sample(tmp_path)
    home = tmp_path / "prefect"
    folder = data_folder(home / "pylops-distributed-postgres")
    try:
        services = Services(tmp_path, environment | {"PREFECT_HOME": str(home)}, "--database", "postgres")
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
        assert (folder / "data/PG_VERSION").exists()
        process = psutil.Process(int((folder / "data/postmaster.pid").read_text().split()[0]))
        assert not process.net_connections("inet")  # nobody else can reach it
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE  # its parent may reap nothing
    shutil.rmtree(folder)
    assert not (home / "prefect.db").exists()


def test_a_database_that_is_not_known(tmp_path):
    with (
        pytest.raises(ValueError, match="expected sqlite, postgres, or postgresql://"),
        database_url("mysql", tmp_path),
    ):
        pass
    with database_url("postgres://me@host/db", tmp_path) as url:
        assert url == "postgresql+asyncpg://me@host/db"


def test_a_half_made_database_is_made_anew(tmp_path):
    folder = data_folder(tmp_path)
    try:
        new = folder / "data.new"
        new.mkdir(parents=True)
        (new / "PG_VERSION").write_text("killed here")
        with (
            suppress(FileNotFoundError),
            database_url("postgres", tmp_path) as url,
        ):  # where it is not installed
            assert Path(url.partition("host=")[2]).is_dir()
            assert (folder / "data/global").is_dir()
            assert not new.exists()
        assert not (folder / "data/postmaster.pid").exists()
    finally:
        shutil.rmtree(folder)
