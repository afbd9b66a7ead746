"""A writer stopped by SIGSTOP amid its saves for longer than its lease, which wakes after another has taken over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from storage_cases import ToyState, after, assert_same

from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

GOAL = 100_000  # more steps than there is time for
SCRIPT = """
import sys
from pathlib import Path
import dask
from storage_cases import resume
dask.config.set({"pylops-distributed.storage.lease-time": "1.5 s", "pylops-distributed.storage.lease-renewal": "0.3 s"})
resume(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
"""


def write(url: Path, ack: Path) -> subprocess.Popen[str]:
    """A process that saves every step of the run, from its newest checkpoint on; returns once it has saved one."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, str(url), str(GOAL), str(ack)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not ack.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(4))
def test_a_stopped_writer_that_wakes_after_a_takeover(tmp_path: Path, tuned: Any, seed: int) -> None:
    moments, url, first, second = random.Random(seed), tmp_path / "run.zarr", tmp_path / "1", tmp_path / "2"
    stopped = write(url, first)
    time.sleep(moments.uniform(0, 0.3))
    os.kill(stopped.pid, signal.SIGSTOP)
    said = first.read_text()
    time.sleep(1.7)  # its lease has lapsed then
    owner = write(url, second)
    time.sleep(moments.uniform(0, 0.3))
    os.kill(stopped.pid, signal.SIGCONT)
    assert "SupersededError" in stopped.communicate(timeout=30)[1]
    assert first.read_text() == said  # it has acknowledged nothing since
    owner.terminate()
    owner.communicate(timeout=30)
    tuned("storage.lease-time", 0)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        for entry in store.list():
            assert_same(store.load(entry.name, ToyState).state, after(entry.iteration))
        newest = store.latest(ToyState)
        assert newest is not None
        assert newest.state.iteration >= int(second.read_text())
