"""Generated calls of PyLops' functions with its defaults, by PyLops and by this library: how many models differ.

    python -m benchmarks.parity --examples 2000 --seed 0 --minutes 20

Functions and drivers, operators and their combinations, types, sizes, chunks, scales of the data from 1e-12 to 1e12,
damping, initial models, weights and regularisation are drawn from seed and number (``parity_cases.py``,
``parity_drivers.py``). Models agree if the norm of their difference is not above 1e-6 (double precision) or 1e-3
(single) of the norm of PyLops' model.

PyLops' default stops by a tolerance, and where it stops may hang on the last digit of the data: its own model then
changes by more than that if the data change by rounding. So what differs is looked at again:

- ``as PyLops itself``: the models differ by no more than ten times what PyLops' model changes when its data change in
  their last digit (the largest of six random changes), *and* with tolerances of zero and 400 steps, where they can be
  set, both agree within the bar.
- ``differ``: all others. The bar is that there are none.

Where PyLops is wrong (CGLS with an initial model and damping, warm IRLS with the engine ``pylops``) the dense optimum
stands
for PyLops. Where PyLops raises an error there is nothing to compare: these calls are counted and not made up for.
Prints one JSON line; the exit code is the number of models that differ.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pylops

import pylops_distributed as pld
from benchmarks.parity_cases import Call
from benchmarks.parity_drivers import generated

ROOT = Path(__file__).parent.parent
BARS = {"f4": 1e-3, "c8": 1e-3, "f8": 1e-6, "c16": 1e-6}
# How much more than by a last digit of the data models may differ.
WORST = 10


def same(x: Any) -> Any:
    """An array as it is."""
    return x


def difference(ours: Any, theirs: Any) -> float:
    """Norm of the difference of models, relative to theirs."""
    ours, theirs = (np.asarray(m).astype(complex) for m in (ours, theirs))
    size = float(np.linalg.norm(theirs))
    distance = float(np.linalg.norm(ours - theirs))
    return distance / size if size else float(distance > 0)


def perturbed(call: Call, seed: int) -> Any:
    """A function that changes arrays in their last digit."""
    rng, eps = np.random.default_rng(seed), float(np.finfo(call.dtype).eps)
    return lambda x: (np.asarray(x) * (1 + eps * rng.choice([-1.0, 0.0, 1.0], np.shape(x)))).astype(x.dtype)


def verdict(call: Call, array: Any) -> tuple[str, float]:
    """How one call went, and the relative difference of the models."""
    bar = BARS[call.dtype]
    theirs = call.dense
    if theirs is None:
        try:
            theirs = call.run(pylops, same)
        except Exception as error:
            return f"PyLops fails: {type(error).__name__}", 0.0
    found = difference(call.run(pld, array), theirs)
    if found <= bar or call.dense is not None or not np.isfinite(found):
        return ("agree" if found <= bar else "differ"), found
    own = max(difference(call.run(pylops, perturbed(call, k)), theirs) for k in range(6))
    if found > WORST * own:
        return "differ", found
    if not call.exact:
        return "as PyLops itself", found
    again = difference(call.run(pld, array, **call.exact), call.run(pylops, same, **call.exact))
    return ("as PyLops itself" if again <= bar else "differ"), found


def compare(seed: int, indices: Any, minutes: float = np.inf, tell: Any = print) -> Counter[str]:
    """Verdicts of calls, counted; those that differ are passed to ``tell``."""
    counts: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    for index in indices:
        if time.monotonic() > end:
            break
        call, array = generated(seed, index)
        with warnings.catch_warnings(), np.errstate(all="ignore"), dask.config.set(scheduler="sync"):
            warnings.simplefilter("ignore")
            outcome, found = verdict(call, array)
        counts[outcome] += 1
        if outcome == "differ":
            tell(f"{index}: {call.name}, {call.dtype}, scale {call.scale:.0e}: {found:.1e}")
    return counts


def commit() -> str:
    """The commit of this checkout."""
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    """Compare as many calls as asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first example")
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    start = time.monotonic()
    counts = compare(given.seed, range(given.first, given.first + given.examples), given.minutes)
    print(json.dumps({
        "commit": commit(), "pylops": pylops.__version__, "seed": given.seed, "compared": sum(counts.values()),
        "seconds": round(time.monotonic() - start), **dict(sorted(counts.items())),
    }))  # fmt: skip
    return min(counts["differ"], 255)


if __name__ == "__main__":
    sys.exit(main())
