"""Clusters that grow and shrink, for real: with tasks that wait, and not under a solve; a solve spreads out."""

import time

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution.cluster_engine import ActorEngine
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session
from pylops_distributed.utils.backend import dask
from pylops_flows.settings.pipeline import load

pytestmark = pytest.mark.slow
FAST = {"minimum": 1, "maximum": 3, "interval": "100ms", "wait_count": 3, "target_duration": "1s"}


@pytest.fixture
def growing():
    with dask(n_workers=1, threads_per_worker=1, adapt=FAST) as client:
        yield client


def size(client):
    return len(client.scheduler_info(n_workers=-1)["workers"])


def until(client, n, seconds=30):
    end = time.monotonic() + seconds
    while size(client) != n:
        assert time.monotonic() < end, f"{size(client)} workers, expected {n}"
        time.sleep(0.1)


def test_it_grows_with_tasks_and_shrinks_without(growing):
    until(growing, 1)
    waiting = growing.map(time.sleep, [1.0] * 30, pure=False)
    until(growing, 3)
    growing.cancel(waiting)
    until(growing, 1)


def test_a_solve_gets_all_and_keeps_them(growing):
    """Parts are no tasks, and Dask's own rule ends their workers as idle."""
    op = pld.FirstDerivative((400, 30), axis=0)
    session = Session(CGLS(10**6, tol=-1.0), op, da.ones((400, 30), chunks=(50, 30)))
    session.run(seconds=0.1)
    assert isinstance(session._engine, ActorEngine)
    (first,) = session._engine._workers
    until(growing, 3)
    assert session.could_spread()
    deadline = time.monotonic() + 3
    session.run(watch=lambda: time.monotonic() > deadline)
    assert size(growing) == 3
    assert first in growing.scheduler_info(n_workers=-1)["workers"]
    session.close()
    until(growing, 1)


@pytest.fixture
def run(config, tmp_path):
    """Begins runs of a small demo, each in a separate folder."""
    settings = load(config, {"root": str(tmp_path / "runs")})
    dataset = ingest(settings.sources, settings.target).url
    solver = settings.solver.build()
    return lambda name: (begin(str(tmp_path / name), dataset, settings.problem, solver), solver)


def test_an_inversion_spreads_out_to_the_same_bits(run, tuned):
    tuned("inversion.worker-check-interval", 0.2)
    parts = []
    with dask(n_workers=1, threads_per_worker=1) as client:
        with Inversion(*run("alone")) as alone:
            alone.advance()
            expected = alone.session.state.x.compute()

        def slowly(progress):
            if progress.iteration < alone.niter and len(parts) < 60:
                parts.append(len(spreading.session._engine._workers))
                time.sleep(0.1)
                if len(parts) == 3:
                    client.cluster.scale(3)

        with Inversion(*run("spread")) as spreading:
            reached = spreading.advance(on_progress=slowly)
            np.testing.assert_array_equal(spreading.session.state.x.compute(), expected)
    assert parts[0] == 1
    assert parts[-1] > 1
    assert reached.iteration == alone.niter
    assert len(reached.cost) == alone.niter + 1
