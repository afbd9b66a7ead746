"""The behaviour of Dask's undocumented parts that this library relies on, one test for each entry of compat/dask.py."""

import operator
import os
from threading import get_ident

import dask
import dask.array as da
import numpy as np
import pytest

from pylops_distributed.compat import dask as compat
from pylops_distributed.compat.dask import Alias, DataNode, GraphNode, List, NestedContainer, Task, TaskRef


def nodes_of(array):
    return compat.task_graph(dict(array.__dask_graph__()))[0]


def keys_of(array):
    return set(compat.flatten(array.__dask_keys__()))


def chain():
    """An array of two blockwise layers, and its fused graph."""
    first = da.from_array(Stored(), chunks=3) + 1
    last = first * 2
    return first, last, compat.optimised([last], keys_of(last), keys_of(last))


class Stored:
    """An array that is not in memory."""

    shape, ndim, dtype = (6,), 1, np.dtype(float)

    def __getitem__(self, index):
        return np.arange(6.0)[index]


def test_tasks_know_what_they_need():
    task = Task("c", operator.sub, TaskRef("a"), 1)
    assert (task.key, task.func, task.args, task.kwargs) == ("c", operator.sub, (TaskRef("a"), 1), {})
    assert set(task.dependencies) == {"a"}
    assert task({"a": 3, "b": 9}) == 2
    assert issubclass(Task, GraphNode)


def test_tasks_take_keywords_and_lists_of_keys():
    task = Task("c", sum, List(TaskRef("a"), TaskRef("b")), start=TaskRef("d"))
    assert set(task.dependencies) == {"a", "b", "d"}
    assert task({"a": 1, "b": 2, "d": 4}) == 7
    assert issubclass(List, NestedContainer)


def test_a_task_is_renamed_with_what_it_needs():
    task = Task("c", operator.sub, TaskRef("a"), TaskRef("b")).substitute({"a": "x", "b": "b"}, key="z")
    assert task.key == "z"
    assert set(task.dependencies) == {"x", "b"}
    assert task({"x": 5, "b": 3}) == 2


def test_aliases_and_data_stand_for_a_key_and_a_value():
    alias, data = Alias("b", "a"), DataNode("d", [1])
    assert (alias.key, alias.target, set(alias.dependencies)) == ("b", "a", {"a"})
    assert (data.key, data.value, set(data.dependencies)) == ("d", [1], set())
    assert isinstance(alias, GraphNode)
    assert isinstance(data, GraphNode)


def test_culling_keeps_what_keys_need_and_passes_over_unknown_keys():
    graph = {"a": DataNode("a", 1), "b": Alias("b", "a"), "c": DataNode("c", 2)}
    assert set(compat.cull(graph, {"b", "elsewhere"})) == {"a", "b"}


@pytest.mark.parametrize("options", [{}, {"inline_array": True}, {"fancy": False}, {"lock": True}])
def test_stored_arrays_enter_graphs_by_getters(options):
    tasks = [
        t for t in nodes_of(da.from_array(Stored(), chunks=3, **options)).values() if isinstance(t, Task)
    ]
    assert len(tasks) == 2
    assert {t.func for t in tasks} <= set(compat.GETTERS)
    assert all(t.dependencies or isinstance(t.args[0], DataNode) for t in tasks)


def test_arrays_are_sliced_by_one_function():
    (task,) = (
        t for t in nodes_of(da.from_array(np.arange(6.0), chunks=6)[1:5]).values() if isinstance(t, Task)
    )
    assert task.func in (compat.slice_block, operator.getitem)
    assert task.args[1] == (slice(1, 5, 1),)


def test_the_number_of_processors_is_that_of_this_process():
    assert 1 <= compat.CPU_COUNT <= len(os.sched_getaffinity(0))


def test_keys_are_flattened_in_order():
    x = da.ones((2, 2), chunks=1)
    assert list(compat.flatten(x.__dask_keys__())) == [(x.name, i, j) for i in (0, 1) for j in (0, 1)]


