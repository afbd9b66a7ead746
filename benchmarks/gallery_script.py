"""One script of PyLops' gallery, run in this process: its numbers and its time go into a file.

    python -m benchmarks.gallery_script SCRIPT PACKAGE RESULT [--dask] [--round]

PACKAGE is ``pylops``, for the script as it is, or ``pylops_distributed``: every import of PyLops then takes this
library. NumPy's generators start from the same seed, those too that a script makes without one. The result is a pickled
dictionary with the ``seconds`` from the first import to the last line, the ``arrays`` that are left in the script's
globals, by name, and the last line of the ``error``, or None.
"""

from __future__ import annotations

import argparse
import pickle
import re
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.gallery_dask import feed_dask

SEED = 0
IMPORTS = (
    (r"^(\s*)import pylops$", r"\1import {} as pylops"),
    (r"^(\s*)import pylops\.(.*) as ", r"\1import {}.\2 as "),
    (r"^(\s*)from pylops((?:\.\w+)*) import ", r"\1from {}\2 import "),
)


def with_package(source: str, package: str) -> str:
    """A script whose imports of PyLops take another package."""
    for found, instead in IMPORTS:
        source = re.sub(found, instead.format(package), source, flags=re.MULTILINE)
    return source


def seed_numpy() -> None:
    """Start NumPy's generators from one seed, and those that are made without one."""
    made = np.random.default_rng
    np.random.seed(SEED)  # noqa: NPY002, scripts use it
    np.random.default_rng = lambda seed=None: made(SEED if seed is None else seed)  # type: ignore[assignment]


def round_products() -> None:
    """Change all that PyLops' operators return, and matrices, in the last digit, as another order of sums would.

    Searches of eigenvalues, to the tolerance that a script returns them, begin at another vector.
    """
    pylops, rng = import_module("pylops"), np.random.default_rng(SEED)
    kind, fill = pylops.LinearOperator, pylops.MatrixMult.__init__

    def other(y: np.ndarray) -> np.ndarray:
        if y.dtype.kind not in "fc":
            return y
        return np.asarray(y * (1 + np.finfo(y.dtype).eps * rng.choice([-1.0, 0.0, 1.0], y.shape)), y.dtype)

    def rounded(function: Any) -> Any:
        return lambda self, x: other(np.asarray(function(self, x)))

    def filled(self: Any, A: Any, *args: Any, **options: Any) -> None:
        fill(self, other(A) if isinstance(A, np.ndarray) else A, *args, **options)

    pylops.MatrixMult.__init__ = filled

    for name in ("matvec", "rmatvec"):
        setattr(kind, name, rounded(getattr(kind, name)))
    eigs = kind.eigs

    def started(self: Any, *args: Any, **options: Any) -> Any:
        return eigs(self, *args, **{"v0": rng.standard_normal(self.shape[1]).astype(self.dtype), **options})

    kind.eigs = started


def numbers(value: Any) -> np.ndarray | None:
    """A value as an array, if it is an array or a number of NumPy or Dask."""
    if type(value).__module__.startswith("dask.array"):
        value = value.compute(scheduler="sync")
    if isinstance(value, int | float | complex):
        return np.array(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        return np.array(value)
    return None


def arrays(values: dict[str, Any]) -> dict[str, tuple[np.ndarray, bool]]:
    """The numbers in a script's globals, its lists and tuples, and whether they are NumPy's, not Python's."""
    found = {}
    for name, value in values.items():
        if name.startswith("__"):
            continue
        members = enumerate(value) if isinstance(value, list | tuple) else [("", value)]
        for place, member in members:
            array = numbers(member)
            if array is not None:
                found[f"{name}[{place}]" if place != "" else name] = array, hasattr(member, "dtype")
    return found


def run(path: Path, package: str) -> dict[str, Any]:
    """Run a script; returns its seconds, arrays and error."""
    source = path.read_text()
    if package != "pylops":
        source = with_package(source, package)
    code = compile(source, str(path), "exec")
    values: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    seed_numpy()
    error = None
    start = time.perf_counter()
    try:
        exec(code, values)
    except Exception as failure:
        traceback.print_exc()
        line = next(
            (
                f.lineno
                for f in reversed(traceback.extract_tb(failure.__traceback__))
                if f.filename == str(path)
            ),
            0,
        )
        error = f"line {line}: {type(failure).__name__}: {failure}".partition("\n")[0]
    seconds = time.perf_counter() - start
    plt.close("all")
    return {"seconds": seconds, "arrays": arrays(values), "error": error}


def main() -> None:
    """Run the script that is named, and write what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("script", type=Path)
    parser.add_argument("package", choices=["pylops", "pylops_distributed"])
    parser.add_argument("result", type=Path)
    parser.add_argument("--dask", action="store_true", help="hand operators and solvers Dask arrays")
    parser.add_argument(
        "--round", action="store_true", help="change what PyLops' operators return by rounding"
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.dask:
        feed_dask()
    if given.round:
        round_products()
    given.result.write_bytes(pickle.dumps(run(given.script, given.package)))


if __name__ == "__main__":
    main()
