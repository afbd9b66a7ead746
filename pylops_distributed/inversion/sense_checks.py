"""Warnings about settings and results that are valid and make no sense, each with its reason and a cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import psutil
from dask.utils import format_bytes

from pylops_distributed.problems.base import Problem
from pylops_distributed.settings.solver_settings import SOLVERS, injected_fields

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

    from pylops_distributed.inversion.disk_usage import DiskUse
    from pylops_distributed.vectors.types import NDArray

FEWEST = 20  # steps below which nothing is said of a curve
AT_REST = 1e-4  # share of its first value by which a curve at rest still falls
UNEXPLAINED = 0.95  # relative residual above which a solve has explained next to nothing


def settings_warnings(problem: Problem, ds: xr.Dataset, solver: str) -> tuple[str, ...]:
    """Return warnings about a problem and its solver; builds graphs at most, and computes nothing.

    Parameters
    ----------
    problem : Problem
        Problem, prepared or not.
    ds : xarray.Dataset
        Its dataset.
    solver : str
        Name of the solver.
    """
    warnings = tuple(problem.warnings(ds))
    # One that has a transform, and is set to use none, is meant to have a sparse model.
    if _looks_for_sparse_models(solver) and type(problem).transform is Problem.transform:
        warnings += (
            f"the solver {solver!r} looks for few coefficients other than zero, and the problem {problem.name!r} has "
            "no transform in which its model is sparse, so most of the model becomes zero: take cgls or lsqr, or "
            "splitbregman with a term of the problem that is no square",
        )
    return warnings


def memory_warnings(use: DiskUse, available: int | None = None) -> tuple[str, ...]:
    """Return a warning where a solve on this machine needs more memory than it has.

    Parameters
    ----------
    use : DiskUse
        Sizes of the run; a state in memory is as large as a checkpoint.
    available : int, optional
        Bytes of memory; those of this machine if not given.
    """
    memory = psutil.virtual_memory().total if available is None else available
    need = 2 * use.state  # before and after a step
    if need <= memory:
        return ()
    return (
        f"the solver keeps {format_bytes(need)} of states, and this machine has {format_bytes(memory)} of memory: set "
        "dtype: float32 where the problem has it, cut the data (option window of a source), or use more machines "
        "(cluster.hardware)",
    )


def result_warnings(cost: ArrayLike, is_zero: bool, warm: bool = False) -> tuple[str, ...]:
    """Return warnings about the end of a solve.

    Parameters
    ----------
    cost : array_like
        Norm of the residual, or objective, before the first and after every step.
    is_zero : bool
        Whether the solution is zero everywhere.
    warm : bool, optional
        Whether the solve began at an earlier result, which may explain all there is already.
    """
    if is_zero:
        return (
            "the solution is zero everywhere: the threshold (solver.eps), the damping (solver.damp) or a weight of the "
            "problem is too large for these data, or the data are zero",
        )
    curve = _relative(cost)
    if len(curve) <= FEWEST or warm:
        return ()
    if curve[-1] >= UNEXPLAINED:
        return (
            f"{len(curve) - 1} steps took only {100 * (1 - curve[-1]):.1f} % off the residual: the threshold "
            "(solver.eps) or the damping (solver.damp) may be too large, or operator and data do not fit each other: "
            "check wavelet, units and geometry",
        )
    if (rest := resting_since(cost)) is not None:
        return (
            f"the residual has been at rest since step {rest} of {len(curve) - 1}: further steps change little; "
            f"solver.niter={rest} is enough for this misfit, and a lower one needs other settings",
        )
    return ()


def resting_since(cost: ArrayLike) -> int | None:
    """Return the step from which a curve falls no further; None unless that is most of at least 20 steps.

    Parameters
    ----------
    cost : array_like
        Norm of the residual, or objective, before the first and after every step.
    """
    curve = _relative(cost)
    last = len(curve) - 1
    if last < FEWEST:
        return None
    moving = np.flatnonzero(np.abs(curve - curve[-1]) > AT_REST)
    rest = int(moving[-1]) + 1 if moving.size else 0
    return rest if last - rest >= max(FEWEST, last // 2) else None


def _relative(cost: ArrayLike) -> NDArray:
    """Finite values of a curve, relative to the first."""
    values = np.asarray(cost, dtype=float).ravel()
    values = values[np.isfinite(values)]
    relative: NDArray = values / ((values[0] if values.size else 1.0) or 1.0)
    return relative


def _looks_for_sparse_models(solver: str) -> bool:
    settings = SOLVERS.get(solver)
    if settings is None:
        return False
    algorithm = settings.algorithm()
    uses_transform = any(field.name == "SOp" for field in injected_fields(algorithm))
    return uses_transform or getattr(algorithm, "takes", "system") == "coefficients"