def test_fused_tasks_are_chains_of_their_parts():
    _, last, graph = chain()
    tasks = [t for t in graph.values() if compat.subgraph(t) is not None]
    assert {t.key for t in tasks} == keys_of(last)
    for task in tasks:
        tasks, output, inputs, arguments = compat.subgraph(task)
        known = {task.key for task in tasks.values()} | set(inputs)
        assert output in tasks
        assert len(inputs) == len(arguments)
        assert all(set(t.dependencies) <= known for t in tasks.values())
        assert {a.key for a in arguments if isinstance(a, TaskRef)} <= set(task.dependencies)
    assert compat.subgraph(Task("a", len, ())) is None
    assert compat.subgraph(DataNode("a", 1)) is None


def test_layers_are_fused_a_block_at_a_time_but_not_those_asked_for():
    first, last, graph = chain()
    computed = {k for k, t in graph.items() if isinstance(t, Task)}
    assert computed == keys_of(last)
    apart = keys_of(last) | keys_of(first)
    assert keys_of(first) < set(compat.optimised([last], keys_of(last), apart))
    block = (last.name, 1)
    assert {k for k in compat.optimised([last], {block}, {block}) if k in computed} == {block}


def test_tuples_of_earlier_dasks_become_tasks():
    nodes, held = compat.task_graph({"a": 1, "b": (operator.add, "a", 2), "c": "b"})
    assert not held
    assert {type(node) for node in nodes.values()} == {DataNode, Task, Alias}
    assert nodes["b"]({"a": 1}) == 3


def test_what_a_cluster_holds_is_set_apart(client):
    persisted = da.from_array(np.arange(6.0), chunks=3).map_blocks(np.negative).persist()
    nodes, held = compat.task_graph(dict(persisted.__dask_graph__()))
    assert not nodes
    assert {k: f.key for k, f in held.items()} == {k: k for k in keys_of(persisted)}
    nodes, held = compat.task_graph(dict((persisted + 1).__dask_graph__()))
    assert set(nodes) == keys_of(persisted + 1)
    assert set(held) == keys_of(persisted)


def test_chains_of_tasks_are_fused_up_to_keys_apart():
    graph = {"a": Task("a", int), "b": Task("b", abs, TaskRef("a")), "c": Task("c", abs, TaskRef("b"))}
    fused = compat.fuse_chains(graph, {"c"})
    assert "c" in fused
    (task,) = (t for t in fused.values() if isinstance(t, Task))
    assert set(compat.subgraph(task).tasks) == {"a", "b", "c"}
    assert "b" in compat.fuse_chains(graph, {"b", "c"})


def test_an_array_knows_the_type_of_its_blocks():
    x = da.from_array(np.ma.ones((3, 2), dtype="f4"), chunks=1)
    assert isinstance(compat.meta_of(x), np.ma.MaskedArray)
    assert (compat.meta_of(x).shape, compat.meta_of(x).dtype) == ((0, 0), np.dtype("f4"))
    assert compat.meta_of(3) == 3


def test_keys_tell_their_array_within_fused_tasks_too():
    first, last, graph = chain()
    parts = compat.subgraph(graph[last.name, 0]).tasks
    assert {first.name, last.name} <= {compat.array_of_key(key) for key in parts}
    assert compat.array_of_key((first.name, 1)) == first.name


def test_arrays_that_are_made_are_noted():
    made = []
    with compat.noting_arrays(made.append):
        x = da.ones(3) + 1
    da.ones(2)
    assert made[-1] is x
    assert len(made) == 2


def test_the_scheduler_is_that_of_the_configuration_or_of_threads():
    assert compat.current_client() is None
    assert compat.computes_in_threads()
    assert not compat.computes_in_one_thread()
    with dask.config.set(scheduler="synchronous"):
        assert compat.computes_in_one_thread()
        assert not compat.computes_in_threads()
    with dask.config.set(scheduler="processes"):
        assert not compat.computes_in_threads()
        assert not compat.computes_in_one_thread()


def test_the_scheduler_is_a_clients_unless_the_configuration_says_otherwise(client):
    assert compat.current_client() is client
    assert compat.current_scheduler() == client.get
    with dask.config.set(scheduler="threads"):
        assert compat.current_client() is None
        assert compat.computes_in_threads()


def test_keys_are_computed_in_this_thread():
    graph = {"a": Task("a", get_ident), "b": Task("b", pow, 2, 5)}
    assert list(compat.compute_keys(graph, ["b", "a"])) == [32, get_ident()]
