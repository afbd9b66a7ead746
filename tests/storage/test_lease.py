"""No wall clock decides who is alive: on one machine the kernel does, between machines a lease that changes."""

import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import pytest
from order import flushed
from storage_cases import IDENTITY, ToyState, after, history, resume, step

import pylops_distributed.storage.lease as lease_module
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.group_metadata import encode, read_attrs
from pylops_distributed.storage.lease import RunBusyError, RunGoneError, SupersededError, acquire, owner
from pylops_distributed.storage.run import Run

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pylops_distributed.storage.run", "pylops_distributed.storage.checkpoints"])
RECORD = "attempts/a0001/zarr.json"


def hold(url, elsewhere, clock, renew, ready):
    """Hold a run, maybe as a process of another machine whose clock is ahead."""
    now = time.time
    time.time = lambda: now() + clock
    dask.config.set({"pylops-distributed.storage.lease-renewal": renew})
    if elsewhere:
        lease_module._machine = lambda: "elsewhere"
    attempt = Run.open(url).attempt()
    ready.set()
    signal.pause()
    attempt.close()


@pytest.fixture
def run(tmp_path):
    return Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)


@pytest.fixture
def held(run):
    """A function that lets another process hold the run."""
    begun = []

    def begin(elsewhere=False, clock=0.0, renew=20.0):
        ready = processes.Event()
        process = processes.Process(target=hold, args=(run.storage.url, elsewhere, clock, renew, ready))
        process.start()
        begun.append(process)
        assert ready.wait(60)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.join()


def rewrite(run, **changes):
    """Give the first attempt's record other contents."""
    run.storage.put(RECORD, encode(read_attrs(run.storage, "attempts/a0001") | changes))


@pytest.mark.parametrize("step", [pytest.param(-3600.0, marks=pytest.mark.slow), 5.0, 3600.0])
def test_a_clock_that_is_set_ends_no_living_writer_of_this_machine(run, held, monkeypatch, step):
    held()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + step)
    # The kernel's boot time, and with it psutil's start times of processes, move along with the clock.
    rewrite(run, process_started=read_attrs(run.storage, "attempts/a0001")["process_started"] - step)
    with pytest.raises(RunBusyError, match="attempt 1"):
        run.attempt()


