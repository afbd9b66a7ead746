"""Links cut in mid-solve, without a word to either side: a clear error within a minute, and the same bits after."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import Network, network

from pylops_distributed.optimization.algorithms.cgls import CGLSState
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
DRIVER = str(Path(__file__).with_name("cut_driver.py"))
# Dask closes a silent connection after 30 s, and so do our links.
ERRORS = {"WorkerLostError", "FutureCancelledError", "CommClosedError", "OSError", "TimeoutError"}
SILENCE, LIMIT, MANY = 12, 60.0, 10**6


@pytest.fixture
def machines() -> Iterator[Network]:
    try:
        with network("driver", "scheduler", "one", "two") as made:
            yield made
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("networks take root and the right to make them")


@pytest.fixture
def own(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": f"{SILENCE}s"}


def cluster(machines: Network, own: dict[str, str]) -> str:
    """A scheduler and two workers, each on its own machine; returns the address."""
    hosts, port = machines.addresses, 8786
    address = f"tcp://{hosts['scheduler']}:{port}"
    quiet: dict[str, Any] = {"environment": own, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    machines.start("scheduler", "-m", "distributed.cli.dask_scheduler", "--host", hosts["scheduler"],
                   "--port", str(port), "--no-dashboard", **quiet)  # fmt: skip
    for name in ("one", "two"):
        machines.start(name, "-m", "distributed.cli.dask_worker", address, "--host", hosts[name], "--nthreads", "1",
                       "--no-nanny", "--no-dashboard", **quiet)  # fmt: skip
    return address


def solve(machines: Network, own: dict[str, str], address: str, run: Path, niter: int) -> Any:
    """The driver, on its own machine."""
    return machines.start(
        "driver", DRIVER, address, str(run), str(niter), environment=own, stdout=subprocess.PIPE
    )


def last_report(driver: Any, seconds: float) -> dict[str, Any]:
    """The driver's last report."""
    text, _ = driver.communicate(timeout=seconds)
    return json.loads(text.strip().splitlines()[-1])  # type: ignore[no-any-return]


def model(run: Path, at: int | None = None) -> tuple[int, np.ndarray]:
    with Run.open(run).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(CGLSState)
        assert found is not None
        return found.state.iteration, found.state.x.compute()


def restarted(machines: Network, own: dict[str, str]) -> str:
    """Another cluster, after all that is left of the first was ended."""
    machines.restore()
    for process in machines.processes:
        process.kill()
        process.wait()
    machines.processes.clear()
    return cluster(machines, own)


@pytest.mark.parametrize(
    "links",
    [("one", "two"), ("scheduler", "one"), ("one",), ("driver", "scheduler")],
    ids=["between workers", "worker from scheduler", "worker from all", "driver from scheduler"],
)
def test_cut_in_mid_solve(
    machines: Network, own: dict[str, str], tmp_path: Path, links: tuple[str, ...]
) -> None:
    run = tmp_path / "run.zarr"
    driver = solve(machines, own, cluster(machines, own), run, MANY)
    for _ in range(3):
        assert json.loads(driver.stdout.readline()).get("iteration", 0) > 0
    machines.cut(*links)
    begun = time.monotonic()
    words = last_report(driver, LIMIT)
    print(f"{time.monotonic() - begun:.0f} s after the cut: {words}")
    assert words["error"]
    assert words["error"].split(":")[0] in ERRORS
    reached, _ = model(run)
    assert reached > 0
    niter = reached + 50
    words = last_report(solve(machines, own, restarted(machines, own), run, niter), LIMIT)
    assert (words["error"], words["resumed"]) == (None, reached)
    whole = tmp_path / "whole.zarr"
    words = last_report(solve(machines, own, restarted(machines, own), whole, niter), 2 * LIMIT)
    assert words["error"] is None
    np.testing.assert_array_equal(model(run)[1], model(whole)[1], strict=True)
