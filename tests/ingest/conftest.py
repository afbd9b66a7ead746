from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pylops_distributed.ingest import Source, write_segy


@pytest.fixture
def sgy(tmp_path: Path) -> str:
    """Where to put a SEG-Y file."""
    return str(tmp_path / "file.sgy")


@pytest.fixture
def cube(rng) -> np.ndarray:
    return rng.normal(size=(6, 6, 10)).astype("f4")


@pytest.fixture
def source(sgy, cube) -> Source:
    write_segy(sgy, cube, dt_ms=2)
    return Source(path=sgy)


@pytest.fixture
def url(tmp_path) -> str:
    return str(tmp_path / "a data set #1.zarr")


@pytest.fixture
def small_blocks(tuned) -> None:
    """Two chunks of the cube in a block: three blocks."""
    tuned("ingest.block", 2 * 2 * 3 * 10 * 4)
