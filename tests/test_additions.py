"""One more of each kind, as CONTRIBUTING says: one new file, one line, one case, in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADDITIONS = Path(__file__).parent / "additions"
FOLDERS = ("pylops_distributed", "flows", "tests", "data", "pyproject.toml")


@dataclass(frozen=True)
class Addition:
    """An addition, and the command that then passes.

    ``file`` is new, a copy of one in ``tests/additions``. ``line`` and ``case`` are lines, each put before the first
    line of a file that begins with some words; a case may also be a command alone.
    """

    file: tuple[str, str]
    line: tuple[str, str, str]
    case: tuple[str, str, str] | None
    command: tuple[str, ...]


PYTEST = ("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider")
ONES = {
    "operator": Addition(
        ("operator.py", "pylops_distributed/basicoperators/halve.py"),
        (
            "pylops_distributed/basicoperators/__init__.pyi",
            "from .hstack ",
            "from .halve import Halve as Halve",
        ),
        (
            "tests/cases_basic.py",
            '    given("1-D", "Flip"',
            '    given("1-D", "basicoperators.Halve", 6, reference=False),',
        ),
        (*PYTEST, "tests/test_operators.py", "tests/test_docstrings.py", "-k", "Halve or has_a_case"),
    ),
    "solver": Addition(
        ("solver.py", "pylops_distributed/optimization/algorithms/landweber.py"),
        (
            "pylops_distributed/optimization/__init__.pyi",
            "from .algorithms.linearizedadmm",
            "from .algorithms.landweber import Landweber as Landweber",
        ),
        (
            "tests/optimization/solvers.py",
            '    Case("cg",',
            '    Case("landweber", po.Landweber(6), stored={"LandweberState": "model cost"}),',
        ),
        (*PYTEST, "tests/optimization/test_solvers.py", "-k", "landweber or registered"),
    ),
    "problem": Addition(
        ("problem.py", "pylops_distributed/problems/doubling.py"),
        (
            "pylops_distributed/problems/registry.py",
            '        "interpolation":',
            '        "doubling": "pylops_distributed.problems.doubling:Doubling",',
        ),
        ("tests/storage/test_stored_names.py", '    "interpolation",', '    "doubling",'),
        ("-m", "pylops_flows.cli.main", "demo", "doubling", "--root", "runs"),
    ),
    "cluster": Addition(
        ("cluster.py", "pylops_distributed/clusters/threads.py"),
        (
            "pylops_distributed/clusters/client.py",
            '        "single":',
            '        "threads": "pylops_distributed.clusters.threads:THREADS",',
        ),
        None,
        (
            "-c",
            "from pylops_distributed.utils.backend import dask\n"
            "with dask('threads', n_workers=1) as client:\n"
            "    assert client.submit(sum, [1, 2]).result() == 3",
        ),
    ),
    "format": Addition(
        ("format.py", "pylops_distributed/ingest/formats/text.py"),
        (
            "pylops_distributed/ingest/formats/source.py",
            '    "zarr": Format(',
            '    "text": Format("text:read_numbers", (".num",)),',
        ),
        None,
        (
            "-c",
            "import numpy as np\n"
            "from pylops_distributed.ingest import Source, ingest, open_dataset\n"
            "np.savetxt('numbers.num', np.arange(6.0).reshape(2, 3))\n"
            "ds = open_dataset(ingest(Source(path='numbers.num'), 'numbers.zarr').url)\n"
            "assert ds['numbers'].values.tolist() == [[0, 1, 2], [3, 4, 5]]",
        ),
    ),
    "command": Addition(
        ("command.py", "flows/pylops_flows/cli/commands/hello.py"),
        (
            "flows/pylops_flows/cli/command_table.py",
            '    "runs": CommandEntry(',
            '    "hello": CommandEntry("hello:hello_command", INSPECT, "Say hello."),',
        ),
        None,
        ("-m", "pylops_flows.cli.main", "hello", "world"),
    ),
}


def insert(path, before, line):
    """Put a line before the first one that begins with some words."""
    lines = path.read_text().splitlines()
    at = next(i for i, each in enumerate(lines) if each.startswith(before))
    path.write_text("\n".join([*lines[:at], line, *lines[at:]]) + "\n")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ONES)
def test_one_file_one_line_one_case(tmp_path, kind, environment):
    one = ONES[kind]
    for name in FOLDERS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    new = tmp_path / one.file[1]
    assert not new.exists()
    shutil.copy(ADDITIONS / one.file[0], new)
    for path, before, line in filter(None, (one.line, one.case)):
        insert(tmp_path / path, before, line)
    folders = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(tmp_path / "flows")])}
    checks = (
        *PYTEST,
        "tests/test_imports.py",
        "tests/storage/test_stored_names.py",
        "-k",
        new.stem + " or circle or flat or registries or lazy_name or keep_their_names or names_in_tokens",
    )
    for command in (one.command, checks):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment | folders,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
