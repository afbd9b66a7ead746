"""The steps of the flows as Prefect tasks: references and small values in and out, never arrays.

Prefect caches none of them: the store knows which of them are finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, KilledWorker, default_client
from obstore.exceptions import GenericError
from prefect import State, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from pylops_distributed import ingest, tuning
from pylops_distributed.compat.distributed import FutureCancelledError
from pylops_distributed.errors import RunBusyError, WorkerLostError
from pylops_distributed.execution.worker_loss import describe_worker_loss
from pylops_distributed.inversion import result as postprocess
from pylops_distributed.inversion.forward_modelling import write_modelled
from pylops_distributed.inversion.inversion import Inversion, Progress, begin
from pylops_distributed.inversion.sense_checks import resting_since
from pylops_distributed.problems.base import Problem
from pylops_distributed.runs import report
from pylops_distributed.runs.lcurve import curve_point
from pylops_distributed.runs.reading import open_run
from pylops_distributed.storage.run import Run
from pylops_flows.runtime import artifacts, monitor
from pylops_flows.settings.pipeline import PipelineConfig

log = logging.getLogger("pylops_distributed.tasks")
TRANSIENT = (WorkerLostError, KilledWorker, FutureCancelledError, GenericError, OSError, TimeoutError)


def _is_transient(error: Exception) -> bool:
    """Return whether to try again: lost workers and storage may come back, wrong numbers stay wrong."""
    return isinstance(error, TRANSIENT) and not isinstance(error, FileNotFoundError)


def _failed_transiently(_task: object, _run: object, state: State[object]) -> bool:
    try:
        state.result()
    except Exception as error:
        return _is_transient(error)
    return False


RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": [1, 5, 20],
    "retry_condition_fn": _failed_transiently,
}


def _is_transient_in_sweep(_task: object, _run: object, state: State[object]) -> bool:
    """As any other task; and while the lease of a lost worker on the run lasts."""
    try:
        state.result()
    except Exception as error:
        return _is_transient(error) or isinstance(error, RunBusyError)
    return False


SWEEP_RETRIES: dict[str, Any] = {
    "retries": 5,
    "retry_delay_seconds": [1, 5, 20, 40, 60],
    "retry_condition_fn": _is_transient_in_sweep,
}


@contextmanager
def _losses_in_words() -> Iterator[None]:
    """Dask's error for a task that killed several workers becomes one that says why, as far as it is known."""
    try:
        yield
    except KilledWorker as error:
        raise WorkerLostError(
            f"several workers were lost while they computed {error.task}{describe_worker_loss(default_client(), {})}: "
            "resume from the newest checkpoint"
        ) from error


@task(name="look at file", cache_policy=NO_CACHE)
def look_at_file(source: ingest.Source) -> ingest.FileInfo:
    """Show in the log what a raw file holds, and how to ingest it."""
    found = ingest.info(source.path, format=source.format, **source.options)
    get_run_logger().info("%s", found)
    return found


@task(name="plan ingest", cache_policy=NO_CACHE)
def plan_ingest(
    sources: dict[str, ingest.Source] | ingest.Source, target: str, replace: bool = False
) -> ingest.Plan:
    """Scan the sources and lay out the dataset."""
    return ingest.plan(sources, target, replace=replace)


@task(name="write block", task_run_name="write block {index}", cache_policy=NO_CACHE, **RETRIES)
def write_ingest_block(plan: ingest.Plan, index: int) -> ingest.BlockReport:
    """Write one block of the dataset, on the worker that this task runs on."""
    with dask.config.set(scheduler="synchronous"):
        return ingest.write_block(plan, index)


@task(name="seal dataset", cache_policy=NO_CACHE)
def seal_dataset(plan: ingest.Plan, reports: list[ingest.BlockReport]) -> ingest.DatasetRef:
    """Check that the dataset is complete, and publish it."""
    return ingest.seal(plan, reports)


