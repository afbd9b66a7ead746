from __future__ import annotations

import errno
import gc
import logging
import multiprocessing
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from storage_cases import IDENTITY, ToyState, after, assert_same, history, resume, start

import pylops_distributed.storage.lease as lease_module
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.errors import CorruptionError
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.group_metadata import canonical, encode, read_attrs
from pylops_distributed.storage.lease import RunBusyError, SupersededError, acquire, owner
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.provenance import differences, fingerprint
from pylops_distributed.storage.run import Run, RunMismatchError, list_runs

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pylops_distributed.storage.run", "pylops_distributed.storage.checkpoints"])

json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
identities = st.dictionaries(st.text(max_size=3), json, max_size=4)


def hold(url: str, ready: Any, connection: Any) -> None:
    """Hold a run until a message arrives."""
    with Run.create_or_open(url, identity=IDENTITY).attempt():
        ready.set()
        connection.recv()


@given(identities, identities)
def test_fingerprints_differ_where_differences_are_listed(a: Any, b: Any) -> None:
    assert (fingerprint(a) == fingerprint(b)) == (not list(differences(a, b)))
    assert fingerprint(dict(reversed(a.items()))) == fingerprint(a)


def test_numbers_json_cannot_carry_have_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="JSON"):
        fingerprint({"damp": float("nan")})


def test_opening_again_returns_the_same_run(place: str) -> None:
    run = Run.create_or_open(place, identity=IDENTITY, provenance={"params": {"niter": 3}, "inputs": []})
    again = Run.create_or_open(place, identity={**IDENTITY}, provenance={"params": {"niter": 9}})
    assert again == run == Run.open(place)
    assert run.attrs["params"] == {"niter": 3}
    assert {"software", "python", "platform", "git"} <= set(run.attrs)
    assert run.attrs["software"]["zarr"]
    assert xr.open_zarr(open_storage(place).zarr(), consolidated=False).attrs["run_id"] == run.attrs["run_id"]


def test_another_identity_is_rejected_and_every_difference_listed(tmp_path: Path) -> None:
    Run.create_or_open(tmp_path / "r", identity=IDENTITY)
    other = {"solver": {"name": "CGLS", "damp": 0.25, "tau": 1}, "data": ("a",)}
    with pytest.raises(RunMismatchError) as info:
        Run.create_or_open(tmp_path / "r", identity=other)
    for line in (
        'data: nothing in the run, ["a"] given',
        'problem: "toy" in the run, nothing given',
        "solver.damp: 0.5 in the run, 0.25 given",
        "solver.tau: nothing in the run, 1 given",
    ):
        assert line in str(info.value)
    assert "solver.name" not in str(info.value)


def test_no_run_and_a_corrupt_run_are_distinguished(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no run at"):
        Run.open(tmp_path / "none")
    Run.create_or_open(tmp_path / "r", identity=IDENTITY)
    metadata = tmp_path / "r/zarr.json"
    metadata.write_text(metadata.read_text().replace('"damp":0.5', '"damp":0.6'))
    with pytest.raises(CorruptionError, match=r"zarr.json has changed since it was written"):
        Run.create_or_open(tmp_path / "r", identity=IDENTITY)


def test_a_second_writer_is_rejected(place: str) -> None:
    run = Run.create_or_open(place, identity=IDENTITY)
    with run.attempt() as first:
        with pytest.raises(
            RunBusyError, match=rf"process {os.getpid()} on .*attempt 1, since .*wait for it or stop it"
        ):
            run.attempt()
        first.check()
    with run.attempt() as second:
        assert second.number == 2


def test_a_second_process_is_rejected_until_the_first_is_killed(tmp_path: Path) -> None:
    url = str(tmp_path / "r")
    ready, (ours, theirs) = processes.Event(), processes.Pipe()
    process = processes.Process(target=hold, args=(url, ready, theirs))
    process.start()
    assert ready.wait(60)
    run = Run.open(url)
    assert run.status().state == "running"
    with pytest.raises(RunBusyError, match=f"process {process.pid} "):
        run.attempt()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert run.status().state == "interrupted"
    with run.attempt() as attempt:  # at once: the lease would still run for 90 s
        assert attempt.number == 2
    ours.close()


def test_a_writer_on_another_machine_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tuned: Any
) -> None:
    run = Run.create_or_open(tmp_path / "r", identity=IDENTITY)
    record = {**lease_module._self(), "machine": "elsewhere", "host": "elsewhere", "pid": 1}
    run.storage.put("attempts/a0001/zarr.json", encode(record))
    run.storage.put("attempts/a0001/lease/zarr.json", encode({"renewed": time.time(), "released": False}))
    found = owner(run.storage)
    assert found is not None
    assert found.alive
    tuned("storage.lease-time", 0.2)
    with caplog.at_level(logging.WARNING, "pylops_distributed.storage.lease"), run.attempt() as attempt:
        assert attempt.number == 2
    assert "attempt 1" in caplog.text
    assert "ended without notice" in caplog.text


