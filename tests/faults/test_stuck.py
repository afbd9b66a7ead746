"""A checkpoint that is not written to its end: it counts as stuck, and what it may still write is fenced off."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest
from storage_cases import IDENTITY, ToyState, after, assert_same, history

from pylops_distributed.compat.dask import meta_of
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.lease import SupersededError
from pylops_distributed.storage.run import Run

pytestmark = [pytest.mark.faults]

# Ends with a save that never ends, closed or not.
SCRIPT = """
import sys, time
from dataclasses import replace
import dask
import pylops_distributed.storage.checkpoints as module
from pylops_distributed.storage.run import Run
from pylops_distributed.compat.dask import meta_of
from storage_cases import IDENTITY, after, history

if __name__ == "__main__":
    dask.config.set({"pylops-distributed.storage.save-time": 1.0})
    state = after(1)
    hung = replace(state, x=state.x.map_blocks(lambda block: time.sleep(3600), meta=meta_of(state.x)))
    attempt = Run.create_or_open(sys.argv[1], identity=IDENTITY).attempt()
    store = module.CheckpointStore(attempt)
    with dask.config.set(scheduler="synchronous"):
        store.save(hung, history(hung))
    if sys.argv[2] == "closed":
        try:
            store.close()
        except TimeoutError as error:
            print(error)
"""


def test_a_save_that_is_stuck(tmp_path: Path, tuned: Any) -> None:
    tuned("storage.save-time", 0.5)
    proceed, run = threading.Event(), Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)

    def hang(block: Any) -> Any:
        assert proceed.wait(60)
        return block

    second = after(2)
    hung = replace(second, x=second.x.map_blocks(hang, meta=meta_of(second.x)))
    with dask.config.set(scheduler="threads"):
        attempt = run.attempt()
        store = CheckpointStore(attempt)
        store.save(after(1), history(after(1)))
        store.save(hung, history(hung))
        pending = store._pending
        assert pending is not None
        with pytest.raises(TimeoutError, match="takes too long"):
            store.save(after(3), history(after(3)))
        assert store.stuck
        with pytest.raises(TimeoutError, match="takes too long"):  # for good
            store.save(after(3), history(after(3)))
        attempt.close()
        with run.attempt() as later, CheckpointStore(later) as other:
            found = other.latest(ToyState)
            assert found is not None
            assert_same(found.state, after(1))
            other.save(second, history(second))
            other.wait()
            proceed.set()
            with pytest.raises((SupersededError, OSError)):  # its first chunks were swept away, too
                pending.result(60)
            found = other.latest(ToyState)
            assert found is not None
            assert found.name == "i00000002-a0002"
            assert_same(found.state, second)
            assert {key.split("/")[1] for key in run.storage.list("checkpoints") if key.count("/") > 1} == {
                "i00000001-a0001", "i00000002-a0002"
            }  # fmt: skip


@pytest.mark.parametrize("how", ["closed", "left open"])
def test_a_process_ends_though_a_save_does_not(tmp_path: Path, how: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "run.zarr"), how], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ("takes too long" in done.stdout) == (how == "closed")
