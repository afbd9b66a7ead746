"""A writer that is stopped at every write, and wakes after another process has taken its run over.

    PYTHONPATH=. python benchmarks/zombies.py [SCENARIO ...] [--every N]

Each scenario is run once for every change that its process makes to the run's files: the process is stopped (SIGSTOP)
right before that change, another process takes the run over, publishes what it has, and the first one is woken
(SIGCONT). Meanwhile and afterwards a reader must see the other's publications, whole and bit for bit: anything else is
a mixture; missing parts are lost. Real files, real signals, nothing random. ``--every N`` samples.

The last figures, with load and commit, are in ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import zarr.storage

from pylops_distributed import Diagonal, open_run
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session, run_solver
from pylops_distributed.runs.audit import repair, verify
from pylops_distributed.runs.pruning import find_removable
from pylops_distributed.runs.report import write_report
from pylops_distributed.storage import lease
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_policies import Every, Retention
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

CHANGES = {"os.remove", "os.rename", "os.link", "os.rmdir", "os.mkdir", "os.truncate"}
ZOMBIE, OWNER = 1.0, 2.0
SCALE = np.linspace(1, 40, 60)
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(
    [function.__module__ for function in (write_report, verify, find_removable, CGLS)]
)


def variables(value: float) -> dict[str, Variable]:
    """A result of two variables of several chunks, all of one value."""
    full = da.full((6,), value, chunks=2)
    return {
        "model": Variable(("x",), full),
        "residual": Variable(("x",), full),
        "x": Variable(("x",), np.arange(6)),
    }


def iterate(attempt: Any, niter: int) -> np.ndarray:
    """Solve on from the newest checkpoint, save every iteration, and return the model."""
    scale = da.from_array(SCALE, chunks=20)
    with CheckpointStore(attempt, background=False, retention=Retention(2)) as store:
        return run_solver(
            CGLS(niter, tol=0.0), Diagonal(scale), scale + 1, store=store, save=Every(1)
        ).state.x.compute()


def publish(run: Run, attempt: Any, value: float) -> None:
    """Publish a result and its report."""
    newest = max(open_run(run.storage.url).get("iterates", {"iteration": np.zeros(1)})["iteration"].values)
    name = next((n for n in run.storage.dirs("checkpoints") if n.startswith(f"i{int(newest):08d}")), None)
    run.write_result(
        attempt, variables(value), checkpoint=name, attrs={"reason": str(value), "metrics": {"misfit": value}}
    )
    write_report(run.storage.url, {})


def zombie_result(url: str, arm: Callable[[], None]) -> None:
    run = Run.open(url)
    attempt = run.attempt()
    arm()
    run.write_result(attempt, variables(ZOMBIE), attrs={"reason": str(ZOMBIE)})


def zombie_report(url: str, arm: Callable[[], None]) -> None:
    run = Run.open(url)
    attempt = run.attempt()
    run.write_result(attempt, variables(ZOMBIE), attrs={"reason": str(ZOMBIE), "metrics": {"misfit": ZOMBIE}})
    arm()
    write_report(url, {})


def zombie_save(url: str, arm: Callable[[], None]) -> None:
    attempt = Run.open(url).attempt()
    arm()
    iterate(attempt, 7)


def zombie_repair(url: str, arm: Callable[[], None]) -> None:
    arm()
    repair(url)


def zombie_prune(url: str, arm: Callable[[], None]) -> None:
    found = list(find_removable(Path(url).parent))
    arm()
    for one in found:
        one.delete()


def zombie_delete(url: str, arm: Callable[[], None]) -> None:
    (found,) = find_removable(Path(url).parent, days=-1)
    arm()
    found.delete()


SCENARIOS = {
    name.removeprefix("zombie_"): call for name, call in list(globals().items()) if name.startswith("zombie_")
}


def template(folder: Path, name: str) -> Path:
    """The run that a scenario begins with."""
    url = folder / "runs" / "run.zarr"
    run = Run.create_or_open(url, identity={"name": name}, provenance={"name": name})
    with (
        run.attempt() as attempt,
        CheckpointStore(attempt, background=False, retention=Retention(9)) as store,
    ):
        scale = da.from_array(SCALE, chunks=20)
        if name == "delete":  # solved runs are not given up
            session = Session(CGLS(9, tol=0.0), Diagonal(scale), scale + 1, store=store)
            session.save()
            session.close()
        else:
            run_solver(CGLS(4, tol=0.0), Diagonal(scale), scale + 1, store=store, save=Every(1))
        if name in ("prune", "repair", "result", "report"):
            newest = "i00000004-a0001"
            run.write_result(attempt, variables(0.0), checkpoint=newest, attrs={"reason": "0.0"})
    if name == "repair":
        for path in (run.result, "checkpoints/i00000004-a0001"):
            chunk = next(p for p in sorted((url / path).rglob("c/*")) if p.is_file())
            chunk.write_bytes(chunk.read_bytes()[::-1])
    return url


def child(name: str, url: str, at: int, count: Path) -> None:
    """Run a scenario, stopped before its change number ``at``."""
    logging.disable(logging.CRITICAL)
    dask.config.set(scheduler="sync")
    armed, seen = [], 0

    def change(place: str) -> None:
        nonlocal seen
        if armed and place.startswith(url):
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGSTOP)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in CHANGES or writes) and armed:
            place = args[0] if isinstance(args[0], str | bytes | os.PathLike) else ""
            # Files deleted within an open folder are named without it: a path that is absolute stays what it is.
            change(str(Path(url, os.fsdecode(place))))

    sys.addaudithook(audit)
    put = zarr.storage.ObjectStore.set

    async def set_(self: Any, key: str, value: Any) -> None:
        change(url)
        await put(self, key, value)
        change(url)

    zarr.storage.ObjectStore.set = set_
    with suppress(Exception):
        SCENARIOS[name](url, lambda: armed.append(True))
    count.write_text(str(seen))
    os._exit(0)


def faults(url: Path, expected: np.ndarray | None, saved: list[str]) -> Iterator[str]:
    """What a reader finds that the other process has not published, or misses."""
    tree = open_run(url)
    for node in ("model", "residual"):
        for name, array in tree[node].to_dataset().data_vars.items():
            if set(np.unique(array.values)) != {OWNER}:
                yield f"{node}/{name} reads {array.values}"
    if (key := Run.open(url).report) is None or f"{100 * OWNER:.2f} %" not in (url / key).read_text():
        yield f"report {key} is not of the result"
    left = {entry.name for entry in (url / "checkpoints").iterdir() if (entry / "model").exists()}
    if not set(saved) <= left:
        yield f"lost: {set(saved) - left}"
    if expected is not None:
        for entry in saved:
            tree["checkpoints"][entry]["model"].compute()
        if not np.array_equal(tree["iterates"]["model"].sel(iteration=7).values.reshape(-1), expected):
            yield "the iterate differs"


def trial(name: str, source: Path, at: int, expected: np.ndarray) -> tuple[str, list[str]]:
    """One stop, takeover and awakening: what came of the takeover, and all faults."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        root.mkdir()
        url, count = root / "run.zarr", Path(folder) / "count"
        shutil.copytree(source, url)
        process = processes.Process(target=child, args=(name, str(url), at, count))
        process.start()
        while not stopped(process.pid) and not count.exists():
            time.sleep(0.005)
        if count.exists():
            process.join()
            return "over", []
        result, saved = take_over(url)
        found = list(faults(url, expected, saved)) if result == "taken" else []
        os.kill(process.pid, signal.SIGCONT)
        while process.is_alive():
            if result == "taken":
                found += faults(url, expected, saved)
        if result == "taken":
            Run.open(url).attempt().close()  # whoever comes next sweeps
            found += faults(url, expected, saved)
            found += [f"{f.path}: {f.words}" for f in verify(url)]
        elif url.exists():
            found.append(f"{result}, but {sorted(p.name for p in url.iterdir())} is left")
        return result, found