def test_one_of_many_gets_the_run(tmp_path: Path) -> None:
    storage = Run.create_or_open(tmp_path / "r", identity=IDENTITY).storage

    def contend(_: int) -> Any:
        try:
            return acquire(storage)
        except RunBusyError:
            return None

    with ThreadPoolExecutor(6) as pool:
        winners = [attempt for attempt in pool.map(contend, range(6)) if attempt is not None]
    assert [w.number for w in winners] == [1]
    winners[0].close()


def test_the_lease_is_renewed_and_ends_with_its_attempt(tmp_path: Path, tuned: Any) -> None:
    tuned("storage.lease-renewal", 0.01)
    storage = Run.create_or_open(tmp_path / "r", identity=IDENTITY).storage
    attempt = acquire(storage)
    thread, first = attempt._thread, owner(storage).seen
    while owner(storage).seen == first:
        assert thread.is_alive()
    del attempt
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()


def test_a_store_that_is_away_does_not_end_the_lease(tmp_path: Path, tuned: Any) -> None:
    tuned("storage.lease-renewal", 0.01)
    storage = Run.create_or_open(tmp_path / "r", identity=IDENTITY).storage
    with acquire(storage) as attempt:
        (tmp_path / "r").rename(tmp_path / "away")
        (tmp_path / "r").write_text("in the way")
        time.sleep(0.05)
        assert attempt._thread.is_alive()
        (tmp_path / "r").unlink()
        (tmp_path / "away").rename(tmp_path / "r")


def test_a_full_disk_leaves_nothing_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)
    with monkeypatch.context() as patch:
        patch.setattr(lease_module, "_renew_lease", full)
        with pytest.raises(OSError, match="No space left"):
            run.attempt()
    attempt = run.attempt()
    with monkeypatch.context() as patch:
        patch.setattr(lease_module, "_renew_lease", full)
        with pytest.raises(OSError, match="No space left"):
            attempt.close()
    with run.attempt() as attempt:
        assert attempt.number == 3
        with pytest.raises(RunBusyError):
            run.attempt()


def test_a_zombie_publishes_nothing(place: str) -> None:
    run = Run.create_or_open(place, identity=IDENTITY)
    zombie = run.attempt()
    with CheckpointStore(zombie, background=False) as old:
        old.save(after(1), history(after(1)))
        # As if its machine had been away for so long that another one took over.
        run.storage.put("attempts/a0002/zarr.json", encode({**lease_module._self(), "uuid": "other"}))
        before = {key: run.storage.get(key) for key in run.storage.list()}
        with pytest.raises(SupersededError, match=r"attempt 1 .* was superseded"):
            old.save(after(2))
        with pytest.raises(SupersededError):
            run.write_result(zombie, {"model": Variable(("k",), np.ones(2))})
        assert {key: run.storage.get(key) for key in run.storage.list()} == before
    zombie.close()


def test_a_zombie_is_stopped_in_the_middle_of_a_save(tmp_path: Path) -> None:
    run = Run.create_or_open(tmp_path / "r", identity=IDENTITY)

    def overtaken(block: Any) -> Any:
        run.storage.put("attempts/a0002/zarr.json", encode(lease_module._self()))
        return block

    state = start()
    x = state.x.map_blocks(overtaken, dtype=state.x.dtype, meta=meta_of(state.x))
    with run.attempt() as zombie, CheckpointStore(zombie) as store:
        store.save(ToyState(x=x, iteration=5, s=state.s, kold=state.kold))
        with pytest.raises(SupersededError):
            store.wait()
        assert store.list() == []


