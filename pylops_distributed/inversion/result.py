"""From the last checkpoint to a labelled result with its quality figures."""

from __future__ import annotations

import logging
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import dask
import numpy as np

from pylops_distributed.execution.state import State
from pylops_distributed.ingest import open_dataset
from pylops_distributed.inversion.assembly import model_of
from pylops_distributed.inversion.sense_checks import result_warnings, settings_warnings
from pylops_distributed.inversion.warm_start import START
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.results import result_attrs
from pylops_distributed.vectors.space import BlockVector

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr

    from pylops_distributed.storage.run import Run
    from pylops_distributed.vectors.space import Vector

log = logging.getLogger(__name__)


def write_result(run: Run, reason: str | None = None) -> dict[str, float]:
    """Label the newest checkpoint's model, measure it, and write both as the run's result, chunk by chunk.

    Parameters
    ----------
    run : Run
        A run with a checkpoint.
    reason : str, optional
        Why the solver stopped.

    Returns
    -------
    dict of str to float
        The problem's quality figures.

    Raises
    ------
    FileNotFoundError
        If the run has no checkpoint yet.
    ValueError
        If it was made without a problem and a dataset.
    """
    if "problem" not in run.attrs or "dataset" not in run.attrs:
        raise ValueError(
            f"{run.storage.place} was made by a script with solve(..., store=...), without a problem that could label "
            "a result: open_run() shows its newest model"
        )
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        checkpoint = store.latest(State)
        if checkpoint is None:
            raise FileNotFoundError(f"{run.storage.place} has no checkpoint yet: solve it first")
        problem, ds = load_problem(run.attrs["problem"]), open_dataset(run.dataset)
        result = problem.label(ds, model_of(problem, ds, run.attrs["identity"]["solver"], checkpoint.state.x))
        metrics, nonzero = dask.compute(problem.metrics(ds, result), _has_nonzero(checkpoint.state.x))
        figures = {name: float(value) for name, value in metrics.items()}
        coordinates = " ".join(str(name) for name in result.coords if name not in result.dims)
        warnings = [
            *settings_warnings(problem, ds, run.attrs["identity"]["solver"]["name"]),
            *result_warnings(checkpoint.history.get("cost", ()), not nonzero, START in run.attrs),
        ]
        for warning in warnings:
            log.warning("%s", warning)
        about = {
            "metrics": figures, "reason": reason, "coordinates": coordinates, "warnings": warnings,
        }  # fmt: skip
        run.write_result(attempt, variables(result), checkpoint=checkpoint.name, attrs=about)
    return figures


def _has_nonzero(x: Vector) -> da.Array:
    """Whether any element differs from zero, lazily."""
    arrays = x.arrays if isinstance(x, BlockVector) else (x,)
    return reduce(or_, ((array != 0).any() for array in arrays))


def variables(ds: xr.Dataset) -> dict[str, Variable]:
    """The arrays of a dataset with their dimensions and those attributes that JSON can hold."""
    return {
        str(name): Variable(
            tuple(map(str, v.dims)), v.data, {str(k): as_json_value(a) for k, a in v.attrs.items()}
        )
        for name, v in ds.variables.items()
    }


def as_json_value(value: object) -> object:
    """A NumPy scalar or array as the Python value that JSON has for it."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def needs_result(run: Run) -> bool:
    """Whether there are newer checkpoints than the one the result was made from, or no result."""
    saved, result = published_checkpoints(run.storage), result_attrs(run.storage)
    return result is None or not saved or saved[-1].name != result.get("checkpoint")
