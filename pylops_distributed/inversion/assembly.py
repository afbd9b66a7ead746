"""A problem and a solver put together: what the solver holds and takes, and what identifies the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from math import sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from pydantic import BaseModel

from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.execution.state import EXTENDABLE
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.numerics.systems import normal_system
from pylops_distributed.optimization.proximal import L1, L21, TV
from pylops_distributed.optimization.session import Solver
from pylops_distributed.problems.fields.operator_spec import OperatorSpec
from pylops_distributed.problems.fields.packages import PACKAGES
from pylops_distributed.settings.solver_settings import SOLVERS, SolverSettings, injected_fields, name_of
from pylops_distributed.storage.content_digest import Sources, named_file, token
from pylops_distributed.storage.labels import SpaceLabels
from pylops_distributed.storage.provenance import fingerprint
from pylops_distributed.storage.source_code import OURS
from pylops_distributed.vectors.space import Space, Vector, zeros
from pylops_distributed.vectors.types import Options

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.problems.base import Penalty, Problem
    from pylops_distributed.storage.group_metadata import Json

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
    algorithm = _algorithm(solver)
    supplied = {
        f.name: FIELD_PROVIDERS[f.name](problem, ds, solver)
        for f in injected_fields(algorithm)
        if f.name in FIELD_PROVIDERS and _missing(getattr(solver, f.name, None))
    }
    return solver.build(**supplied) if isinstance(solver, SolverSettings) else replace(solver, **supplied)  # type: ignore[type-var]


def identity(problem: Problem, data: str, solver: AnySolver) -> Json:
    """Identity of a run: two runs with one identity have the same numbers, up to rounding.

    They give the same bits with the same versions of all software, on the same kind of processor.

    Parameters
    ----------
    problem : Problem
        Problem, not yet prepared.
    data : str
        Fingerprint of the dataset.
    solver : SolverSettings or Solver
        The solver. Its fields that are no settings count by their content, unless the problem fills them: arrays in
        files are read.

    Returns
    -------
    dict
        JSON values, among them what :func:`source_digest` finds.
    """
    algorithm = _algorithm(solver)
    extendable = getattr(algorithm, "resumable_settings", EXTENDABLE)
    own = {f.name: getattr(solver, f.name, None) for f in fields(algorithm) if f.name not in extendable}
    holds = {f.name for f in injected_fields(algorithm)}
    settings = {name: value for name, value in own.items() if name not in holds}
    tokens = {name: _token(value) for name, value in own.items() if name in holds and not _missing(value)}
    parts: dict[str, Any] = {
        "problem": problem.model_dump(mode="json"),
        "data": data,
        "solver": {"name": name_of(solver), **_plain(settings), **tokens},
    }
    if revision := getattr(algorithm, "revision", None):  # other numbers from the same settings
        parts["solver"]["revision"] = revision
    return parts | source_digest(problem)


def run_url(root: str, name: str, request: Mapping[str, object]) -> str:
    """Where the run of an identity goes if nothing else is said."""
    return f"{root.rstrip('/')}/{name}-{fingerprint(request)[:8]}.zarr"


def model_of(problem: Problem, ds: xr.Dataset, solver: Options, x: Vector) -> Vector:
    """The model of a solver's iterate ``x``: of its coefficients, if by its identity it looks for those."""
    settings_class = SOLVERS.get(solver["name"])
    coefficients = (
        settings_class is not None
        and getattr(settings_class.algorithm(), "takes", "system") == "coefficients"
    )
    transform = problem.transform(ds) if coefficients else None
    return x if transform is None else transform.apply(x)


def source_digest(problem: Problem) -> Json:
    """Digests of what a problem's numbers depend on beyond its parameters; empty for those of the library.

    The code of its class as it is loaded, with all that it reaches in its own package and in modules that are not
    installed: base classes, helpers, constants. And the contents of files: those that a parameter names, and those that
    :meth:`~pylops_distributed.problems.base.Problem.depends_on` names.
    """
    form = type(problem)
    paths = {str(path) for path in problem.depends_on()} | set(_texts(problem.model_dump(mode="json")))
    files = {path: sum_ for path in sorted(paths) if (sum_ := named_file(path)) is not None}
    missing = [
        str(path) for path in problem.depends_on() if str(path) not in files and "://" not in str(path)
    ]
    if missing:
        words = ", ".join(missing)
        raise FileNotFoundError(f"the problem {problem.name!r} depends on files that do not exist: {words}")
    ours = form.__module__.partition(".")[0] in OURS
    code = {} if ours and not _elsewhere(problem) else {"code": _code(problem)}
    return code | ({"files": files} if files else {})


def _code(problem: Problem) -> str:
    makers = _elsewhere(problem)
    code = Sources(*{m.__module__.partition(".")[0] for m in (type(problem), *makers)} - set(OURS))
    return sha256(repr([code.of(type(problem)), *map(code.of, makers)]).encode()).hexdigest()


def _elsewhere(value: object) -> list[object]:
    """Makers of operators that parameters name, of packages other than PyLops and this one."""
    if isinstance(value, OperatorSpec):
        return [] if value.path.partition(".")[0] in PACKAGES else [value.find()]
    parts = (
        [v for _, v in value]
        if isinstance(value, BaseModel)
        else value
        if isinstance(value, tuple | list)
        else ()
    )
    return [maker for part in parts for maker in _elsewhere(part)]


def _texts(value: object) -> Iterator[str]:
    """All texts in nested values: paths of files are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _algorithm(solver: AnySolver) -> type[Any]:
    return solver.algorithm() if isinstance(solver, SolverSettings) else type(solver)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, tuple) and not value)


def _token(value: object) -> str:
    return token(value)


def _plain(value: object) -> Any:
    """The same values for settings and for algorithms: tuples are lists in JSON."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


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
    algorithm = _algorithm(solver)
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
