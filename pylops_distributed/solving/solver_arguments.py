"""Solvers from a name and keyword arguments, with errors that name the nearest solver or setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from pylops_distributed.execution.state import EXTENDABLE
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.settings.solver_settings import SOLVERS, WEIGHTS, SolverSettings, injected_fields
from pylops_distributed.vectors.types import Options, Settings

if TYPE_CHECKING:
    from pylops_distributed.optimization.session import AnySolver

# Weights of penalties, and the operators that they belong to.
PENALTIES = dict(zip(WEIGHTS, ("RegsL1", "RegsL2"), strict=True))


def build_solver(solver: object, niter: int | None = None, settings: Options | None = None) -> AnySolver:
    """The solver of a name with its settings; the defaults are PyLops'.

    Parameters
    ----------
    solver : str, SolverSettings or Solver
        Name in the registry; or a solver with its settings, which takes no further ones.
    niter : int, optional
        The setting ``niter``, or the limit of iterations of a solver without one.
    settings : mapping, optional
        Further fields of the solver's class.

    Raises
    ------
    ValueError
        If there is no such solver, or a value is out of bounds.
    TypeError
        If a setting is unknown, missing, or given to a solver that has its settings.
    """
    asked = dict(settings or {}) | ({} if niter is None else {"niter": niter})
    if not isinstance(solver, str):
        return _complete(solver, asked)
    if solver not in SOLVERS:
        raise ValueError(
            f"there is no solver {solver!r}.{_near(solver, SOLVERS)} The solvers are: {', '.join(SOLVERS)}"
        )
    form = SOLVERS[solver]
    algorithm = form.algorithm()
    known = {f.name: f for f in fields(algorithm)}
    if "niter" not in known and niter is not None:
        asked[limit_of(algorithm)] = asked.pop("niter")
    for name in asked.keys() - known.keys():
        raise TypeError(
            f"the solver {solver!r} has no setting {name!r}.{_near(name, known)} Its settings are: {', '.join(known)}"
        )
    built: AnySolver = algorithm(**_checked(solver, form, _with_weights(known, asked)))
    return built


def limit_of(algorithm: type) -> str:
    """Name of the setting that limits the iterations of a solver."""
    names: Iterable[str] = getattr(algorithm, "resumable_settings", EXTENDABLE)
    return next(name for name in names if "niter" in name or "nouter" in name or "iter_lim" in name)


def _complete(solver: object, asked: Options) -> AnySolver:
    """A solver that is not given by name."""
    if isinstance(solver, type) or not hasattr(
        solver, "build" if isinstance(solver, SolverSettings) else "step"
    ):
        raise TypeError(
            f"solver must be a name ({', '.join(SOLVERS)}) or a solver with its settings, such as CGLS(20), "
            f"got {solver!r}"
        )
    if asked:
        raise TypeError(
            f"solver={solver!r} has its settings; got also {', '.join(asked)}: set them there, or give a name"
        )
    given: Any = solver.build() if isinstance(solver, SolverSettings) else solver
    complete: AnySolver = given
    return complete


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), names, 1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _with_weights(known: Mapping[str, Field[object]], asked: Settings) -> Settings:
    """Settings with weights of one where penalties come without, and one penalty as a tuple of one."""
    for weights, penalties in PENALTIES.items():
        if penalties not in known or asked.get(penalties) is None:
            continue
        value = asked[penalties]
        asked[penalties] = tuple(map(aslinearoperator, value if isinstance(value, list | tuple) else [value]))
        given = asked.get(weights)
        given = [given] if isinstance(given, int | float) else given
        asked[weights] = (1.0,) * len(asked[penalties]) if given is None else tuple(given)
    return asked


def _checked(name: str, form: type[SolverSettings], asked: Settings) -> Settings:
    """Arguments of a solver, plain ones within their bounds and operators as those of this library."""
    algorithm = form.algorithm()
    supplied = {f.name: f for f in injected_fields(algorithm)}
    missing = [f.name for f in supplied.values() if f.default is MISSING and f.name not in {*asked, *WEIGHTS}]
    if missing:
        raise TypeError(
            f"the solver {name!r} also needs {' and '.join(missing)}: see them in "
            f"help({algorithm.__module__}.{algorithm.__qualname__})"
        )
    plain = {k: _as_plain(v) for k, v in asked.items() if k not in supplied}
    defaults = {
        f.name: f.default for f in fields(algorithm) if f.name not in supplied and f.default is not MISSING
    }
    try:
        checked = form.model_validate(defaults | plain | {"name": name})
    except ValidationError as error:
        raise ValueError(f"the solver {name!r}: {_words(error)}") from None
    return {k: getattr(checked, k) if k in plain else _as_supplied(v) for k, v in asked.items()}


def _as_plain(value: object) -> object:
    """Numbers of NumPy as those of Python, and lists and arrays of numbers as tuples."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(value) if isinstance(value, list) else value


def _as_supplied(value: object) -> object:
    """An operator as one of this library; a list as a tuple."""
    if isinstance(value, list):
        return tuple(value)
    is_operator = hasattr(value, "matvec") and hasattr(value, "rmatvec")
    return aslinearoperator(value) if is_operator and not isinstance(value, LinearOperator) else value


def _words(error: ValidationError) -> str:
    """All that is wrong with settings, each with the value given."""
    parts = []
    for problem in error.errors():
        text = problem["msg"].removeprefix("Value error, ")
        where = ".".join(map(str, problem["loc"]))
        parts.append(f"{where}={problem['input']!r}: {text[0].lower()}{text[1:]}" if where else text)
    return "; ".join(parts)
