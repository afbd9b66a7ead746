"""Dask clusters as Prefect task runners, and the current runner's cluster for the flow's own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from prefect.context import FlowRunContext
from prefect_dask import DaskTaskRunner

from flows.config import ClusterConfig
from pylops_distributed.utils.backend import HARDWARE


def task_runner(cluster: ClusterConfig | None = None) -> DaskTaskRunner:
    """A task runner on the cluster that is asked for; it starts with the first use.

    Raises
    ------
    ValueError
        If there is no such kind of cluster.
    """
    wanted = cluster or ClusterConfig()
    if "://" in wanted.hardware:
        return DaskTaskRunner(address=wanted.hardware)
    if wanted.hardware not in HARDWARE:
        raise ValueError(f"there is no hardware {wanted.hardware!r}: expected an address or one of {HARDWARE}")
    return DaskTaskRunner(cluster_class=_maker(wanted.hardware), cluster_kwargs=wanted.options)


def _maker(hardware: str) -> Callable[..., Any]:
    make: Callable[..., Any] = import_module(f"pylops_distributed.clusters.{hardware}").cluster
    named = partial(make)
    named.__module__, named.__qualname__ = make.__module__, hardware  # type: ignore[attr-defined]  # for Prefect's log
    return named


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


def quiet() -> None:
    """Turn Dask's own chatter down to warnings."""
    for noisy in ("distributed", "bokeh"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
