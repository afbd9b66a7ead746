"""The scripts in ``examples`` draw their pictures."""

import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(p for p in (ROOT / "examples").glob("*.py") if p.stem != "picture")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_pictures_are_drawn(script, tmp_path, environment):
    target = tmp_path / "picture.png"
    subprocess.run(
        [sys.executable, "-W", "error", script, target], check=True, env=environment | {"MPLBACKEND": "Agg"}
    )
    assert matplotlib.image.imread(target).std() > 0.05
