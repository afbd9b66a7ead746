"""Problems: one a file, under the name that its class has; and those of others, by where they are imported from."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, Any

from pylops_distributed.choice import Choice
from pylops_distributed.problem import Problem
from pylops_distributed.problems.poststack import Poststack

# Where packages of other people tell of their problems, each by a short name.
GROUP = "pylops_distributed.problems"


def _registry() -> dict[str, type[Problem]]:
    found = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            form = value if isinstance(value, type) and issubclass(value, Problem) else None
            if form is not None and form.model_fields["name"].default == module.name:
                found[module.name] = form
    return found


def find_problem(name: str) -> type[Problem]:
    """The class of a problem.

    Parameters
    ----------
    name : str
        Name of one of :data:`PROBLEMS`, or of an entry point of the group ``pylops_distributed.problems``, or
        ``module:Class`` of one's own.

    Raises
    ------
    ValueError
        If there is none, or it is something else.
    """
    if name in PROBLEMS:
        return PROBLEMS[name]
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name not in others and ":" not in name:
        known = ", ".join(map(repr, [*PROBLEMS, *others]))
        raise ValueError(f"there is no problem {name!r}; there are: {known}, and your own as 'module:Class'")
    found = others[name].load() if name in others else _imported(name)
    if not (isinstance(found, type) and issubclass(found, Problem)):
        raise ValueError(f"{name!r} is no subclass of pylops_distributed.problem.Problem")
    return found


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"the problem {path!r} cannot be imported: {error}. It must be in a package that is installed, or in a "
            "module in the folder you work in or on PYTHONPATH"
        ) from error


def load_problem(parameters: dict[str, Any]) -> Problem:
    """The problem that ``parameters`` describe, ``name`` among them.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, or a value is not allowed.
    """
    return find_problem(str(parameters.get("name"))).model_validate(parameters)


PROBLEMS = _registry()
_OWN = {
    "title": "Own problem",
    "type": "object",
    "properties": {"name": {"type": "string", "title": "module:Class, or the name of an entry point"}},
    "required": ["name"],
    "additionalProperties": True,
}
ProblemChoice = Annotated[Problem, Choice(Problem, find_problem, lambda: PROBLEMS, "poststack", _OWN)]

__all__ = ["PROBLEMS", "Poststack", "ProblemChoice", "find_problem", "load_problem"]