@pytest.mark.faults
@pytest.mark.parametrize("step", [0, 5])
def test_a_boot_time_that_moves_ends_no_living_writer(run, held, tmp_path, step):
    """As the second process sees it, in a separate mount namespace."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to make a mount namespace")
    held()
    fake = tmp_path / "stat"
    lines = Path("/proc/stat").read_text().splitlines(keepends=True)
    fake.write_text(
        "".join(f"btime {int(x.split()[1]) + step}\n" if x.startswith("btime") else x for x in lines)
    )
    code = f"from pylops_distributed.storage.run import Run; Run.open({run.storage.url!r}).attempt()"
    command = f"mount --bind {fake} /proc/stat && exec {sys.executable} -c '{code.replace(chr(39), chr(34))}'"
    info = subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True)
    assert "RunBusyError" in info.stderr


def test_a_stopped_writer_is_taken_over_when_its_lease_has_lapsed(run, held, tuned):
    process = held()
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(RunBusyError):
        run.attempt()
    tuned("storage.lease-time", 0)
    with run.attempt() as attempt:
        assert attempt.number == 2


def test_another_process_of_the_same_number_is_not_the_writer(run, held):
    held()
    rewrite(run, started=1.0)
    with run.attempt() as attempt:
        assert attempt.number == 2


def test_a_record_of_an_older_version_counts_as_alive(run, held):
    held()
    record = read_attrs(run.storage, "attempts/a0001")
    del record["started"], record["monotonic"]
    run.storage.put(RECORD, encode(record))
    run.storage.put("attempts/a0001/lease/zarr.json", encode({"renewed": time.time(), "released": False}))
    with pytest.raises(RunBusyError):
        run.attempt()


@pytest.mark.parametrize("clock", [pytest.param(-7200.0, marks=pytest.mark.slow), 100.0, 3600.0])
def test_a_living_writer_of_another_machine_is_seen_to_renew(run, held, tuned, clock):
    held(elsewhere=True, clock=clock, renew=0.02)
    tuned("storage.lease-time", 20)
    tuned("storage.lease-check-interval", 0.02)
    with pytest.raises(RunBusyError) as info:
        run.attempt()
    assert ("in the future by the clock of this machine" in str(info.value)) == (clock > 0)


@pytest.mark.parametrize("clock", [-7200.0, 3600.0])
def test_a_dead_writer_of_another_machine_is_watched_and_taken_over(run, held, tuned, caplog, clock):
    process = held(elsewhere=True, clock=clock)
    process.kill()
    process.join()
    assert owner(run.storage).alive  # one look cannot tell
    tuned("storage.lease-time", 0.2)
    with caplog.at_level(logging.WARNING), run.attempt() as attempt:
        assert attempt.number == 2
    assert "watching for up to 0 s whether attempt 1" in caplog.text
    assert not owner(run.storage).alive


def test_a_writer_of_another_machine_that_gave_the_run_back_is_not_watched(run, held, caplog):
    with run.attempt():
        rewrite(run, machine="elsewhere")
    with caplog.at_level(logging.WARNING), run.attempt() as attempt:
        assert attempt.number == 2
    assert caplog.text == ""


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_a_run_that_is_moved_gets_nothing_at_its_old_place(tmp_path, how):
    url = tmp_path / "run.zarr"
    resume(str(url), 2)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        state = step(after(2))
        store.save(state, history(state))
        store.wait()
        if how == "deleted":
            shutil.rmtree(url)
        else:
            url.rename(tmp_path / "moved.zarr")
        with pytest.raises(RunGoneError, match="moved or deleted"):
            store.save(step(state))
        with pytest.raises(FileNotFoundError, match="moved or deleted"):
            lease_module._renew_lease(attempt.storage, attempt.number, attempt._uuid)
        assert not url.exists()
    assert not url.exists()
    if how == "moved":
        with Run.open(tmp_path / "moved.zarr").attempt() as attempt, CheckpointStore(attempt) as store:
            assert store.latest(ToyState).state.iteration == 3


def test_a_run_that_takes_the_place_of_another_is_not_written_to_by_that_ones_writer(tmp_path):
    url = tmp_path / "run.zarr"
    Run.create_or_open(url, identity=IDENTITY)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt, background=False) as store:
        url.rename(tmp_path / "moved.zarr")
        Run.create_or_open(url, identity=IDENTITY).attempt().close()
        kept = {path: path.read_bytes() for path in url.rglob("*") if path.is_file()}
        with pytest.raises(RunGoneError, match="no longer the run"):
            store.save(after(1))
        with pytest.raises(RunGoneError, match="no longer the run"):
            Run.open(url).write_result(attempt, {})
    assert {path: path.read_bytes() for path in url.rglob("*") if path.is_file()} == kept


def test_a_run_that_goes_away_amid_a_save_leaves_nothing_there(tmp_path):
    url = tmp_path / "run.zarr"
    resume(str(url), 2)

    def moved(block):
        if url.exists():
            url.rename(tmp_path / "moved.zarr")
        return block

    state = after(3)
    x = state.x.map_blocks(moved, dtype=state.x.dtype, meta=meta_of(state.x))
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        store.save(ToyState(x=x, iteration=3, s=state.s, kold=state.kold))
        with pytest.raises(FileNotFoundError):
            store.wait()
    assert not url.exists()


def test_nobody_follows_an_attempt_that_deletes(run):
    with run.attempt() as attempt:
        number = attempt.number
    with pytest.raises(RunBusyError, match="worked on meanwhile"):
        acquire(run.storage, deletes=True, after=number - 1)
    acquire(run.storage, deletes=True, after=number).end()
    with pytest.raises(RunGoneError, match="is being deleted"):
        run.attempt()
    with pytest.raises(SupersededError):
        attempt.check()


def test_the_record_of_an_attempt_is_on_disk_before_the_attempt_begins(run, monkeypatch):
    with flushed(monkeypatch) as events:
        attempt = run.attempt()
    attempt.close()
    place = str(Path(run.storage.place, RECORD))
    assert ("fsync", place) in events
    published = events.index(("link", place))
    assert ("fsync", str(Path(place).parent)) in events[published:]
    assert ("fsync", str(Path(place).parents[1])) in events[published:]
