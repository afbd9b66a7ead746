from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def sgy(tmp_path: Path) -> str:
    """Where to put a SEG-Y file."""
    return str(tmp_path / "file.sgy")
