"""A problem and a solver put together: what the solver holds and takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from math import sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.systems import normal_system
from pylops_distributed.optimization.proximal import L1, L21, TV
from pylops_distributed.optimization.session import Solver
from pylops_distributed.settings.solver_settings import SOLVERS, SolverSettings, injected_fields, name_of
from pylops_distributed.storage.labels import SpaceLabels
from pylops_distributed.vectors.space import Space, Vector, zeros
from pylops_distributed.vectors.types import Options

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.problems.base import Penalty, Problem

AnySolver: TypeAlias = SolverSettings | Solver[Any]


@dataclass(frozen=True)
class Assembly:
    """Parts of a session: operator, data and solver.

    Attributes
    ----------
    solver : Solver
        The algorithm, with all it holds.
    op : LinearOperator
        Operator.
    y : dask.array.Array or Blocks
        Data.
    labels : mapping
        Labels of the states' spaces.
    """

    solver: Any
    op: LinearOperator
    y: Vector
    labels: SpaceLabels


def assemble(problem: Problem, ds: xr.Dataset, solver: AnySolver) -> Assembly:
    """Build the solver, the operator and the data; lazy.

    Parameters
    ----------
    problem : Problem
        Prepared problem.
    ds : xarray.Dataset
        Its dataset.
    solver : SolverSettings or Solver
        Settings, or an algorithm; fields that are no settings and are empty are filled from the problem.

    Raises
    ------
    ValueError
        If the solver needs what the problem does not have.
    """
    algorithm, labels = complete(problem, ds, solver), problem.labels(ds)
    match getattr(algorithm, "takes", "system"):
        case "system":
            return Assembly(algorithm, *problem.system(ds), problem.system_labels(ds))
        case "normal":
            terms = problem.prior(ds)
            op, y = normal_system(
                problem.operator(ds), problem.data(ds), [t.operator for t in terms],
                dataregs=[t.data for t in terms], epsRs=[t.eps for t in terms],
            )  # fmt: skip
            return Assembly(algorithm, op, y, {"domain": labels["domain"], "codomain": labels["domain"]})
        case "terms":
            return Assembly(algorithm, problem.operator(ds), problem.data(ds), labels)
    op, transform = problem.operator(ds), problem.transform(ds)
    if transform is None:
        return Assembly(algorithm, op, problem.data(ds), labels)
    return Assembly(algorithm, op @ transform, problem.data(ds), {"codomain": labels["codomain"]})


def complete(problem: Problem, ds: xr.Dataset, solver: AnySolver) -> object:
    """The algorithm with all it holds; needs neither the operator nor the data of the problem.

    Raises
    ------
    ValueError
        If it needs what the problem does not have.
    """
    algorithm = algorithm_of(solver)
    supplied = {
        f.name: FIELD_PROVIDERS[f.name](problem, ds, solver)
        for f in injected_fields(algorithm)
        if f.name in FIELD_PROVIDERS and is_missing(getattr(solver, f.name, None))
    }
    return solver.build(**supplied) if isinstance(solver, SolverSettings) else replace(solver, **supplied)  # type: ignore[type-var]


def model_of(problem: Problem, ds: xr.Dataset, solver: Options, x: Vector) -> Vector:
    """The model of a solver's iterate ``x``: of its coefficients, if by its identity it looks for those."""
    settings_class = SOLVERS.get(solver["name"])
    coefficients = (
        settings_class is not None
        and getattr(settings_class.algorithm(), "takes", "system") == "coefficients"
    )
    transform = problem.transform(ds) if coefficients else None
    return x if transform is None else transform.apply(x)


def algorithm_of(solver: AnySolver) -> type[Any]:
    """The class of a solver, which settings name."""
    return solver.algorithm() if isinstance(solver, SolverSettings) else type(solver)


def is_missing(value: object) -> bool:
    """Whether a field of a solver is left to the problem."""
    return value is None or (isinstance(value, tuple) and not value)


def _penalties(problem: Problem, ds: xr.Dataset, solver: object) -> tuple[Penalty, ...]:
    penalties = problem.penalties(ds)
    if not penalties:
        raise ValueError(
            f"the solver {name_of(solver)!r} needs a term that is no square, and the problem {problem.name!r} with "
            "these settings has none"
        )
    return penalties


def _penalty(problem: Problem, ds: xr.Dataset, solver: object) -> Penalty:
    penalties = _penalties(problem, ds, solver)
    if len(penalties) > 1:
        raise ValueError(
            f"the solver {name_of(solver)!r} takes one term that is no square, not {len(penalties)}"
        )
    return penalties[0]


def _function(problem: Problem, ds: xr.Dataset, solver: AnySolver) -> object:
    penalty = _penalty(problem, ds, solver)
    algorithm = algorithm_of(solver)
    if penalty.operator is None or "A" in {f.name for f in fields(algorithm)}:
        return penalty.function
    if isinstance(penalty.operator, Gradient) and isinstance(penalty.function, L21):
        return TV(
            penalty.operator.dims, penalty.function.sigma
        )  # what a function of the gradient is of the model
    raise ValueError(
        f"the solver {name_of(solver)!r} takes a function of the model itself, not of its transform: take "
        "primaldual, linearizedadmm or splitbregman"
    )


def _identity(problem: Problem, ds: xr.Dataset) -> object:
    domain = problem.operator(ds).domain
    assert isinstance(domain, Space)  # penalties of models of blocks bring their own operator
    return Identity(domain.shape, dtype=domain.dtype)


def _operator(problem: Problem, ds: xr.Dataset, solver: object) -> object:
    return _penalty(problem, ds, solver).operator or _identity(problem, ds)


def _sparse(problem: Problem, ds: xr.Dataset, solver: object) -> tuple[object, ...]:
    return tuple(p.operator or _identity(problem, ds) for p in _penalties(problem, ds, solver))


def _weights(problem: Problem, ds: xr.Dataset, solver: object) -> tuple[float, ...]:
    functions = [p.function for p in _penalties(problem, ds, solver)]
    for function in functions:
        if not isinstance(function, L1 | L21):
            raise ValueError(f"splitbregman takes L1 norms, not {type(function).__name__}")
    # The solver's weights are their squares, and the data are weighted by mu.
    return tuple(sqrt(solver.mu * f.sigma) for f in functions)  # type: ignore[attr-defined]


def _targets(problem: Problem, ds: xr.Dataset, _: object) -> object:
    terms = problem.prior(ds)
    if all(t.data is None for t in terms):
        return None
    return tuple(zeros(t.operator.codomain) if t.data is None else t.data for t in terms)


# Fields of solvers that are no settings, by their common names: all that depends on the problem.
FIELD_PROVIDERS: dict[str, Callable[[Problem, xr.Dataset, Any], Any]] = {
    "M": lambda problem, ds, _: problem.preconditioner(ds),
    "SOp": lambda problem, ds, _: problem.transform(ds),
    "g": _function,
    "A": _operator,
    "RegsL1": _sparse,
    "epsRL1s": _weights,
    "RegsL2": lambda problem, ds, _: tuple(t.operator for t in problem.prior(ds)),
    # The prior is weighted like the data, of which half the square counts mu times.
    "epsRL2s": lambda problem, ds, solver: tuple(solver.mu * t.eps**2 for t in problem.prior(ds)),
    "dataregsL2": _targets,
}
