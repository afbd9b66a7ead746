"""Slurm and PBS: the text of job scripts; and, behind a stand-in for the queue, jobs that really run."""

import os
import shlex
import stat
import sys
import time
from pathlib import Path

import pytest

from pylops_distributed.utils.backend import dask, starter

pytest.importorskip("dask_jobqueue", reason="needs pip install 'pylops-distributed[cluster]'")

# What both queues know of a command: start the script that is handed over, tell its number; end one of a number.
# The script is deleted as soon as it was handed over.
SUBMIT = '#!/bin/sh\ncp "$1" {log}/job.$$.sh\nsh {log}/job.$$.sh > {log}/job.$$.log 2>&1 &\necho "{answer}"\n'
CANCEL = "#!/bin/sh\nfor job in $@; do kill $job; done\n"
QUEUES = {
    "slurm": ("sbatch", "Submitted batch job $!", "scancel"),
    "pbs": ("qsub", "$!", "qdel"),
}
SIZE = {
    "threads_per_worker": 4,
    "memory": "16GB",
    "queue": "long",
    "account": "earth",
    "walltime": "02:30:00",
}


def script(kind, **options):
    cluster = starter(kind)(n_workers=0, **options)
    try:
        return cluster.job_script(), cluster.scheduler_address
    finally:
        cluster.close()


def directives(text, mark):
    return {line.removeprefix(mark).strip() for line in text.splitlines() if line.startswith(mark)}


@pytest.mark.parametrize(
    ("kind", "mark", "asked"),
    [
        (
            "slurm",
            "#SBATCH",
            {"-p long", "-A earth", "-n 1", "--cpus-per-task=4", "--mem=15G", "-t 02:30:00"},
        ),
        ("pbs", "#PBS", {"-q long", "-A earth", "-l select=1:ncpus=4:mem=15GB", "-l walltime=02:30:00"}),
    ],
)
def test_the_script_asks_for_what_the_settings_say(kind, mark, asked):
    text, address = script(kind, **SIZE, job_script_prologue=["module load python"])
    assert asked <= directives(text, mark)
    *_, before, command = text.strip().splitlines()
    assert before == "module load python"
    words = shlex.split(command)
    assert words[0] == sys.executable
    assert address in words
    assert words[words.index("--nthreads") + 1] == "4"


@pytest.fixture(params=QUEUES)
def queue(request, tmp_path, monkeypatch, environment):
    """Commands by the names of the queue's own, which run jobs on this machine."""
    submit, answer, cancel = QUEUES[request.param]
    for name, text in ((submit, SUBMIT.format(log=tmp_path, answer=answer)), (cancel, CANCEL)):
        file = tmp_path / name
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    return request.param


@pytest.mark.slow
def test_an_inversion_in_jobs(queue, tmp_path, check_inversion):
    options = {
        "memory": "1GB",
        "interface": "lo",
        "log_directory": str(tmp_path),
        "local_directory": str(tmp_path),
    }
    with dask(queue, n_workers=1, adapt={"minimum": 2, "maximum": 2}, **options) as client:
        check_inversion()  # waits for a first job
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info(n_workers=-1)["workers"]
        assert {w["nthreads"] for w in workers.values()} == {1}
        assert all(w["memory_limit"] <= 10**9 for w in workers.values())
        check_inversion()
        pids = client.run(os.getpid).values()
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, "jobs outlive their cluster"
        time.sleep(0.2)
