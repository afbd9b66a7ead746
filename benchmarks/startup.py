"""Processor time of whole processes that start: imports, and commands that end at once.

``python benchmarks/startup.py`` measures each command of the table next to its peer, in turn, several times, and prints
medians. It ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

MISTAKE = "dataset: data.zarr\nproblem: {name: poststack, vertcal: 0.1}\nsolver: {name: cgls, niter: 0}\n"
MOST_MODULES = 80


class Case(NamedTuple):
    """A process, and what it may take: processor seconds, or those of another process times a factor."""

    name: str
    code: tuple[str, ...]
    bar: float
    peer: tuple[str, ...] = ()
    exit_code: int = 0


def python(code: str) -> tuple[str, ...]:
    return ("-c", code)


def pld(*words: str) -> tuple[str, ...]:
    return ("-c", "from pylops_flows.cli.main import main; main()", *words)


LIBRARIES = python("import xarray, zarr, pydantic")
CASES = (
    Case("import pylops_distributed", python("import pylops_distributed"), 0.1),
    Case(
        "first FirstDerivative",
        python("import pylops_distributed; pylops_distributed.FirstDerivative((10, 10))"),
        1.15,
        python("import pylops, dask.array"),
    ),
    Case("pld --help", pld("--help"), 0.4),
    Case("pld runs", pld("runs"), 1.3, LIBRARIES),
    Case("pld run, settings with mistakes", pld("run", "mistake.yaml"), 1.3, LIBRARIES, exit_code=2),
)


def seconds(code: tuple[str, ...], folder: str, exit_code: int = 0) -> float:
    """Return the processor time of one process, that of its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *code], cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != exit_code:
        raise RuntimeError(f"{code} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def modules() -> int:
    """Return how many modules the import of the library adds to those of a bare interpreter."""
    code = (
        "import sys; bare = set(sys.modules); import pylops_distributed; print(len(set(sys.modules) - bare))"
    )
    return int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def measure(case: Case, rounds: int, folder: str) -> bool:
    """Print one case next to its peer, and return whether it is within its bar."""
    own, peers = [], []
    for _ in range(rounds):
        own.append(seconds(case.code, folder, case.exit_code))
        if case.peer:
            peers.append(seconds(case.peer, folder))
    time, limit = median(own), case.bar * (median(peers) if peers else 1.0)
    peer = f"{median(peers):.3f} s by `{case.peer[-1]}`, {time / median(peers):.2f} x" if peers else ""
    print(f"{case.name:32} {time:.3f} s, at most {limit:.3f} s  {peer}{'' if time <= limit else '  MISSED'}")
    return time <= limit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "mistake.yaml").write_text(MISTAKE)
        Path(folder, "runs").mkdir()
        os.environ["PREFECT_HOME"] = str(Path(folder, "prefect"))
        within = [measure(case, rounds, folder) for case in CASES]
    count = modules()
    print(f"{'modules imported with the library':32} {count}, at most {MOST_MODULES}")
    sys.exit(not (all(within) and count < MOST_MODULES))


if __name__ == "__main__":
    main()
