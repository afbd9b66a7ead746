from __future__ import annotations

import uuid
from pathlib import Path

import pytest


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place to store at: a folder with an awkward name, or an S3 prefix."""
    if request.param == "local":
        return str(tmp_path / "a run #1 é%.zarr")
    return f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}"
