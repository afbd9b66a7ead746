"""Runs of a deployment back to back, while Dask workers are killed at random: what becomes of each, and of the machine.

    python benchmarks/soak.py --minutes 45
    python benchmarks/soak.py --minutes 2 --shape 24 24 64 --niter 300

Starts `pld up` in a separate folder: a real Prefect server and its worker for processes. The post-stack demo is
deployed, and a run of it is scheduled for now as soon as the one before has ended; each begins a run with a new name
on two Dask workers, of which one is killed with SIGKILL now and then (``--every``). Prints a line a run: how it ended,
in how many seconds, how many kills it saw, and whether its model is that of the first run, which nobody kills anything
of, to the bit; and twice a minute the memory of the processes by kind and the disk use. At the end a summary. What a
run has left is deleted then, and so is the history of the server: old flow runs through its API, and events older than
ten minutes by Prefect's own settings (``HISTORY``). What still grows would grow for ever. Exits with 1 if a run ended
otherwise than completed, or with another model.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED", "PAUSED"}
LOOK, MEGABYTE = 30.0, 2**20
HISTORY = {
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "PT10M",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ORPHAN_CLEANUP_LOOP_SECONDS": "60",
}
KEPT = 3  # flow runs that are left in the server's history


def tell(**values: Any) -> None:
    """One line of JSON."""
    print(json.dumps(values), flush=True)


@dataclass
class Services:
    """What `pld up` has started."""

    process: subprocess.Popen[Any]
    folder: Path
    client: httpx.Client
    environment: dict[str, str]
    samples: list[dict[str, float]] = field(default_factory=list)

    def ask(self, path: str, **json: Any) -> Any:
        """Post to the server, again if it is busy."""
        for wait in (1, 5, 20):
            with suppress(httpx.TransportError):
                answer = self.client.post(path, json=json)
                if answer.status_code < 500:
                    break
            time.sleep(wait)
        else:
            answer = self.client.post(path, json=json)
        answer.raise_for_status()
        return answer.json()

    def family(self) -> Iterator[tuple[str, psutil.Process]]:
        """All processes, each with its kind."""
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    words = " ".join(process.cmdline())
                    kinds = {"pylops_flows.server.embedded": "server", "worker start": "starter",
                             "spawn_main": "worker",
                             "resource_tracker": "tracker", "prefect.engine": "driver"}  # fmt: skip
                    yield next((kind for mark, kind in kinds.items() if mark in words), "other"), process

    def look(self, begun: float) -> None:
        """Note the memory of all and the disk use."""
        memory: dict[str, float] = defaultdict(float)
        for kind, process in self.family():
            with suppress(psutil.NoSuchProcess):
                memory[kind] += process.memory_info().rss / MEGABYTE
        disk = {"runs": self.folder / "runs", "prefect": self.folder / "prefect"}
        used = {f"disk {name}": size(place) / MEGABYTE for name, place in disk.items()}
        self.samples.append({"seconds": time.monotonic() - begun, **memory, **used})
        tell(**{key: round(value, 1) for key, value in self.samples[-1].items()})


def size(place: Path) -> int:
    """Bytes of all files."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):  # deleted meanwhile
                total += Path(folder, name).stat().st_blocks * 512
    return total


@contextmanager
def up(folder: Path, settings: Path) -> Iterator[Services]:
    """`pld up`, with the settings deployed."""
    from pylops_flows.server.embedded import free_port

    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    own = kept | HISTORY | {"PREFECT_HOME": str(folder / "prefect"), "OPENBLAS_NUM_THREADS": "1",
                  "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}  # fmt: skip
    port, log = free_port(), folder / "up.log"
    words = [sys.executable, "-m", "pylops_flows.cli.main"]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*words, "up", "--port", str(port)], cwd=folder, env=own, stdout=file, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}/api"
    own = own | {"PREFECT_API_URL": url}
    try:
        while "started!" not in log.read_text():
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            time.sleep(0.5)
        subprocess.run([*words, "deploy", str(settings), "--name", "soak"], cwd=folder, env=own, check=True,
                       capture_output=True)  # fmt: skip
        # A connection kept open may be closed by the server just as it is used again.
        fresh = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=url, trust_env=False, timeout=60, limits=fresh) as client:
            yield Services(process, folder, client, own)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def taken(root: Path, name: str) -> Any:
    """The last iterate of a run, which is deleted with its dataset."""
    from pylops_distributed import open_run
    from pylops_distributed.storage.run import list_runs

    (run,) = [run for run in list_runs(root) if run.attrs["name"] == name]
    last = open_run(run.storage.url)["iterates"].to_dataset()["model"].isel(iteration=-1).values
    for url in (run.dataset, run.storage.url):
        shutil.rmtree(url.removeprefix("file://"))
    return last


