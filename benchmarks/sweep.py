"""A sweep of eight inversions on two workers, side by side and one after another: seconds and their ratio.

    python benchmarks/sweep.py
    python benchmarks/sweep.py --shape 32 40 192 --niter 40 --one

runs the same Prefect flows in both cases, on one ingested demo volume and one running cluster and server, and prints
one JSON line. One after another, each inversion has both workers (``both``), as ``pld run`` eight times would; with
``--one`` also on a cluster of one worker (``one``). Exits with 1 if the sweep is less than 1.7 times faster than
either, or if models differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 1.7
VALUES = {"solver.damp": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]}


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and its result."""
    start = time.perf_counter()
    found = work()
    taken = time.perf_counter() - start
    print(f"{taken:.1f} s", file=sys.stderr, flush=True)
    return taken, found


def models(urls: list[str]) -> list[np.ndarray[Any, Any]]:
    """The impedances that were found."""
    from pylops_distributed import open_run

    return [open_run(url)["model"]["impedance"].values for url in urls]


def measure(folder: Path, shape: tuple[int, ...], niter: int, one: bool) -> dict[str, Any]:
    """Time the sweep and the runs one after another."""
    from prefect_dask import DaskTaskRunner

    from pylops_distributed.ingest import ingest
    from pylops_distributed.storage.run import list_runs
    from pylops_distributed.utils.backend import dask
    from pylops_flows.cli.demo_data import make_demo
    from pylops_flows.invert import invert
    from pylops_flows.postprocess import postprocess
    from pylops_flows.settings.pipeline import load
    from pylops_flows.settings.sweep_grid import configs
    from pylops_flows.sweep import runs

    base = load(make_demo(folder, shape=shape), {"root": str(folder), "solver": {"niter": niter}})
    dataset = ingest(base.sources, base.target).url
    found: dict[str, Any] = {}

    def one_after_another(root: Path, runner: Any) -> list[str]:
        urls = []
        for config in configs(base.model_copy(update={"root": str(root)}), VALUES):
            urls.append(invert.with_options(task_runner=runner)(dataset, config))
            postprocess.with_options(task_runner=runner)(urls[-1])
        return urls

    with dask(n_workers=2, threads_per_worker=1) as client:
        runner = DaskTaskRunner(address=client.scheduler.address)
        warm = base.model_copy(update={"root": str(folder / "warm")})
        runs.with_options(task_runner=runner)(dataset, warm, {"solver.damp": [3.0, 4.0]})
        side = base.model_copy(update={"root": str(folder / "side")})
        found["sweep"], _ = seconds(lambda: runs.with_options(task_runner=runner)(dataset, side, VALUES))
        found["both"], urls = seconds(lambda: one_after_another(folder / "both", runner))
    if one:
        with dask(n_workers=1, threads_per_worker=1) as client:
            runner = DaskTaskRunner(address=client.scheduler.address)
            found["one"], _ = seconds(lambda: one_after_another(folder / "one", runner))
    swept = {r.attrs["identity"]["solver"]["damp"]: r.storage.url for r in list_runs(str(folder / "side"))}
    pairs = zip(models([swept[d] for d in sorted(swept)]), models(urls), strict=True)
    found["difference"] = max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs)
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(32, 40, 192))
    parser.add_argument("--niter", type=int, default=40)
    parser.add_argument("--one", action="store_true", help="measure on one worker, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PREFECT_HOME", str(Path(folder, "prefect")))
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
        from pylops_flows.server.embedded import ensure_server

        with ensure_server():
            found = measure(Path(folder), tuple(options.shape), options.niter, options.one)
    ratios = {
        f"{name}/sweep": round(found[name] / found["sweep"], 2) for name in ("both", "one") if name in found
    }
    row = {"shape": list(options.shape), "niter": options.niter, **{k: round(v, 9) for k, v in found.items()}}
    print(json.dumps({**row, **ratios}))
    return int(min(ratios.values()) < LIMIT or found["difference"] > 1e-6)


if __name__ == "__main__":
    raise SystemExit(main())
