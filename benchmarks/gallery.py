"""PyLops' gallery and tutorials, as they are and with one import changed: which run and agree, and how long they take.

    python -m benchmarks.gallery                        # all, scripts from the source distribution on PyPI
    python -m benchmarks.gallery plot_cgls mdd          # some
    python -m benchmarks.gallery --source FOLDER --dask # an unpacked source distribution; with Dask arrays

Each script of ``examples/`` and ``tutorials/`` of the installed PyLops runs twice in a separate process, drawing
into memory: as it is, and with ``import pylops`` changed to ``import pylops_distributed as pylops``. All arrays that
both leave in the script's globals are compared: they agree if the norm of the difference is at most 2e-3 of the norm of
PyLops', or lies in the rounding of numbers of size one. Where arrays differ, PyLops runs once more, with all products
of its operators, and its matrices, changed in their last digit and with another start of eigenvalue searches; "as
PyLops itself" are those scripts whose arrays differ by no more than ten times what PyLops' own then change by: their
solvers run past what rounding leaves of the numbers, or step by an eigenvalue that is known to some percent. They count
as agreeing. Arrays that PyLops gets wrong (``WRONG``) are left out, and named. Prints a line a script and the totals as
JSON; the exit code is the number of scripts that run with PyLops and fail or differ with this library.

Scripts are run where they lie. Some want packages that PyLops does not: numba, spgl1, dtcwt, jax, torch, pymc, pooch;
without them they fail in PyLops itself.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
BAR = 2e-3
WORST = 10  # how much more than by a last digit of its operators' results a script's arrays may differ
# What rounding leaves of numbers of size one that should be zero (root mean square); True: in single precision.
ROUNDING = {False: 1e-10, True: 1e-6}
# Arrays of seconds, by script.
SECONDS = {"linearoperator": {"t1", "t2", "t3", "t4"}}
# Arrays that PyLops gets wrong, by script, and why.
WRONG = {
    "deghosting": ({"pup", "pdown"}, "PyLops orders the wavenumbers of an odd number of receivers wrongly"),
    "solvers": ({"xspgl1", "pspgl1"}, "the line search of spgl1 fails, and its residual is twice ours"),
}
PYLOPS, OURS = "pylops", "pylops_distributed"


def fetch(folder: Path) -> Path:
    """The source distribution of the installed PyLops, unpacked into a folder."""
    name = f"pylops-{version('pylops')}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        "pylops",
        "--dest",
        folder,
    ]
    subprocess.run([*command, name.replace("-", "==")], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sdist:
        sdist.extractall(folder, filter="data")
    return folder / name


def scripts(source: Path, names: list[str]) -> list[Path]:
    """The scripts of a source distribution, or those of them that are named."""
    found = sorted([*source.glob("examples/*.py"), *source.glob("tutorials/*.py")])
    missing = set(names) - {path.stem for path in found}
    if missing:
        raise SystemExit(f"no scripts {sorted(missing)} in {source}; there are {[p.stem for p in found]}")
    return [path for path in found if not names or path.stem in names]


def run(path: Path, package: str, given: argparse.Namespace, *options: str) -> dict[str, Any]:
    """Run a script in a separate process; returns its seconds, arrays and error."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        command = [sys.executable, "-m", "benchmarks.gallery_script", path, package, result, *options]
        if given.dask and package == OURS:
            command.append("--dask")
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        try:
            done = subprocess.run(
                command,
                cwd=path.parent,
                env=environment,
                capture_output=True,
                text=True,
                timeout=given.seconds,
            )
        except subprocess.TimeoutExpired:
            return {"seconds": given.seconds, "arrays": {}, "error": f"ended after {given.seconds:g} s"}
        if given.verbose:
            print(done.stdout, done.stderr, file=sys.stderr)
        if result.exists():
            return dict(pickle.loads(result.read_bytes()))
        return {"seconds": 0.0, "arrays": {}, "error": done.stderr.strip().rpartition("\n")[2]}


def difference(ours: np.ndarray | None, theirs: np.ndarray) -> float:
    """Norm of the difference of arrays, relative to that of theirs; zero within rounding."""
    if ours is None or ours.shape != theirs.shape:
        return np.inf
    if not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
        return np.inf
    finite = np.isfinite(theirs)
    a, b = (x[finite].astype(complex) for x in (ours, theirs))
    distance, size = float(np.linalg.norm(a - b)), float(np.linalg.norm(b))
    if distance <= ROUNDING[theirs.dtype.char in "fF"] * b.size**0.5:
        return 0.0
    return distance / size if size else np.inf


def apart(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """By how much NumPy's arrays and numbers differ, by name; Python's own are settings, and seconds."""
    found = {name: array for name, (array, _) in ours["arrays"].items()}
    return {name: difference(found.get(name), a) for name, (a, numpys) in theirs["arrays"].items() if numpys}


def compare(
    ours: dict[str, Any], theirs: dict[str, Any], rounded: Callable[[], dict[str, Any]]
) -> tuple[str, str]:
    """How a script went, and the details; ``rounded`` runs PyLops with other rounding."""
    if theirs["error"]:
        return "fails in PyLops itself", theirs["error"]
    if ours["error"]:
        return "fails", ours["error"]
    found = apart(ours, theirs)
    wrong = {name: value for name, value in found.items() if value > BAR}
    if not wrong:
        return "agrees", f"{len(found)} arrays, {max(found.values(), default=0.0):.0e}"
    own = apart(rounded(), theirs)
    same = all(value <= WORST * own[name] for name, value in wrong.items())
    details = (f"{name} by {value:.1e} (PyLops {own[name]:.1e})" for name, value in wrong.items())
    return "as PyLops itself" if same else "differs", ", ".join(details)


def main() -> int:
    """Run the scripts, and print what became of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="scripts, without .py; default: all")
    parser.add_argument("--source", type=Path, help="folder of an unpacked source distribution of PyLops")
    parser.add_argument("--dask", action="store_true", help="hand our operators and solvers Dask arrays")
    parser.add_argument("--seconds", type=float, default=300, help="most seconds a script may take")
    parser.add_argument("--verbose", action="store_true", help="show what scripts print")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    total = dict.fromkeys((PYLOPS, OURS), 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for path in scripts((given.source or fetch(Path(folder))).resolve(), given.names):
            theirs, ours = run(path, PYLOPS, given), run(path, OURS, given)
            wrong, reason = WRONG.get(path.stem, (set(), ""))
            for name in SECONDS.get(path.stem, set()) | wrong:
                theirs["arrays"].pop(name, None)
            verdict, details = compare(ours, theirs, partial(run, path, PYLOPS, given, "--round"))
            counts[verdict] += 1
            if verdict not in ("fails", "fails in PyLops itself"):
                total[PYLOPS] += theirs["seconds"]
                total[OURS] += ours["seconds"]
            times = f"{theirs['seconds']:6.1f} s {ours['seconds']:6.1f} s"
            print(f"{path.stem:22s} {times}  {verdict}: {details}{f'; {reason}' * bool(wrong)}", flush=True)
    able = sum(counts.values()) - counts["fails in PyLops itself"]
    well = counts["agrees"] + counts["as PyLops itself"]
    print(json.dumps({
        "pylops": version("pylops"), "dask": given.dask, **counts, "share": round(well / max(able, 1), 4),
        "seconds": {k: round(v, 1) for k, v in total.items()},
        "ratio": round(total[OURS] / max(total[PYLOPS], 1e-9), 3),
    }))  # fmt: skip
    return able - well


if __name__ == "__main__":
    sys.exit(main())
