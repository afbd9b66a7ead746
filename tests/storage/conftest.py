from __future__ import annotations

import sys
import uuid
from pathlib import Path

import pytest


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place to store at: a folder with an awkward name, or an S3 prefix."""
    if request.param == "local":
        return str(tmp_path / "a run #1 é%.zarr")
    return f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for modules, which nothing knows of afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two texts of one second have one time stamp
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
