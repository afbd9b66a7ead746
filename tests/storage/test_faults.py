"""Processes killed at each of their writes, and every kind of damage to stored files."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import random
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from storage_cases import IDENTITY, ToyState, after, assert_same, history, lazy, resume, resume_and_die

from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

# Children are forked from a server that has done nothing but imports: cheap, and free of our threads.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pylops_distributed.storage.run", "pylops_distributed.storage.checkpoints"])
SAVED, GOAL = 3, 5
# The new attempt's record, a chunk, the metadata that publishes, the deletion of an older checkpoint.
SAMPLE = [(0, "half"), (12, "half"), (19, "before"), (19, "half"), (21, "half")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints at iterations 2 and 3."""
    url = tmp_path_factory.mktemp("finished") / "run.zarr"
    resume(str(url), SAVED)
    return url


def trial(url: str, folder: Path, at: int, mode: str, saved: int = SAVED) -> int | None:
    """Kill a process that resumes from a checkpoint at one write; then all promises must hold."""
    ack, count = folder / "ack", folder / "count"
    ack.write_text(str(saved))
    settings = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    process = processes.Process(target=resume_and_die, args=(url, GOAL, ack, at, mode, count, settings))
    process.start()
    process.join(120)
    survived = process.exitcode == 0
    assert survived or process.exitcode == -9, f"write {at}, {mode}: exit code {process.exitcode}"
    promised = int(ack.read_text())
    run = Run.create_or_open(url, identity=IDENTITY)
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
    if found is None:
        assert promised == 0, f"write {at}, {mode}: nothing is left"
    else:
        assert found.state.iteration >= promised, f"write {at}, {mode}: an acknowledged checkpoint is lost"
        assert_same(found.state, after(found.state.iteration))
    resume(url, GOAL)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        final = store.latest(ToyState)
        assert {entry.iteration for entry in store.list()} >= {GOAL - 1, GOAL}
    assert_same(final.state, after(GOAL))
    left = {key.split("/")[1] for key in store.storage.list("checkpoints") if key.count("/") > 1}
    assert left == {entry.name for entry in store.list()}, f"write {at}, {mode}: leftovers"
    return int(count.read_text()) if survived else None


@pytest.mark.parametrize(("at", "mode"), SAMPLE)
def test_killed_at_some_writes(finished: Path, tmp_path: Path, at: int, mode: str) -> None:
    url = shutil.copytree(finished, tmp_path / "run.zarr")
    assert trial(str(url), tmp_path, at, mode) is None


@pytest.mark.faults
@pytest.mark.parametrize("mode", ["before", "after"])
def test_killed_while_a_run_is_made(tmp_path: Path, mode: str) -> None:
    for at in range(8):
        assert trial(str(tmp_path / f"{at}.zarr"), tmp_path, at, mode, saved=0) is None


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", ["before", "half", "after"])
def test_killed_at_every_write(finished: Path, tmp_path: Path, mode: str) -> None:
    for at in itertools.count():
        url = shutil.copytree(finished, tmp_path / "run.zarr")
        writes = trial(str(url), tmp_path, at, mode)
        shutil.rmtree(url)
        if writes is not None:
            assert writes == at > 40
            break


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", ["before", "after"])
def test_killed_at_every_third_write_to_s3(bucket: str, tmp_path: Path, mode: str) -> None:
    for at in itertools.count(step=3):
        url = f"{bucket}/{uuid.uuid4().hex}"
        resume(url, SAVED)
        if trial(url, tmp_path, at, mode) is not None:
            assert at > 40
            break


def flip(file: Path, rng: random.Random) -> None:
    data = bytearray(file.read_bytes())
    bit = rng.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)


def truncate(file: Path, rng: random.Random) -> None:
    os.truncate(file, rng.randrange(1, file.stat().st_size))


def empty(file: Path, rng: random.Random) -> None:
    os.truncate(file, 0)


def delete(file: Path, rng: random.Random) -> None:
    file.unlink()


def files(run: Path) -> list[str]:
    newest = run / "checkpoints/i00000003-a0001"
    return sorted(str(p.relative_to(run)) for p in newest.rglob("*") if p.is_file())


def damage_and_check(
    finished: Path, place: Path, name: str, damage: Callable[[Path, random.Random], None], seed: int
) -> list[str]:
    """Damage one file of the newest checkpoint; the one before must be used, and the log must say so."""
    url = place / uuid.uuid4().hex
    shutil.copytree(finished, url)
    damage(url / name, random.Random(seed))
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("pylops_distributed.storage.checkpoints")
    logger.addHandler(handler)
    try:
        with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
            found = store.latest(ToyState)
    finally:
        logger.removeHandler(handler)
    assert found is not None
    assert found.state.iteration == 2, f"{damage.__name__} of {name}, seed {seed}: not noticed"
    assert_same(found.state, after(2))
    shutil.rmtree(url)
    return [record.getMessage() for record in records]


# Without its zarr.json a checkpoint was never published: nothing to warn of.
unpublished = {("delete", "checkpoints/i00000003-a0001/zarr.json")}


@pytest.mark.parametrize("damage", [flip, truncate, empty, delete])
@pytest.mark.parametrize("name", ["model/c/0/0", "kold/c", "model/zarr.json", "zarr.json"])
def test_damage_is_noticed(finished: Path, tmp_path: Path, damage: Callable, name: str) -> None:
    path = f"checkpoints/i00000003-a0001/{name}"
    messages = damage_and_check(finished, tmp_path, path, damage, 0)
    assert (damage.__name__, path) in unpublished or any(
        "i00000003-a0001 is corrupt" in m and name.split("/")[0] in m for m in messages
    )


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("damage", [flip, truncate, empty, delete])
def test_all_damage_is_noticed(finished: Path, tmp_path: Path, damage: Callable) -> None:
    for name in files(finished):
        for seed in range(8 if damage is flip else 1):
            damage_and_check(finished, tmp_path, name, damage, seed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("making a small disk takes root and the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.faults
def test_disk_full(small_disk: Path) -> None:
    """The error says so, stored checkpoints stay good, nothing is left behind, and it resumes with more space."""
    rng = np.random.default_rng(0)

    def state(iteration: int, size: int) -> ToyState:
        values = rng.standard_normal(size)
        return ToyState(
            x=lazy(values, size // 4), iteration=iteration, s=lazy(np.ones(2), 2), kold=np.float64(1)
        )

    small, large = state(1, 100_000), state(2, 600_000)
    run = Run.create_or_open(small_disk / "run.zarr", identity=IDENTITY)
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        store.save(small, history(small))
        store.save(large, history(large))
        with pytest.raises(OSError, match="No space left"):
            store.wait()
        found = store.latest(ToyState)
        assert found is not None
        assert_same(found.state, small)
        more = state(3, 100_000)
        store.save(more, history(more))
        store.wait()
        assert [entry.iteration for entry in store.list()] == [1, 3]
        assert not list(run.storage.list("checkpoints/i00000002-a0001"))
