"""Small files are ingested without a server, unless one is configured."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

from pylops_distributed.ingest import open_dataset
from pylops_flows.cli.commands import ingest as command
from pylops_flows.cli.main import app
from pylops_flows.server.configured import server_is_configured


@pytest.fixture(autouse=True)
def _nothing_is_configured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    (tmp_path / "prefect").mkdir()


class StartedError(Exception):
    """A flow was about to start."""


@pytest.fixture
def ingest(tmp_path, monkeypatch):
    """Run the command on a small file; raises where it would start a server and a flow."""
    np.save(tmp_path / "raw.npy", np.arange(6.0))

    def begin(*_: object, **__: object) -> None:
        raise StartedError

    monkeypatch.setattr(command, "Startup", begin)
    monkeypatch.setattr(subprocess, "Popen", begin)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["ingest", "raw.npy", "raw.zarr", *words])
        assert (done.exit_code == 0) == ("dataset: " in done.output), done.output
        return done.output

    return run


def test_a_small_file_starts_no_process(ingest, tmp_path):
    assert ingest() == f"dataset: {tmp_path / 'raw.zarr'}\n"
    np.testing.assert_array_equal(open_dataset("raw.zarr").raw, np.arange(6.0))


def test_a_large_one_a_server_and_a_flow_that_is_asked_for_do(ingest, monkeypatch, tuned):
    assert "StartedError" in ingest("--flow")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert "StartedError" in ingest()
    monkeypatch.delenv("PREFECT_API_URL")
    tuned("pipelines.driver-ingest", 6 * 8 - 1)
    assert "StartedError" in ingest()
    tuned("pipelines.driver-ingest", 6 * 8)
    assert "dataset: " in ingest()


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("prefect/profiles.toml", 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://x/api"\n', True),
        ("prefect/profiles.toml", 'active = "b"\n[profiles.a]\nPREFECT_API_URL = ""\n[profiles.b]\n', False),
        ("prefect/profiles.toml", "active = ", True),
        (".env", "PREFECT_API_URL=http://x/api\n", True),
        (".env", "OTHER=1\n", False),
        ("prefect.toml", "[api]\n", True),
        ("pyproject.toml", "[tool.prefect.api]\n", True),
        ("pyproject.toml", "[tool.ruff]\n", False),
    ],
)  # fmt: skip
def test_places_where_a_server_is_configured(tmp_path, file, text, expected):
    assert not server_is_configured()
    (tmp_path / file).write_text(text)
    assert server_is_configured() is expected
