"""Workers of this machine that are gone for good are replaced."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import dask
import psutil
import pytest
from distributed import Status

from pylops_distributed.clusters import this_machine
from pylops_distributed.utils.backend import dask as cluster


def add(x):
    time.sleep(0.5)
    return x + 1


@pytest.mark.faults
def test_what_waits_for_workers_that_are_gone_gets_others():
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}), cluster(n_workers=2) as client:
        for nanny in list(client.cluster.workers.values()):
            client.cluster.sync(nanny.close)
        assert client.submit(add, 1).result(60) == 2
        client.wait_for_workers(2, 60)


@pytest.mark.faults
def test_workers_killed_while_they_start():
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}),
        cluster(n_workers=2) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(lambda: client.submit(add, 1).result(90))
        assert killed(8)
        assert waiting.result() == 2
        client.wait_for_workers(2, 60)


@pytest.mark.faults
def test_workers_killed_while_their_cluster_starts():
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(this_machine.start_single, n_workers=2)
        assert killed(6)
        with starting.result(60) as ours:
            assert len(ours.scheduler_info["workers"]) == 2


def test_a_cluster_that_no_worker_can_join(tmp_path, tuned, caplog):
    broken = tmp_path / "broken.py"
    broken.write_text("raise OSError('no licence')")
    tuned("clusters.start-timeout", 3)
    with pytest.raises(TimeoutError, match="0/1 workers"):
        this_machine.start_single(n_workers=1, preload=[str(broken)])
    assert "a worker did not start" in caplog.text
    assert "no licence" in caplog.text


def killed(seconds):
    """Number of workers killed as soon as they started."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for process in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # a zombie, too
                if "spawn_main" in " ".join(process.cmdline()):
                    process.kill()
                    number += 1
        time.sleep(0.2)
    return number


def test_a_worker_that_goes_before_it_was_noted_spoils_no_close():
    with cluster(n_workers=1) as client:
        ours = client.cluster
        noted = next(plugin for name, plugin in ours.scheduler.plugins.items() if "worker-status" in name)
        ours.loop.add_callback(noted.remove_worker, ours.scheduler, "tcp://127.0.0.1:1")
        ours.scale(2)
        client.wait_for_workers(2, 60)
        deadline = time.monotonic() + 20
        while len(ours.scheduler_info["workers"]) < 2:  # what comes later is noted still
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert ours.status is Status.closed
