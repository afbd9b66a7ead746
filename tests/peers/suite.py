"""PyLops' own tests: fetched from PyPI as they were released, kept outside this repository, run through the adapter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# In which kinds of arrays the tests' vectors come into this library; see `feeding.py` and `as_they_are.py`.
ARRAYS = ("chunks", "numpy")
# Files that fail without a package, and that do not skip their items themselves.
NEEDS = {
    "test_ct.py": "astra", "test_twoway.py": "devito", "test_jaxoperator.py": "jax",
    "test_pytensoroperator.py": "pytensor", "test_torchoperator.py": "torch",
}  # fmt: skip


@dataclass
class Item:
    """One test of the suite.

    Attributes
    ----------
    outcome : str
        passed, failed or skipped.
    applied : dict
        How many operators of each class were applied, each counted once.
    message : str
        Last line of the error.
    """

    outcome: str
    applied: dict[str, int] = field(default_factory=dict)
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


def runnable(names: Sequence[str]) -> list[str]:
    """Those files whose engines are installed."""
    return [name for name in names if name not in NEEDS or find_spec(NEEDS[name]) is not None]


def run(
    suite: Path, names: Sequence[str], arrays: str, *options: str, timeout: float = 1500
) -> dict[str, Item]:
    """Run files of the suite in a separate process; returns the items by their node ids.

    Each item is noted in a file of the cache as it ends, which :func:`kept` reads.
    """
    report = cache() / f"{arrays}.jsonl"
    report.unlink(missing_ok=True)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]), "PEERS_REPORT": str(report), "PEERS_ARRAYS": arrays,
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
    }  # fmt: skip
    environment.pop("PYTEST_ADDOPTS", None)
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n")
        command = [
            sys.executable, "-P", "-m", "pytest", "-c", str(settings), "--rootdir", str(suite), "-p", "adapter",
            "-p", "no:cacheprovider", "-q", "--continue-on-collection-errors", "--tb=short", *options,
        ]  # fmt: skip
        with (cache() / f"{arrays}.txt").open("w") as output:
            done = subprocess.run(
                [*command, *(f"pytests/{name}" for name in names)], cwd=suite, env=environment, timeout=timeout,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
    if done.returncode not in (0, 1):  # all passed, or some failed
        raise RuntimeError(f"the suite did not run:\n{(cache() / f'{arrays}.txt').read_text()[-3000:]}")
    return kept(arrays)


def kept(arrays: str) -> dict[str, Item]:
    """What became of the items of the last run."""
    lines = map(json.loads, (cache() / f"{arrays}.jsonl").read_text().splitlines())
    return {node: Item(**values) for node, values in lines}