@task(name="begin run", cache_policy=NO_CACHE)
def begin_run(dataset: str, config: PipelineConfig) -> str:
    """Create the run, or open it; return its URL."""
    run = begin(
        config.root, dataset, config.problem, config.solver,
        name=config.name, url=config.run, params=config.model_dump(mode="json"), warm_start=config.warm_start,
    )  # fmt: skip
    return run.storage.url


@task(name="open run", cache_policy=NO_CACHE, **RETRIES)
def open_inversion(url: str, config: PipelineConfig, client: Client) -> Inversion:
    """Take the run's lease, build its operator, and read its newest checkpoint."""
    check = config.checkpoint
    with _losses_in_words():
        return Inversion(
            Run.open(url), config.solver, save=check.save, retention=check.retention, client=client
        )


@task(name="solve", cache_policy=NO_CACHE, **RETRIES)
def solve_segment(inversion: Inversion, on_progress: Callable[[Progress], bool]) -> Progress:
    """Iterate for ``pipelines.segment`` seconds; a second try resumes from the newest checkpoint.

    A failure after a new checkpoint only ends the segment early, so that workers lost now and then do not use up the
    retries.
    """
    newest, rested = inversion.kept, resting_since(inversion.progress.cost) is not None
    try:
        with _losses_in_words():
            progress = inversion.advance(tuning.seconds("pipelines.segment"), on_progress)
    except Exception as error:
        inversion.settle()
        if not _is_transient(error) or inversion.kept <= newest:
            raise
        progress = inversion.progress
        log.warning("failed after a new checkpoint, which does not count as a retry: %s", error)
    get_run_logger().info(artifacts.live_line(progress))
    if not rested and (rest := resting_since(progress.cost)) is not None:
        get_run_logger().warning(
            "the residual has been at rest since step %d: pld pause %s stops the solve",
            rest,
            inversion.run.name,
        )
    return progress


@task(name="solve alone", task_run_name="solve {config.name}", cache_policy=NO_CACHE, **SWEEP_RETRIES)
def solve_alone(dataset: str, config: PipelineConfig) -> str:
    """Create or open a run, solve it and publish its result, all on the worker that this task runs on."""
    check = config.checkpoint
    with dask.config.set(scheduler="synchronous"):
        run = begin(
            config.root, dataset, config.problem, config.solver,
            name=config.name, params=config.model_dump(mode="json"), warm_start=config.warm_start,
        )  # fmt: skip
        with Inversion(run, config.solver, save=check.save, retention=check.retention) as inversion:
            inversion.advance()
        if postprocess.needs_result(run):
            postprocess.write_result(run)
    return run.storage.url


@task(name="measure", cache_policy=NO_CACHE, **RETRIES)
def measure_alone(url: str) -> dict[str, float]:
    """Return the point of a run on the L-curve."""
    with dask.config.set(scheduler="synchronous"):
        return curve_point(url)


@task(name="write model data", cache_policy=NO_CACHE, **RETRIES)
def model_data(dataset: str, problem: Problem, target: str) -> str:
    """Model data from the dataset's model, chunk by chunk, and publish them."""
    return write_modelled(dataset, problem, target)


@task(name="write result", cache_policy=NO_CACHE, **RETRIES)
def write_run_result(url: str) -> dict[str, float]:
    """Label and measure the newest iterate, and publish it as the run's result."""
    return postprocess.write_result(Run.open(url))


@task(name="write report", cache_policy=NO_CACHE, **RETRIES)
def write_run_report(url: str) -> str:
    """Draw the report, and show it in the Prefect UI, too; return its location."""
    tree = open_run(url)
    pictures = report.draw(tree)
    monitor.publish_report_images(pictures)
    location = report.write_report(url, pictures, tree)
    try:
        create_markdown_artifact(
            artifacts.report_markdown(url, location, report.summary(tree), pictures),
            key="report",
            description=location,
        )
    except Exception as error:  # the report is written, and can be read without a server
        log.warning("the report could not be shown in the Prefect UI: %s", error)
    return location
