"""Blocks that a cluster holds stay where they are, and lie in memory once."""

import uuid
from functools import partial

import dask
import dask.array as da
import numpy as np
from distributed import wait

import pylops_distributed as pld
from pylops_distributed.compat.dask import Task, TaskRef
from pylops_distributed.execution import cluster_engine, replay
from pylops_distributed.execution.placement import find_placement, in_rounds
from pylops_distributed.graph.folds import continued_by, split_sum
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.vectors.space import reshape

SIZE, COUNT = 20, 4


def spread(client, values, home):
    """A matrix in COUNT x COUNT blocks, each on the worker with the number that ``home`` returns."""
    workers, name = sorted(client.scheduler_info()["workers"]), f"block-{uuid.uuid4().hex}"
    graph = {
        (name, i, j): client.submit(
            np.array, values[i * SIZE : (i + 1) * SIZE, j * SIZE : (j + 1) * SIZE],
            workers=[workers[home(i, j)]], key=(name, i, j),
        )
        for i in range(COUNT)
        for j in range(COUNT)
    }  # fmt: skip
    return da.Array(graph, name, ((SIZE,) * COUNT,) * 2, dtype=values.dtype)


def start(op, y):
    solver = CGLS(6, tol=0.0)
    return replay(partial(solver.step, op, y), solver.init(op, y), solver.done)


def blocks(name, dask_worker):
    """Of an operator's blocks: what came to a worker, what its part holds, and what it holds another copy of."""
    log = [key for entry in dask_worker.transfer_incoming_log for key in entry["keys"]]
    came = {key for key in log if isinstance(key, tuple) and key[0] == name}
    (part,) = cluster_engine._parts.values()
    kept = {k: v for k, v in part._constants._kept.items() if k[0] == name}
    return came, set(kept), {k for k, v in kept.items() if not np.shares_memory(v, dask_worker.data[k])}


def checkerboard(i, j):
    return (i + j) % 2


def single(i, j):
    return 0


def test_blocks_stay_where_they_are(cluster, rng):
    values = rng.standard_normal((SIZE * COUNT,) * 2)
    y = da.from_array(values @ rng.standard_normal(SIZE * COUNT), chunks=SIZE)
    with dask.config.set(scheduler="sync"):
        expected = start(pld.MatrixMult(da.from_array(values, chunks=SIZE)), y)
        expected.run(6)
    kernel = spread(cluster, values, checkerboard)
    engine = start(pld.MatrixMult(kernel), y)
    engine.run(6)
    for worker, (came, kept, twice) in cluster.run(partial(blocks, kernel.name)).items():
        here = {k for k, holders in cluster.who_has(kernel).items() if worker in holders}
        assert (came, twice) == (set(), set())
        assert len(kept) == 8
        assert kept == here
    # The terms of a sum are added in one order, whoever has them.
    np.testing.assert_array_equal(engine.state().x.compute(), expected.state().x.compute(scheduler="sync"))
    engine.close()
    expected.close()


def test_of_a_worker_that_holds_all_others_take_some(cluster, rng, tuned):
    values = rng.standard_normal((SIZE * COUNT,) * 2)
    kernel = spread(cluster, values, single)
    for share, others in ((2, 0), (1, 8)):
        tuned("execution.largest-share", share)
        engine = start(pld.MatrixMult(kernel), da.ones(SIZE * COUNT, chunks=SIZE))
        numbers = cluster.run(partial(blocks, kernel.name)).values()
        assert sorted(len(kept) for _, kept, _ in numbers) == [others, COUNT**2 - others]
        assert not any(twice for _, _, twice in numbers)
        engine.close()


def test_a_diagonal_of_single_blocks_is_on_all_workers(cluster, rng):
    values = rng.standard_normal((SIZE * COUNT,) * 2)
    kernel = spread(cluster, values, checkerboard)
    op = pld.BlockDiag([pld.MatrixMult(kernel.blocks[0, k]) for k in range(COUNT)])
    engine = start(op, reshape(da.ones(op.shape[0]), op.codomain))
    assert [len(kept) for _, kept, _ in cluster.run(partial(blocks, kernel.name)).values()] == [2, 2]
    engine.close()


def test_workers_that_hold_most_come_first_in_the_order_of_their_blocks(cluster, rng):
    kernel = spread(cluster, rng.standard_normal((SIZE * COUNT,) * 2), checkerboard)
    futures = dict(kernel.dask)
    workers = sorted(cluster.scheduler_info()["workers"])
    wait(list(futures.values()))
    placement = find_placement(
        cluster, {k: f for k, f in futures.items() if k[1] == 3 - k[2]}, dict.fromkeys(workers), 1
    )
    assert placement.workers == [workers[1]]


def test_values_are_handed_over_a_few_at_a_time(tuned):
    tuned("execution.transfer-at-once", 100)
    inputs = [{n: np.zeros(60, "u1") for n in range(5)}, {9: "a future", 8: "another"}, {}]
    rounds = [[len(values) for values in taken] for taken in in_rounds(inputs, {9: 200})]
    assert rounds == [[2, 2, 0], [2, 0, 0], [1, 0, 0]]


def add(*values, count):
    return sum(values[1:], values[0])


def test_a_sum_is_split_where_its_blocks_are():
    continued_by(add)(add)
    node = Task(("sum", 0), add, *(TaskRef(n) for n in range(6)), count=2)
    split = split_sum(node, lambda keys: int(keys[0] >= 4))
    assert [set(task.dependencies) for task in split.values()] == [{0, 1, 2, 3}, {("sum-until-1", 0), 4, 5}]
    assert list(split)[-1] == node.key
    assert split_sum(node, lambda keys: 1) == {node.key: node}
