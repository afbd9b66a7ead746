"""Dask clusters as Prefect task runners, and the current runner's cluster for the flow's own thread."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Client, fire_and_forget
from prefect.context import FlowRunContext
from prefect_dask import DaskTaskRunner

from pylops_distributed.clusters.client import starter
from pylops_flows.server.fast_import import import_without_gc
from pylops_flows.settings.pipeline import ClusterConfig


def task_runner(cluster: ClusterConfig | None = None) -> DaskTaskRunner:
    """A task runner on the cluster that is asked for; it starts with the first use.

    Raises
    ------
    ValueError
        If there is no such kind of cluster.
    """
    set_dask_log_levels()
    wanted = cluster or ClusterConfig()
    if "://" in wanted.hardware:
        return DaskTaskRunner(address=wanted.hardware)
    return DaskTaskRunner(cluster_class=starter(wanted.hardware), cluster_kwargs=wanted.filled)


@contextmanager
def cluster() -> Iterator[Any]:
    """The Dask client of the current flow's task runner, as current client of this thread.

    What is called (rather than submitted) inside computes on the cluster, yet ends with its flow: cancelling
    and signals reach it, time-outs hold, and no worker goes on writing for a flow that is gone.
    """
    context = FlowRunContext.get()
    if context is None or not isinstance(context.task_runner, DaskTaskRunner):
        raise RuntimeError("cluster() works inside a flow whose task runner is a DaskTaskRunner")
    client = context.task_runner.client
    with client.as_current():
        yield client


def preimport_on_workers(client: Client) -> None:
    """Have the workers import what tasks need, while the first of them is still being made."""
    for worker in client.nthreads():
        fire_and_forget(client.submit(import_without_gc, "pylops_flows.tasks", workers=[worker], pure=False))


def set_dask_log_levels() -> None:
    """Turn Dask's own chatter down to warnings, and its dashboard's to errors."""
    for noisy, level in {"distributed": logging.WARNING, "bokeh": logging.ERROR}.items():
        logging.getLogger(noisy).setLevel(level)
