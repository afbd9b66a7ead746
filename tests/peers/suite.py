"""PyLops' own tests: fetched from PyPI as they were released, kept outside this repository, run through the adapter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass
class Item:
    """One test of the suite.

    Attributes
    ----------
    outcome : str
        passed, failed or skipped.
    applied : dict
        How many operators of each class were applied, each counted once.
    borrowed : list of str
        What the test took from PyLops itself, because this library has no such name.
    message : str
        Last line of the error.
    """

    outcome: str
    applied: dict[str, int] = field(default_factory=dict)
    borrowed: list[str] = field(default_factory=list)
    message: str = ""

    @property
    def counts(self) -> bool:
        """Whether the item exercises an operator, or failed, be it before it got so far."""
        return self.outcome == "failed" or (self.outcome == "passed" and bool(self.applied))


def cache() -> Path:
    """Folder of the fetched files."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PYLOPS_DISTRIBUTED_PEERS", base / "pylops-distributed" / "peers"))


def fetch() -> Path:
    """The folder with the tests of the PyLops that is installed, fetched once."""
    release = version("pylops")
    place = cache() / f"pylops-{release}"
    if not place.exists():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                 "--dest", folder, f"pylops=={release}"], check=True,
            )  # fmt: skip
            with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as sdist:
                # The tests and their data alone: the package next to them would hide the one installed.
                wanted = [
                    m for m in sdist.getmembers() if m.name.split("/")[1:2] in (["pytests"], ["testdata"])
                ]
                sdist.extractall(folder, wanted, filter="data")
            (Path(folder) / f"pylops-{release}").rename(place)
    return place


def files(suite: Path) -> list[str]:
    """Names of the files of tests."""
    return sorted(path.name for path in (suite / "pytests").glob("test_*.py"))


def run(suite: Path, names: Sequence[str], *options: str, timeout: float = 1500) -> dict[str, Item]:
    """Run files of the suite in a separate process; returns the items by their node ids."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]), "PEERS_REPORT": str(report),
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
        }  # fmt: skip
        environment.pop("PYTEST_ADDOPTS", None)
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n")
        command = [
            sys.executable, "-P", "-m", "pytest", "-c", str(settings), "--rootdir", str(suite), "-p", "adapter",
            "-p", "no:cacheprovider", "-q", "--continue-on-collection-errors", "--tb=short", *options,
        ]  # fmt: skip
        done = subprocess.run(
            [*command, *(f"pytests/{name}" for name in names)], cwd=suite, env=environment, timeout=timeout,
            capture_output=True, text=True,
        )  # fmt: skip
        if not report.exists():
            raise RuntimeError(f"the suite did not run:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        (cache() / "last.txt").write_text(done.stdout)
        noted = json.loads(report.read_text())
        return {node: Item(**values) for node, values in noted["items"].items()}


def keep(items: dict[str, Item]) -> None:
    """Note what became of the whole suite, for the table."""
    (cache() / "last.json").write_text(json.dumps({node: asdict(item) for node, item in items.items()}))


def kept() -> dict[str, Item]:
    """What became of the whole suite when it last ran."""
    noted = json.loads((cache() / "last.json").read_text())
    return {node: Item(**values) for node, values in noted.items()}
