"""What Prefect costs: the demo as flows, and the same work as plain Python on the same kind of Dask workers.

    python benchmarks/prefect_cost.py
    python benchmarks/prefect_cost.py --rounds 1 --shape 24 24 64

Ingests the demo, models its data, inverts it with checkpoints, labels the result and draws the report, each time in a
new process, imports and start of two workers included: with the library alone (``plain``), as flows against a server
that has been running for a while (``server``), and as flows with an embedded one (``embedded``). Prints the medians of
the rounds as one JSON line, and the first embedded run apart, which makes Prefect's database. Exits with 1
if flows take more than 12 s longer than plain Python with the embedded server, or more than 4 s with the one that runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

LIMITS = {"server": 4.0, "embedded": 12.0}


def library(settings: Path, root: Path) -> None:
    """The work, called."""
    from pylops_distributed.ingest import ingest
    from pylops_distributed.inversion.forward_modelling import write_modelled
    from pylops_distributed.inversion.inversion import Inversion, begin
    from pylops_distributed.inversion.result import write_result
    from pylops_distributed.runs.report import write_report
    from pylops_distributed.utils.backend import dask
    from pylops_flows.settings.pipeline import load

    config = load(settings, {"root": str(root)})
    check = config.checkpoint
    with dask(**config.cluster.options) as client:
        dataset = ingest(config.sources, config.target).url
        write_modelled(dataset, config.problem, str(root / "modelled.zarr"))
        run = begin(config.root, dataset, config.problem, config.solver, name=config.name)
        kept = {"save": check.save, "retention": check.retention, "client": client}
        with Inversion(run, config.solver, **kept) as inversion:
            inversion.advance()
        write_result(run)
        write_report(run.storage.url)


def pipelines(settings: Path, root: Path) -> None:
    """The same as `pld run` and `pld forward` do it."""
    from pylops_flows.cli.late_binding import import_late
    from pylops_flows.cli.startup import Startup
    from pylops_flows.settings.pipeline import load

    config = load(settings, {"root": str(root)})
    with Startup(verbose=False) as startup:
        startup.start_server()
        import_late("preflight")(config)
        startup.start_cluster(config.cluster)
        startup.join()
        from pylops_flows.runtime.cluster_prestart import take_cluster
        from pylops_flows.settings.dataset_url import dataset_url
        from pylops_flows.settings.pipeline import ClusterConfig

        with take_cluster(config.cluster) as client:
            there = ClusterConfig(hardware=client.scheduler.address)
            import_late("pipeline")(config.model_copy(update={"cluster": there}))
            forward = import_late("forward").with_options(task_runner=import_late("task_runner")(there))
            forward(dataset_url(config), config.problem, str(root / "modelled.zarr"))


def seconds(way: str, settings: Path, environment: dict[str, str]) -> float:
    """How long a process takes that does the work in a way, ``plain`` or ``flows``."""
    with tempfile.TemporaryDirectory(dir=settings.parent) as root:
        start = time.perf_counter()
        command = [sys.executable, __file__, "--way", way, str(settings), root]
        subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
        return time.perf_counter() - start


def measure(settings: Path, rounds: int, environment: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of all rounds of each way, and of the first one with an embedded server."""
    embedded = environment | {"PREFECT_HOME": str(settings.parent / "embedded")}
    first = seconds("flows", settings, embedded)
    found: dict[str, list[float]] = {"first": [first], "plain": [], "server": [], "embedded": []}
    with running(environment | {"PREFECT_HOME": str(settings.parent / "server")}) as served:
        for _ in range(rounds):
            found["plain"].append(seconds("plain", settings, environment))
            found["server"].append(seconds("flows", settings, served))
            found["embedded"].append(seconds("flows", settings, embedded))
    return found


@contextmanager
def running(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A server that has made its database and has come to rest."""
    from pylops_flows.server.embedded import free_port, healthy

    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    server = subprocess.Popen(
        [sys.executable, "-m", "pylops_flows.server.embedded", str(port), str(os.getpid())], env=environment
    )
    try:
        while not healthy(url):
            time.sleep(0.1)
        time.sleep(5)
        yield environment | {"PREFECT_API_URL": url}
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    """Measure and print, or do the work in one way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(80, 96, 192))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", nargs=3, metavar=("WAY", "CONFIG", "ROOT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        way, settings, root = options.way
        {"plain": library, "flows": pipelines}[way](Path(settings), Path(root))
        return 0
    from pylops_flows.cli.demo_data import make_demo

    with tempfile.TemporaryDirectory() as folder:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
        settings = make_demo(Path(folder), shape=tuple(options.shape))
        taken = measure(settings, options.rounds, kept)
    row: dict[str, Any] = {name: round(median(times), 1) for name, times in taken.items()}
    cost = {name: median(taken[name]) - median(taken["plain"]) for name in LIMITS}
    print(json.dumps({"seconds": row, "all": taken, "cost": {k: round(v, 1) for k, v in cost.items()}}))
    return int(any(cost[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
