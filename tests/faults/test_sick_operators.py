"""Operators that hang or take all memory, in whole pipelines: the run ends or continues, and never hangs."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from pylops_distributed import open_run
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_case

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
NITER = 300
LIMIT = "600MB"  # of a worker, which has some 200 MB before it does anything
wholes: list[np.ndarray] = []


@pytest.fixture
def sick(tmp_path, monkeypatch, environment, pld, server):
    """Commands on the sick problem; its file; and its runs."""
    shutil.copy(Path(__file__).with_name("sick.py"), tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    config, flag = make_case("sick:Sick", tmp_path), tmp_path / "flag"
    own = server | {"PYTHONPATH": f"{tmp_path}:{environment['PYTHONPATH']}"}
    cluster = f"cluster={{options: {{n_workers: 2, threads_per_worker: 1, memory_limit: {LIMIT}}}}}"

    def start(how, *more, root="runs", wait=False):
        settings = ("problem.smooth=0", f"problem.flag={flag}", f"problem.how={how}", f"solver.niter={NITER}",
                    "solver.tol=0", "checkpoint.iterations=10", cluster, *more)  # fmt: skip
        words = [word for setting in settings for word in ("--set", setting)]
        return pld("run", config, "--root", tmp_path / root, *words, wait=wait, **own)

    def struck(process):
        """The run, once it has a checkpoint and was struck."""
        while not (found := list_runs(tmp_path / "runs")) or not found[0].status().iteration:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        flag.touch()
        return found[0]

    yield SimpleNamespace(
        start=start, struck=struck, flag=flag, pld=lambda *words: pld(*words, **own), folder=tmp_path
    )
    sys.modules.pop("sick", None)


def model(run):
    return open_run(run.storage.url)["iterates"].to_dataset()["model"].sel(iteration=NITER).values


@pytest.fixture
def whole(sick):
    """The model of a run that nothing happens to; the same for all tests, and made for the first."""
    if not wholes:
        code, text = sick.start("sleeps", root="whole", wait=True)
        assert code == 0, text
        wholes.append(model(list_runs(sick.folder / "whole")[0]))
    return wholes[0]


def assert_resumes(sick, run, whole):
    """Assert that the run resumes to the same bits."""
    sick.flag.unlink(missing_ok=True)
    code, text = sick.pld("resume", run.storage.folder)
    assert code == 0, text
    np.testing.assert_array_equal(model(run), whole, strict=True)


@pytest.mark.parametrize("how", ["sleeps", "never releases Python's lock"])
@pytest.mark.parametrize("ended_by", ["time-out", "signal"])
def test_an_operator_that_hangs(sick, whole, how, ended_by):
    process = sick.start(how, *(["timeouts.invert=20"] if ended_by == "time-out" else []))
    run = sick.struck(process)
    family = psutil.Process(process.pid).children(recursive=True)
    begun = time.monotonic()
    if ended_by == "signal":
        while sick.flag.exists():
            time.sleep(0.05)
        time.sleep(2)
        process.terminate()
    text, _ = process.communicate(timeout=120)
    print(f"ended after {time.monotonic() - begun:.0f} s: {text}")
    if ended_by == "signal":
        assert (process.returncode, "Resumable" in text or "stopped by SIGTERM" in text) == (4, True)
    else:
        assert (process.returncode, "took more than the 20 s" in text) == (1, True)
    _, left = psutil.wait_procs(family, 20)
    assert not left
    assert run.status().state == "interrupted"
    assert run.status().iteration
    assert_resumes(sick, run, whole)


def test_an_operator_that_takes_all_memory_once(sick, whole):
    process = sick.start("memory")
    run = sick.struck(process)
    text, _ = process.communicate(timeout=300)
    print(text)
    assert process.returncode == 0
    assert not sick.flag.exists()
    np.testing.assert_array_equal(model(run), whole, strict=True)


def test_an_operator_that_always_takes_all_memory(sick, whole):
    how = "memory always"
    process = sick.start(how)
    run = sick.struck(process)
    begun = time.monotonic()
    text, _ = process.communicate(timeout=300)
    print(f"ended after {time.monotonic() - begun:.0f} s: {text}")
    assert process.returncode == 1
    assert re.search(
        r"(WorkerLostError|NoWorkerError): .* it was killed since it held [\d.]+ MiB of memory",
        text,
        re.DOTALL,
    )
    assert run.status().state == "interrupted"
    assert_resumes(sick, run, whole)
