"""A pipeline before it is run: the stages that it would run, and what they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
from dask.utils import format_bytes, format_time

from pylops_distributed.ingest import read_ref
from pylops_distributed.inversion.disk_usage import disk_use
from pylops_distributed.inversion.result import needs_result
from pylops_distributed.inversion.run_identity import identity, run_url
from pylops_distributed.inversion.warm_start import find_warm_start
from pylops_distributed.runs.progress import step_seconds
from pylops_distributed.settings.solver_settings import max_steps_of
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run, list_runs
from pylops_flows.settings.dataset_url import dataset_url
from pylops_flows.settings.preflight import inputs, preflight

if TYPE_CHECKING:
    from pylops_flows.settings.pipeline import PipelineConfig

UP_TO_DATE = "up to date"


def pipeline_plan(config: PipelineConfig) -> Iterator[tuple[str, str]]:
    """Yield names and words: one pair for each stage, then disk, memory and time; nothing is written or started.

    Parameters
    ----------
    config : PipelineConfig
        Settings of the pipeline. Sources are read for their checksums.

    Raises
    ------
    FileNotFoundError, ValueError, ImportError, RunMismatchError, RunBusyError
        As :func:`~pylops_flows.settings.preflight.preflight`.
    """
    disk, dataset = preflight(config), dataset_url(config)
    fingerprint = _fingerprint(dataset)
    run, place = _run(config, fingerprint)
    status = None if run is None else run.status()
    done, steps = (status.iteration or 0) if status else 0, max_steps_of(config.solver)
    yield (
        "ingest",
        f"{UP_TO_DATE}: {_place(dataset)}"
        if fingerprint
        else f"{len(config.sources)} sources into {_place(dataset)}",
    )
    yield "invert", _solve_words(run, place, done, steps)
    unfinished = run is None or done < steps or needs_result(run) or run.report is None
    yield "postprocess", "result and report" if unfinished else UP_TO_DATE
    yield "disk", disk
    yield "memory", _memory(config)
    yield "time", _time(config, run, max(0, steps - done))


def _fingerprint(dataset: str) -> str | None:
    try:
        return read_ref(dataset).fingerprint
    except FileNotFoundError:
        return None


def _run(config: PipelineConfig, fingerprint: str | None) -> tuple[Run | None, str]:
    """The run, if there is one, and where it is or would be."""
    if config.run is not None:
        place = config.run
    elif fingerprint is None:
        return None, f"{config.root}/{config.name}-….zarr"  # its name depends on the data
    else:
        wanted = identity(config.problem, fingerprint, config.solver)
        if config.warm_start:
            wanted, _ = find_warm_start(config.root, config.name, wanted)
        place = run_url(config.root, config.name, wanted)
    try:
        return Run.open(place), _place(place)
    except FileNotFoundError:
        return None, _place(place)


def _solve_words(run: Run | None, place: str, done: int, steps: int) -> str:
    if run is None:
        return f"{steps} iterations at most, into the new run {place}"
    if not done:
        return f"{steps} iterations at most, from the start, in {place}"
    ended = run.status().state in ("solved", "finished") and done < steps
    if done >= steps:
        return f"{UP_TO_DATE}: {place} is at iteration {done} of {steps}"
    rest = f" (it stopped at {done}: {run.status().reason})" if ended else ""
    return f"resumes {place} at iteration {done} of {steps}{rest}"


def _memory(config: PipelineConfig) -> str:
    ds = inputs(config)
    state = disk_use(config.problem, ds, config.solver, config.checkpoint.retention).state
    need = f"about {format_bytes(2 * state + ds.nbytes)} over all workers for states and data, without the operator"
    if config.cluster.hardware != "single":
        return need
    return f"{need}; {format_bytes(psutil.virtual_memory().available)} available on this machine"


def _time(config: PipelineConfig, run: Run | None, steps: int) -> str:
    """Time of the solve at the speed of this run, or of the newest like it."""
    if not steps:
        return "no iterations left"
    for other in [run] if run is not None else _similar(config):
        seconds = step_seconds(other.storage)
        if seconds is not None:
            return (
                f"about {format_time(steps * seconds)} for {steps} iterations, at the speed of {other.name}"
            )
    return "not known: no run of this name, problem and solver has taken enough steps yet"


def _similar(config: PipelineConfig) -> list[Run]:
    """The runs of the same name, problem and solver, newest first."""
    runs = [
        run for run in list_runs(config.root)
        if run.attrs.get("name") == config.name
        and (run.attrs.get("problem") or {}).get("name") == config.problem.name
        and (run.attrs["identity"].get("solver") or {}).get("name") == getattr(config.solver, "name", None)
    ]  # fmt: skip
    return sorted(runs, key=lambda run: str(run.attrs["created_at"]), reverse=True)


def _place(url: str) -> str:
    return open_storage(url).place
