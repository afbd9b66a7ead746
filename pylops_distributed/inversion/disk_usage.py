"""Disk space of a run, estimated before it begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dask.array as da

from pylops_distributed.execution.state import state_arrays
from pylops_distributed.inversion.assembly import AnySolver, assemble, model_of
from pylops_distributed.inversion.run_identity import identity
from pylops_distributed.settings.solver_settings import max_steps_of

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.problems.base import Problem
    from pylops_distributed.storage.checkpoint_policies import Retention


def _padded_nbytes(array: da.Array) -> int:
    """Bytes of an array in a checkpoint, whose chunks are all of one size, those at the edges too."""
    grid = [max(sizes, default=1) for sizes in array.chunks]
    padded = [-(-length // chunk) * chunk for length, chunk in zip(array.shape, grid, strict=True)]
    return int(math.prod(padded) * array.dtype.itemsize)


@dataclass(frozen=True)
class DiskUse:
    """Bytes that the parts of a run take at most.

    Attributes
    ----------
    dataset : int
        The raw data, ingested; compression not counted.
    state : int
        One checkpoint.
    checkpoints : int
        How many of these there are at once, at most.
    result : int
        The result.
    """

    dataset: int
    state: int
    checkpoints: int
    result: int

    @property
    def run(self) -> int:
        """Bytes of the run, without its dataset."""
        return self.state * self.checkpoints + self.result


def disk_use(problem: Problem, ds: xr.Dataset, solver: AnySolver, retention: Retention) -> DiskUse:
    """Reckon up what a run takes on disk; builds graphs, and computes nothing.

    Parameters
    ----------
    problem : Problem
        Problem, prepared or not.
    ds : xarray.Dataset
        Its dataset, lazy.
    solver : SolverSettings or Solver
        Solver.
    retention : Retention
        Which checkpoints are kept.
    """
    planned = problem.with_planning_defaults(ds)
    ready = assemble(planned, ds, solver)
    first = ready.solver.init(ready.op, ready.y)
    state = sum(map(_padded_nbytes, state_arrays(first)))
    # While one is written, those before it are still there.
    kept = retention.latest + 1 + (max_steps_of(solver) // retention.every if retention.every else 0)
    solver_settings = identity(problem, "", solver)["solver"]
    result = planned.label(ds, model_of(planned, ds, solver_settings, first.x))
    return DiskUse(int(ds.nbytes), state, kept, int(result.nbytes))
