"""Run the tests against the newest Dask, distributed, Prefect, Zarr and what lies below them.

    python .ci/newest.py [--keep FOLDER] [PYTEST ARGUMENTS]

Makes an environment in a temporary folder without the pins of constraints.txt, and without this project's upper bounds
on those packages; runs tests/compat first, slow ones too, then the default tests (or what the arguments name); and
prints versions and failures. Each test of tests/compat belongs to one entry of pylops_distributed/compat or of the
flows' runtime/ and server/: where it fails, that entry needs a change, or the package an upper bound in pyproject.toml.
Ends with 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
SUBJECTS = (
    "dask", "distributed", "prefect", "prefect-dask", "zarr", "numcodecs", "obstore", "pydantic", "numpy", "xarray",
)  # fmt: skip
REQUIREMENT = re.compile(r"([\w.-]+)(\[[\w,-]+\])?(.*)")


def main() -> None:
    """Install, run, and print the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--keep", type=Path, help="folder of the environment, which is kept, and used if it exists"
    )
    options, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as scratch:
        python = environment(options.keep or Path(scratch, "venv"))
        print("\n".join(versions(python)), flush=True)
        runs = {"tests/compat": ["tests/compat", "-n", "0", "-m", ""], "tests": words}
        failed = {name: run(python, more, Path(scratch)) for name, more in runs.items()}
    for name, failures in failed.items():
        print(f"\n{name}: {len(failures)} failed", *failures, sep="\n    ")
    sys.exit(any(failed.values()))


def environment(folder: Path) -> Path:
    """The Python of an environment with the newest packages and this project."""
    python = folder / "bin/python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([*pip, "--upgrade", "--upgrade-strategy", "eager", *requirements()], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(ROOT)], check=True)
    return python


def requirements() -> list[str]:
    """What the project and its tests require, without upper bounds on the packages that are to be tried."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    return list(unbounded([*project["dependencies"], *extras["test"]], extras))


def unbounded(lines: list[str], extras: dict[str, list[str]]) -> Iterator[str]:
    """Requirements with this project's own extras written out, and without upper bounds on :data:`SUBJECTS`."""
    for line in lines:
        name, options, bounds = REQUIREMENT.fullmatch(line).groups("")  # type: ignore[union-attr]
        if name == "pylops-distributed":
            yield from (
                r for extra in options.strip("[]").split(",") for r in unbounded(extras[extra], extras)
            )
        elif name in SUBJECTS:
            yield name + options + ",".join(b for b in bounds.split(",") if not b.strip().startswith("<"))
        else:
            yield line


def versions(python: Path) -> Iterator[str]:
    """A table of the versions: those of constraints.txt, and those installed here."""
    freeze = [str(python), "-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check"]
    here = pins(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout)
    pinned = pins((ROOT / "constraints.txt").read_text())
    yield f"{'package':16}{'pinned':14}newest"
    for name in SUBJECTS:
        yield f"{name:16}{pinned.get(name, '-'):14}{here.get(name, '-')}"


def pins(text: str) -> dict[str, str]:
    """Versions by package."""
    return {name.lower(): pin for name, _, pin in (line.partition("==") for line in text.split()) if pin}


def run(python: Path, words: list[str], scratch: Path) -> list[str]:
    """Run tests, and return the names of those that failed."""
    report = scratch / "report.xml"
    report.unlink(missing_ok=True)
    own = {"PREFECT_HOME": str(scratch / "prefect"), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [
        str(python),
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        f"--junitxml={report}",
        *words,
    ]
    code = subprocess.run(command, cwd=ROOT, env=os.environ | own, check=False).returncode
    if not report.exists():
        return [f"pytest ended with {code}"]
    cases = ElementTree.parse(report).getroot().iter("testcase")
    failures = [
        f"{c.get('classname')}::{c.get('name')}" for c in cases if {"failure", "error"} & {e.tag for e in c}
    ]
    return failures or ([f"pytest ended with {code}"] if code else [])


if __name__ == "__main__":
    main()