def forget(services: Services, deployment: Any) -> None:
    """Delete all but the newest flow runs from the server's history, stages too."""
    ended = {"state": {"type": {"any_": sorted(ENDED)}}}
    top = services.ask(
        "/flow_runs/filter",
        flow_runs=ended | {"deployment_id": {"any_": [deployment["id"]]}},
        sort="END_TIME_DESC",
    )
    for old in top[KEPT:]:
        stages = services.ask("/flow_runs/filter", flow_runs={"parent_flow_run_id": {"any_": [old["id"]]}})
        for one in (*stages, old):
            with suppress(httpx.TransportError):  # busy ones are tried after the next run
                services.client.delete(f"/flow_runs/{one['id']}")


def one(
    services: Services, deployment: Any, name: str, every: float, rng: random.Random, begun: float
) -> Any:
    """A scheduled run from its beginning to its end; returns its state and how many workers were killed."""
    config = {**deployment["parameters"]["config"], "name": name}
    flow_run = services.ask(
        f"/deployments/{deployment['id']}/create_flow_run",
        parameters={"config": config},
        state={"type": "SCHEDULED"},
    )
    kills, strike = 0, time.monotonic() + (rng.expovariate(1 / every) if every else 1e9)
    while True:
        (now,) = services.ask("/flow_runs/filter", flow_runs={"id": {"any_": [flow_run["id"]]}})
        if now["state_type"] in ENDED:
            return now, kills
        workers = [process for kind, process in services.family() if kind == "worker"]
        if len(workers) > 1 and time.monotonic() > strike:
            with suppress(psutil.NoSuchProcess):
                rng.choice(workers).kill()
                kills += 1
            strike = time.monotonic() + rng.expovariate(1 / every)
        if time.monotonic() - begun > LOOK * len(services.samples):
            services.look(begun)
        time.sleep(0.5)


def soak(options: argparse.Namespace, folder: Path) -> bool:
    """Run after run; returns whether all went well."""
    from pylops_flows.cli.demo_data import make_demo

    rng, outcomes, good = random.Random(options.seed), defaultdict[str, int](int), True
    settings = make_demo(folder, shape=tuple(options.shape))
    text = settings.read_text().replace("niter: 60", f"niter: {options.niter}")
    settings.write_text(text)
    with up(folder, settings) as services:
        (deployment,) = services.ask("/deployments/filter", deployments={"name": {"any_": ["soak"]}})
        begun, first, total, n = time.monotonic(), None, 0, 0
        while time.monotonic() - begun < 60 * options.minutes:
            every = options.every if n else 0.0
            ended, kills = one(services, deployment, f"soak{n}", every, rng, begun)
            last = taken(folder / "runs", f"soak{n}") if ended["state_type"] == "COMPLETED" else None
            first = last if first is None else first
            same = last is not None and np.array_equal(last, first)
            tell(
                run=n,
                ended=ended["state"]["name"],
                took=round(ended["total_run_time"], 1),
                kills=kills,
                same=bool(same),
            )
            if not same:
                print((ended["state"].get("message") or "")[:2000], flush=True)
            outcomes[ended["state"]["name"]] += 1
            good, total, n = good and same, total + kills, n + 1
            forget(services, deployment)
        services.look(begun)
        middle = services.samples[len(services.samples) // 4 :]
        tell(runs=n, kills=total, outcomes=dict(outcomes), all_the_same=good)
        for key in ("server", "starter", "driver", "worker", "disk runs", "disk prefect"):
            values = [sample.get(key, 0.0) for sample in middle]
            tell(what=key, after_a_quarter=round(values[0]), last=round(values[-1]), most=round(max(values)))
    return good


def main() -> None:
    """Soak, in a folder that is deleted after."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--every", type=float, default=40.0, help="seconds between two kills, on average")
    parser.add_argument("--niter", type=int, default=400)
    parser.add_argument("--shape", type=int, nargs=3, default=(80, 96, 192))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        sys.exit(not soak(options, Path(folder)))


if __name__ == "__main__":
    main()
