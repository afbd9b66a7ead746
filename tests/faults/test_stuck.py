"""A checkpoint that is not written to its end: it counts as stuck, and what it may still write is fenced off."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import pytest
from storage_cases import IDENTITY, ToyState, after, assert_same, history

import pylops_distributed.store.checkpoint as module
from pylops_distributed.store.checkpoint import CheckpointStore
from pylops_distributed.store.lease import Superseded
from pylops_distributed.store.run import Run

pytestmark = [pytest.mark.faults]


def test_a_save_that_is_stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    goes_on, run = threading.Event(), Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)

    def hang(block: Any) -> Any:
        assert goes_on.wait(60)
        return block

    sound = after(2)
    hung = replace(sound, x=sound.x.map_blocks(hang, meta=sound.x._meta))
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
            other.save(sound, history(sound))
            other.wait()
            goes_on.set()
            with pytest.raises((Superseded, OSError)):  # its first chunks were swept away, too
                pending.result(60)
            found = other.latest(ToyState)
            assert found is not None
            assert found.name == "i00000002-a0002"
            assert_same(found.state, sound)
            assert {key.split("/")[1] for key in run.storage.list("checkpoints") if key.count("/") > 1} == {
                "i00000001-a0001", "i00000002-a0002"
            }  # fmt: skip
