"""Many runs queued at once on `pld up`: whether all complete, and whether the terminal stays quiet.

``python -m benchmarks.queued --runs 24 --database sqlite`` (or ``postgres``, or the URL of a PostgreSQL server). All is
public: `pld up` and `pld deploy` in a new folder, runs asked for at the API as the UI does, states read there.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from pylops_flows.server.embedded import free_port

ROOT = Path(__file__).parents[1]
PLD = [sys.executable, "-m", "pylops_flows.cli.main"]
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def ask(url: str, path: str, **body: Any) -> Any:
    """Answer of the server; a server that is busy is asked again."""
    request = Request(
        url + path, json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    for _ in range(10):
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(3)
    raise TimeoutError(f"{path} is not answered")


def deploy(folder: Path, environment: dict[str, str], names: list[str], iterations: int) -> None:
    """Deploy the sample under some names, each with a separate store."""
    for name in names:
        command = [*PLD, "deploy", "data/sample/demo.yaml", "--name", name, "--root", name,
                   "--set", f"solver.niter={iterations}", "--set", f"name={name}"]  # fmt: skip
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def queue(url: str, names: list[str], runs: int) -> set[str]:
    """Ask for all runs at once; returns their ids."""
    found = ask(url, "/deployments/filter", deployments={"name": {"any_": names}})
    ids = [one["id"] for one in found]
    return {ask(url, f"/deployments/{ids[n % len(ids)]}/create_flow_run")["id"] for n in range(runs)}


def wait(url: str, ids: set[str], seconds: float) -> dict[str, int]:
    """Numbers of states, once all have ended or the time is over."""
    end = time.monotonic() + seconds
    while True:
        flow_runs = {"id": {"any_": sorted(ids)}}
        states = collections.Counter(
            r["state_type"] for r in ask(url, "/flow_runs/filter", flow_runs=flow_runs)
        )
        print(dict(states), flush=True)
        if set(states) <= ENDED or time.monotonic() > end:
            return dict(states)
        time.sleep(20)


def trial(folder: Path, options: argparse.Namespace) -> bool:
    """One trial; returns whether all runs completed without a traceback."""
    shutil.copytree(ROOT / "data/sample", folder / "data/sample")
    port, log = free_port(), folder / "up.log"
    url = f"http://127.0.0.1:{port}/api"
    environment = os.environ | {"PREFECT_HOME": str(folder / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    database = [] if options.database == "sqlite" else ["--database", options.database]
    with log.open("w") as file:
        up = subprocess.Popen(
            [*PLD, "up", "--port", str(port), *database],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=file,
        )
    try:
        while "started!" not in log.read_text():
            if up.poll() is not None:
                raise RuntimeError(log.read_text())
            time.sleep(0.5)
        names = [f"queued-{n}" for n in range(options.deployments)]
        deploy(folder, environment | {"PREFECT_API_URL": url}, names, options.iterations)
        began = time.monotonic()
        states = wait(url, queue(url, names, options.runs), options.seconds)
        print(f"{options.runs} runs of {len(names)} deployments on {options.database}: {states} "
              f"in {time.monotonic() - began:.0f} s")  # fmt: skip
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(120)
    shown = log.read_text()
    faults = [line for line in shown.splitlines() if line.startswith("fault: ")]
    print(
        f"{shown.count('Traceback')} tracebacks and {len(faults)} lines on faults in the terminal",
        *faults,
        sep="\n",
    )
    print(
        "the log has",
        (folder / "prefect/pylops-distributed-up.log").read_text().count("Traceback ("),
        "tracebacks",
    )
    return states == {"COMPLETED": options.runs} and "Traceback" not in shown


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--deployments", type=int, default=6)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--seconds", type=float, default=1200.0)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL of another account, where root starts it
        sys.exit(0 if trial(Path(folder), parser.parse_args()) else 1)


if __name__ == "__main__":
    main()