def take_over(url: Path) -> tuple[str, list[str]]:
    """Take the run over as soon as the lease allows, resume, and publish."""
    dask.config.set({"pylops-distributed.storage.lease-time": 0.2})
    end = time.monotonic() + 30
    while True:
        try:
            run = Run.open(url)
            attempt = run.attempt()
            break
        except lease.RunBusyError:
            assert time.monotonic() < end
            time.sleep(0.02)
        except FileNotFoundError:
            return "gone", []
    iterate(attempt, 7)
    publish(run, attempt, OWNER)
    # Kept open: the zombie judges this process by the usual 90 s.
    saved = [n for n in run.storage.dirs("checkpoints") if n.endswith(f"a{attempt.number:04d}")]
    attempt.end()
    return "taken", saved


def stopped(pid: int) -> bool:
    """Whether a process is stopped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except FileNotFoundError:
        return False


def run_scenario(name: str, every: int = 1) -> tuple[int, int, list[str]]:
    """All trials of a scenario: how many, how many takeovers, and all faults."""
    with tempfile.TemporaryDirectory() as folder, dask.config.set(scheduler="sync"):
        source, at, taken, found = template(Path(folder), name), 1, 0, []
        whole = template(Path(folder) / "whole", "whole")
        with Run.open(whole).attempt() as attempt:
            expected = iterate(attempt, 7)
        trials = 0
        while True:
            result, bad = trial(name, source, at, expected)
            if result == "over":
                return trials, taken, found
            trials, taken = trials + 1, taken + (result == "taken")
            found += [f"{name}, change {at}: {words}" for words in bad]
            at += every


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=[*SCENARIOS])
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    total, bad = 0, []
    for name in given.scenarios:
        start = time.monotonic()
        trials, taken, found = run_scenario(name, given.every)
        total, bad = total + trials, bad + found
        print(f"{name:8} stopped at {trials} changes, {taken} taken over, {trials - taken} found gone, "
              f"{len(found)} faults, {time.monotonic() - start:.0f} s", flush=True)  # fmt: skip
        for words in found[:20]:
            print("   ", words, flush=True)
    print(f"{total} trials: {len(bad)} mixtures or losses")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
