"""Cost of a kill: the demo's driver killed with SIGKILL in mid-solve, and resumed at once.

    python benchmarks/recovery.py
    python benchmarks/recovery.py --kills 2 --shape 24 24 64

Runs the pipeline as `pld run` does, with a checkpoint every ten iterations, in a separate process, which is killed at
a random moment after its first checkpoint; then starts it again, and prints for each kill the iteration that was
reached, the one it resumed from, and the seconds until the first new step was done: interpreter, imports, Prefect's
server, two Dask workers, data and the checkpoint's check included. Once with the server that comes with each run, and
once with one that runs already. Exits with 1 if more iterations were computed again than two checkpoints are apart
(one may be under way), or the first new step took more than 15 s.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

from pylops_distributed.errors import InterruptedBySignal

EVERY, NITER, LIMIT = 10, 100_000, 15.0


def child(settings: Path, root: Path, log: Path) -> None:
    """As `pld run` does it, and a note of when each step was known to be done."""
    from pylops_flows.cli.late_binding import import_late
    from pylops_flows.cli.run_pipeline import run_pipeline
    from pylops_flows.cli.startup import Startup
    from pylops_flows.settings.pipeline import load

    changes = {"solver": {"niter": NITER}, "checkpoint": {"iterations": EVERY}}
    config = load(settings, {"root": str(root), **changes})
    with log.open("a", buffering=1) as file, suppress(InterruptedBySignal), Startup(verbose=False) as startup:

        def note(progress: Any) -> None:
            print(time.monotonic(), progress.iteration, progress.resumed or 0, file=file)

        import_late("progress_listeners").append(note)
        run_pipeline(config, startup)


def steps(log: Path) -> list[tuple[float, int, int]]:
    """Progress notes of the pipeline: time, iteration, and the iteration it had resumed from."""
    lines = log.read_text().splitlines() if log.exists() else []
    found = (line.split() for line in lines if line.count(" ") == 2)
    return [(float(when), int(at), int(since)) for when, at, since in found]


def until(log: Path, iteration: int, process: subprocess.Popen[Any]) -> tuple[float, int, int]:
    """Wait for a step after ``iteration``."""
    while not (found := [step for step in steps(log) if step[1] > iteration]):
        if process.poll() is not None:
            raise RuntimeError(f"the pipeline ended with code {process.returncode}: see above")
        time.sleep(0.02)
    return found[0]


def killed(folder: Path, settings: Path, environment: dict[str, str], rng: random.Random) -> dict[str, Any]:
    """One kill, and what came of it."""

    def start(log: str) -> tuple[subprocess.Popen[Any], Path]:
        words = [sys.executable, __file__, "--child", str(settings), str(folder / "runs"), str(folder / log)]
        return subprocess.Popen(words, env=environment, start_new_session=True), folder / log

    process, log = start("before")
    until(log, EVERY, process)
    time.sleep(rng.uniform(0, 5))
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = steps(log)[-1][1]
    begun = time.monotonic()
    process, log = start("after")
    when, _, since = until(log, 0, process)
    process.send_signal(signal.SIGTERM)
    process.wait(90)
    return {
        "reached": reached,
        "resumed from": since,
        "again": reached - since,
        "seconds": round(when - begun, 1),
    }


@contextmanager
def server(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A Prefect server that runs already."""
    from pylops_flows.server.embedded import free_port, healthy

    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    process = subprocess.Popen(
        [sys.executable, "-m", "pylops_flows.server.embedded", str(port), str(os.getpid())], env=environment
    )
    try:
        while not healthy(url):
            time.sleep(0.1)
        yield environment | {"PREFECT_API_URL": url}
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Kill, and print what it cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", type=int, nargs=3, default=(80, 96, 192))
    parser.add_argument("--child", type=Path, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(*options.child)
    from pylops_flows.cli.demo_data import make_demo

    rng, bad = random.Random(options.seed), False
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
        own = kept | {"PREFECT_HOME": str(place / "prefect"), "PREFECT_LOGGING_LEVEL": "CRITICAL",
                      "OPENBLAS_NUM_THREADS": "1",
                      "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}  # fmt: skip
        settings = make_demo(place, shape=tuple(options.shape))
        for kind in ("embedded", "server"):
            found = []
            with server(own) if kind == "server" else nothing(own) as environment:
                for n in range(options.kills):
                    folder = place / f"{kind}{n}"
                    folder.mkdir()
                    found.append(killed(folder, settings, environment, rng))
                    print(json.dumps({"server": kind, **found[-1]}), flush=True)
            slowest = max(f["seconds"] for f in found)
            summary = {
                "server": kind,
                "kills": len(found),
                "median seconds": median(f["seconds"] for f in found),
            }
            summary |= {"most seconds": slowest, "most iterations again": max(f["again"] for f in found)}
            print(json.dumps(summary), flush=True)
            bad |= slowest > LIMIT or summary["most iterations again"] >= 2 * EVERY
    sys.exit(bad)


@contextmanager
def nothing(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """No server but what comes with each run."""
    yield environment


if __name__ == "__main__":
    main()
