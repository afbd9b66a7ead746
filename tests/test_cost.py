"""What operators are said to take, beside what they take."""

import threading
import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest
from cases import CASES
from dask._task_spec import Alias, DataNode
from dask.callbacks import Callback

import pylops_distributed as pld
from pylops_distributed.cost import describe
from pylops_distributed.limits import KERNEL, TooLarge, check_memory


def measured(*arrays):
    """Peak bytes of each task, what it is given included."""
    peaks, held = {}, {}

    def given(key, graph, state):
        return sum(_size(state["cache"].get(k)) for k in graph[key].dependencies)

    def before(key, graph, state):
        held[key] = given(key, graph, state)
        tracemalloc.reset_peak()
        held[key] -= tracemalloc.get_traced_memory()[0]

    def after(key, value, graph, state, worker):
        peaks[key] = held[key] + tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    with dask.config.set(scheduler="sync"), Callback(pretask=before, posttask=after):
        dask.persist(*arrays)
    tracemalloc.stop()
    return peaks


def _size(value):
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return getattr(value, "nbytes", 0)
