"""Dask clusters as Prefect task runners, and the current runner's cluster for the flow's own thread."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from distributed import Client, fire_and_forget
from prefect.context import FlowRunContext
from prefect_dask import DaskTaskRunner

from pylops_distributed.clusters.client import starter
from pylops_flows.server.fast_import import import_without_gc
from pylops_flows.settings.pipeline import ClusterConfig

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner


def task_runner(cluster: ClusterConfig | None = None) -> TaskRunner[PrefectFuture[object]]:
    """Return a task runner on a cluster, which starts on first use.

    Raises
    ------
    ValueError
        If there is no such kind of cluster.
    """
    set_dask_log_levels()
    settings = cluster or ClusterConfig()
    if "://" in settings.hardware:
        runner = DaskTaskRunner(address=settings.hardware)
    else:
        runner = DaskTaskRunner(cluster_class=starter(settings.hardware), cluster_kwargs=settings.filled)
    return cast("TaskRunner[PrefectFuture[Any]]", runner)


@contextmanager
def cluster() -> Iterator[Client]:
    """Make the Dask client of the current flow's task runner the current client of this thread, and yield it.

    Functions that are called inside (rather than submitted) compute on the cluster, yet end with their flow: signals
    and cancellation reach them, timeouts hold, and no worker continues to write for a flow that has ended.

    Relies on: ``FlowRunContext.get().task_runner`` is the running task runner of a flow, with its ``client``.
    """
    context = FlowRunContext.get()
    if context is None or not isinstance(context.task_runner, DaskTaskRunner):
        raise RuntimeError("cluster() works inside a flow whose task runner is a DaskTaskRunner")
    client = context.task_runner.client
    with client.as_current():
        yield client


def preimport_on_workers(client: Client) -> None:
    """Have the workers import the modules of tasks, while the first task is prepared."""
    for worker in client.nthreads():
        fire_and_forget(client.submit(import_without_gc, "pylops_flows.tasks", workers=[worker], pure=False))


def set_dask_log_levels() -> None:
    """Limit the logs of Dask to warnings, and those of its dashboard to errors."""
    for logger, level in {"distributed": logging.WARNING, "bokeh": logging.ERROR}.items():
        logging.getLogger(logger).setLevel(level)
