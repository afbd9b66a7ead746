"""Identity of a run: problem, data and solver by their content, and the address that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from pylops_distributed.execution.state import EXTENDABLE
from pylops_distributed.inversion.assembly import AnySolver, algorithm_of, is_missing
from pylops_distributed.problems.fields.operator_spec import OperatorSpec
from pylops_distributed.problems.fields.packages import PACKAGES
from pylops_distributed.settings.solver_settings import injected_fields, name_of
from pylops_distributed.storage.content_digest import Sources, named_file, token
from pylops_distributed.storage.provenance import fingerprint
from pylops_distributed.storage.source_code import OURS

if TYPE_CHECKING:
    from pylops_distributed.problems.base import Problem
    from pylops_distributed.storage.group_metadata import Json


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
    algorithm = algorithm_of(solver)
    extendable = getattr(algorithm, "resumable_settings", EXTENDABLE)
    own = {f.name: getattr(solver, f.name, None) for f in fields(algorithm) if f.name not in extendable}
    holds = {f.name for f in injected_fields(algorithm)}
    settings = {name: value for name, value in own.items() if name not in holds}
    tokens = {name: _token(value) for name, value in own.items() if name in holds and not is_missing(value)}
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


def _token(value: object) -> str:
    return token(value)


def _plain(value: object) -> Any:
    """The same values for settings and for algorithms: tuples are lists in JSON."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value
