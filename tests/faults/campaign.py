"""Faults by the hundred: each strikes a run that saves, at random; then all that was promised must hold.

    PYTHONPATH=.:tests/storage python tests/faults/campaign.py --trials 500 --seed 1 > table.md

After each fault the run is opened again: the newest intact checkpoint is no older than the last that was acknowledged
before the fault (but for those that the fault itself destroyed), is equal to the saved state to the bit, and the run
resumes from it to the same end. Anything else ends the campaign with an error that names kind and seed.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from flaky import FAULTS, flaky_bucket
from storage_cases import IDENTITY, ToyState, after, assert_same, history, resume, resume_and_die

from pylops_distributed import Diagonal
from pylops_distributed.optimization.algorithms.cgls import CGLS, CGLSState
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.lease import RunBusyError
from pylops_distributed.storage.run import Run

# Children are forked from a server that has done nothing but imports: cheap, and free of our threads.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["storage_cases"])
SAVED, GOAL, LIMIT = 3, 6, 60.0
Trial = Callable[[random.Random, Path], str]
KINDS: dict[str, Trial] = {}


def kind(name: str) -> Callable[[Trial], Trial]:
    """Put a trial into the campaign."""

    def keep(trial: Trial) -> Trial:
        KINDS[name] = trial
        return trial

    return keep


def begun(place: Path) -> str:
    """A run with checkpoints at iterations 2 and 3."""
    url = str(place / "run.zarr")
    resume(url, SAVED)
    return url


def holds(url: str, promised: int) -> str:
    """Assert that the promises hold and that the run resumes to its end; returns how."""
    with Run.create_or_open(url, identity=IDENTITY).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
    if found is None:
        assert promised == 0, "all is lost"
    else:
        assert found.state.iteration >= promised, f"iteration {promised} was acknowledged, and is lost"
        assert_same(found.state, after(found.state.iteration))
    resume(url, GOAL)
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        final = store.latest(ToyState)
    assert final is not None
    assert_same(final.state, after(GOAL))
    return "resumed to the same bits"


def child(url: str, place: Path, at: int, mode: str, goal: int = GOAL) -> tuple[Any, Path]:
    """A process that resumes, and dies at a write; and the file of its acknowledged iterations."""
    ack, count = place / "ack", place / "count"
    ack.write_text(str(SAVED))
    settings = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    process = processes.Process(target=resume_and_die, args=(url, goal, ack, at, mode, count, settings))
    process.start()
    return process, ack


def ended(process: Any) -> None:
    process.join(LIMIT)
    assert process.exitcode is not None, f"it hung for {LIMIT:.0f} s"


@kind("process killed at a write")
def killed_at_a_write(rng: random.Random, place: Path) -> str:
    url = begun(place)
    process, ack = child(url, place, rng.randrange(60), rng.choice(["before", "half", "after"]))
    ended(process)
    return holds(url, int(ack.read_text()))


@kind("process killed at any moment")
def killed(rng: random.Random, place: Path) -> str:
    return _struck(rng, place, signal.SIGKILL)


@kind("process terminated (SIGTERM) at any moment")
def terminated(rng: random.Random, place: Path) -> str:
    return _struck(rng, place, signal.SIGTERM)


def _struck(rng: random.Random, place: Path, how: signal.Signals) -> str:
    url = begun(place)
    process, ack = child(url, place, -1, "before")
    time.sleep(rng.uniform(0, 0.5))
    if process.is_alive():
        os.kill(process.pid, how)
    ended(process)
    promised = ack.read_text()  # empty if killed while it noted
    return holds(url, int(promised or SAVED))


@kind("bits flipped, cut off, emptied, deleted, swapped, or from the checkpoint before")
def corrupted_file(rng: random.Random, place: Path) -> str:
    url = begun(place)
    newest = Path(url) / "checkpoints" / f"i{SAVED:08d}-a0001"
    files = sorted(p for p in newest.rglob("*") if p.is_file())
    file = rng.choice(files)
    how = rng.choice(["flip", "cut", "empty", "delete", "swap", "older"])
    raw = bytearray(file.read_bytes())
    if how == "flip":
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        file.write_bytes(raw)
    elif how == "cut":
        os.truncate(file, rng.randrange(len(raw)))
    elif how == "empty":
        os.truncate(file, 0)
    elif how == "delete":
        file.unlink()
    elif how == "older":
        shutil.copy(newest.with_name(f"i{SAVED - 1:08d}-a0001") / file.relative_to(newest), file)
    else:
        other = rng.choice([f for f in files if f != file])
        file.write_bytes(other.read_bytes())
        other.write_bytes(raw)
    return holds(url, SAVED - 1)


@kind("disk full")
def disk_full(rng: random.Random, place: Path) -> str:
    """A separate file system, filled but for a few pages."""
    url = begun(place)
    ballast, room = place / "ballast", rng.randrange(40) * 4096
    with ballast.open("wb") as file:
        file.truncate(0)
        free = os.statvfs(place).f_bavail * 4096 - room
        for _ in range(max(0, free // 4096)):
            file.write(b"x" * 4096)
    ack = place / "ack"
    words = "there was room"
    try:
        resume(url, GOAL, ack)
    except OSError as error:
        if "No space left" not in str(error):
            raise
        words = "said so"
    ballast.unlink()
    text = ack.read_text() if ack.exists() else ""
    return f"{words}, {holds(url, int(text or SAVED))}"


@kind("two writers on one run")
def two_writers(rng: random.Random, place: Path) -> str:
    url = begun(place)
    run = Run.open(url)
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        with pytest.raises(RunBusyError, match=str(os.getpid())):
            Run.open(url).attempt()
        state = after(SAVED + 1)
        store.save(state, history(state))
    return f"the second was rejected, {holds(url, SAVED + 1)}"


@kind("NaN or infinity in a state")
def not_finite(rng: random.Random, place: Path) -> str:
    url = begun(place)
    state = after(SAVED + 1)
    values = np.asarray(state.x.compute())
    values[rng.randrange(values.shape[0]), rng.randrange(values.shape[1])] = rng.choice(
        [np.nan, np.inf, -np.inf]
    )
    bad = replace(state, x=da.from_array(values, chunks=state.x.chunks))
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt) as store:
        store.save(bad, history(bad))
        with pytest.raises(FloatingPointError, match="chunk"):
            store.wait()
    return f"rejected, {holds(url, SAVED)}"


@kind("clock set back or forward between attempts")
def clock(rng: random.Random, place: Path) -> str:
    url = begun(place)
    now, shift = time.time, rng.choice([-1, 1]) * rng.uniform(60, 1e7)
    time.time = lambda: now() + shift
    try:
        resume(url, SAVED + 1)
    finally:
        time.time = now
    return holds(url, SAVED + 1)


def spoilt(block: Any) -> Any:
    """A block, spoilt where the fault strikes: that is no part of the operator, which stays the one of its run."""
    how = next(dask.config.get("campaign.fault", itertools.repeat(None)))
    if how == "raise":
        raise ArithmeticError("this chunk")
    return {"shape": block[:-1], "nan": block * np.nan, None: block}[how]


class Sick(Diagonal):
    """A diagonal of which a fault may strike any block."""

    def _matvec(self, x: Any) -> Any:
        return super()._matvec(x).map_blocks(spoilt, dtype=x.dtype)


@kind("operator that fails, or returns another shape, on one chunk of one step")
def bad_operator(rng: random.Random, place: Path) -> str:
    how, at = rng.choice(["raise", "shape", "nan"]), rng.randrange(8, 30)
    fault = (how if n == at else None for n in itertools.count())
    scale = da.from_array(np.linspace(1, 2, 12), chunks=4)
    op, data, solver = Sick(scale), scale + da.arange(12, chunks=4), CGLS(8, tol=0.0)
    words = "was not reached"
    with dask.config.set(scheduler="sync"):
        wanted = run_solver(solver, op, data).state.x.compute()
        run = Run.create_or_open(place / "run.zarr", identity={"solver": "CGLS"})
        try:
            with (
                run.attempt() as attempt, CheckpointStore(attempt) as store,
                dask.config.set({"campaign.fault": fault}),
            ):  # fmt: skip
                run_solver(solver, op, data, store=store, save=Every(1))
        except (ArithmeticError, ValueError) as error:
            words = "said so" if str(error) else ""
        assert words
        with run.attempt() as attempt, CheckpointStore(attempt) as store:
            before = store.latest(CGLSState)
            assert before is None or np.isfinite(before.state.x.compute()).all()
            found = run_solver(solver, op, data, store=store, save=Every(1)).state.x.compute()
    np.testing.assert_array_equal(found, wanted)
    return f"{words}, resumed to the same bits"


@kind("S3 that answers 503, half, too late or not at all, and loses acknowledgements")
def flaky_store(rng: random.Random, place: Path) -> str:
    with flaky_bucket() as (bucket, proxy):
        url, ack, words = f"{bucket}/{uuid.uuid4().hex}", place / "ack", "got through"
        resume(url, SAVED)
        proxy.choose = lambda *_: rng.choice(FAULTS) if rng.random() < 0.05 else None
        try:
            resume(url, GOAL, ack)
        except OSError:
            words = "said so"
        proxy.choose = lambda *_: None
        return f"{words}, {holds(url, int(ack.read_text()) if ack.exists() else SAVED)}"


def campaign(trials: int, seed: int, disk: Path | None = None) -> dict[str, Counter[str]]:
    """Strike in turn; returns the counts of outcomes of each kind."""
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    names = [name for name in KINDS if name != "disk full" or disk is not None]
    for n, name in zip(range(trials), itertools.cycle(names), strict=False):
        place = Path(tempfile.mkdtemp(dir=disk if name == "disk full" else None))
        try:
            outcomes[name][KINDS[name](random.Random(f"{seed}-{n}"), place)] += 1
        except BaseException as error:
            error.add_note(f"{name}, trial {n} of seed {seed}")
            raise
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return {name: found for name, found in outcomes.items() if found}


def table(outcomes: dict[str, Counter[str]]) -> str:
    """The outcomes in Markdown."""
    rows = [
        f"| {name} | {sum(found.values())} | "
        + "; ".join(f"{n} {words}" for words, n in found.items())
        + " |"
        for name, found in outcomes.items()
    ]
    return "\n".join(["| fault | trials | outcome |", "| --- | --- | --- |", *rows])


def main() -> None:
    """Strike, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=uuid.uuid4().int % 10**6)
    parser.add_argument(
        "--disk", type=Path, help="a small separate file system, to be filled: a tmpfs of 4 MB"
    )
    options = parser.parse_args()
    start = time.monotonic()
    print(table(campaign(options.trials, options.seed, options.disk)))
    print(f"{options.trials} trials, seed {options.seed}, {time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