def test_status_follows_a_run(place: str) -> None:
    run = Run.create_or_open(place, identity=IDENTITY)
    status = run.status()
    assert (status.state, status.iteration, status.attempts, status.owner) == ("new", None, 0, None)
    resume(place, 2)
    status = run.status()
    assert (status.state, status.iteration, status.attempts, status.metrics) == (
        "interrupted",
        2,
        1,
        {"cost": 2 / 3},
    )
    assert status.size == sum(size for _, size in run.storage.sizes())
    assert status.created_at <= status.updated_at
    assert 0 <= status.age < 600
    with run.attempt() as attempt:
        assert run.status().state == "running"
        run.write_result(attempt, {"model": Variable(("k",), np.ones(2))}, attrs={"reason": "converged"})
    status = run.status()
    assert (status.state, status.reason, status.attempts) == ("finished", "converged", 2)


def test_results_are_datasets_and_can_be_replaced(tmp_path: Path) -> None:
    run = Run.create_or_open(tmp_path / "r", identity=IDENTITY)
    first = xr.Dataset(
        {"model": (("z",), np.arange(3.0), {"units": "m/s"})}, {"z": [0.0, 4.0, 8.0], "t0": 0.5}
    )
    with run.attempt() as attempt:
        for ds in (first, first.isel(z=slice(2)) * 2):
            path = run.write_result(
                attempt, ds.variables, checkpoint="i00000002-a0001", attrs={"coordinates": "t0"}
            )
            assert run.result == path
            assert list(run.storage.dirs("result")) == [path.partition("/")[2]]
            found = xr.open_zarr(tmp_path / "r" / path, consolidated=False)
            xr.testing.assert_equal(found, ds)
            assert found.attrs["iteration"] == 2
            assert found.attrs["checkpoint"] == "i00000002-a0001"
            assert found.attrs["fingerprint"] == run.attrs["fingerprint"]


def test_runs_are_listed(place: str, caplog: pytest.LogCaptureFixture) -> None:
    storage = open_storage(place)
    assert list_runs(place) == []
    for name in ("b", "a", "broken"):
        Run.create_or_open(f"{storage.url}/{name}", identity={"name": name})
    storage.put("notes/readme.txt", b"not a run")
    storage.put("other/zarr.json", encode({"schema": "something else"}))
    storage.put("broken/zarr.json", b"{")
    assert [run.attrs["identity"]["name"] for run in list_runs(place)] == ["a", "b"]
    assert "run broken is left out" in caplog.text


def test_resume_after_resume(tmp_path: Path) -> None:
    url = str(tmp_path / "r")
    for iterations in (2, 3, 5):
        resume(url, iterations)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
    assert found.name == "i00000005-a0003"
    assert found.attrs["parent"] == "i00000004-a0003"
    assert_same(found.state, after(5))


@given(identities)
def test_metadata_is_signed(attrs: Any) -> None:
    raw = encode(attrs)
    assert canonical({}) == b"{}"
    storage = open_storage("/nowhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(storage), "get", lambda self, key: raw)
        assert canonical(read_attrs(storage)) == canonical({k: v for k, v in attrs.items() if k != "digest"})
        bit = len(raw) * 4
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        patch.setattr(type(storage), "get", lambda self, key: bytes(flipped))
        with pytest.raises(CorruptionError):
            read_attrs(storage)


def test_the_commit_that_a_run_was_made_at(tmp_path, monkeypatch):
    """Of the folder of work, and nothing where that is in no repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert Run.create_or_open(tmp_path / "before", identity=IDENTITY).attrs["git"] is None
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@there"]
    (tmp_path / "code.py").write_text("a = 1")
    for words in (["init", "-q"], ["add", "code.py"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    clean = Run.create_or_open(tmp_path / "clean", identity=IDENTITY).attrs["git"]
    (tmp_path / "code.py").write_text("a = 2")
    changed = Run.create_or_open(tmp_path / "changed", identity=IDENTITY).attrs["git"]
    assert clean == {"commit": commit, "dirty": False}
    assert changed == {"commit": commit, "dirty": True}
