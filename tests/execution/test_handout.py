"""States that are handed out: blocks stay with their parts until somebody looks, and cost one message a worker."""

import gc
from collections import Counter
from functools import partial

import dask
import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.execution import cluster_engine, replay
from pylops_distributed.execution.handout import StateArray, state_blocks
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

CHUNKS = 32


@pytest.fixture
def engine(cluster):
    op, y = pld.Diagonal(da.arange(1.0, 1 + 4 * CHUNKS, chunks=4)), da.ones(4 * CHUNKS, chunks=4)
    solver = CGLS(10**6, tol=-1.0)
    engine = replay(partial(solver.step, op, y), solver.init(op, y), solver.done)
    yield engine
    engine.close()


def states_kept(dask_worker):
    """How many states a worker's part keeps in addition to the newest."""
    (part,) = cluster_engine._parts.values()
    return len(part._kept)


def tasks(client):
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def test_a_state_that_nobody_looks_at_costs_the_cluster_nothing(cluster, engine):
    engine.run(1)
    before = tasks(cluster)
    state = engine.state()
    assert isinstance(state.x, StateArray)
    assert tasks(cluster) == before
    engine.run(1)
    assert list(cluster.run(states_kept).values()) == [1, 1]
    del state
    engine.run(1)
    assert list(cluster.run(states_kept).values()) == [0, 0]


def test_a_state_is_registered_by_one_message_a_worker(cluster, engine):
    engine.run(1)
    state, asked = engine.state(), Counter()
    part = engine._part
    engine._part = lambda me: asked.update([me]) or part(me)
    before = tasks(cluster)
    graph = dict(state.x.dask)
    assert asked == {0: 1, 1: 1}
    assert tasks(cluster) == before + CHUNKS == before + len(graph)
    state.x.compute()
    assert asked == {0: 1, 1: 1}


def test_a_state_stays_what_it_is_while_steps_are_taken_and_after_the_end(cluster, engine):
    engine.run(1)
    early = engine.state()
    expected = engine.state().x.compute()
    engine.run(3)
    late = engine.state().x
    engine.close()
    np.testing.assert_array_equal(early.x.compute(), expected)
    assert not np.array_equal(late.compute(), expected)
    assert np.isfinite(early.s.compute()).all()


def test_parts_write_a_checkpoint_while_steps_are_taken(cluster, engine, tmp_path):
    run = Run.create_or_open(tmp_path / "run.zarr", identity={}, provenance={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        engine.run(2)
        state, before = engine.state(), tasks(cluster)
        store.save(state)
        engine.run(5)
        store.wait()
        assert state_blocks(state.x) is not None  # nobody but the parts has its blocks
        assert tasks(cluster) <= before
        saved = store.latest(CGLS.state).state
        with dask.config.set(scheduler="sync"):
            np.testing.assert_array_equal(saved.x.compute(), state.x.compute(scheduler=cluster))
            np.testing.assert_array_equal(saved.s.compute(), state.s.compute(scheduler=cluster))


def test_a_dropped_state_is_let_go_of(cluster, engine):
    engine.run(1)
    x = engine.state().x
    x.compute()
    held = tasks(cluster)
    del x
    gc.collect()
    for _ in range(100):
        if tasks(cluster) <= held - CHUNKS:
            break
        cluster.run_on_scheduler(lambda: None)
    assert tasks(cluster) <= held - CHUNKS
