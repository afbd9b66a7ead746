"""Problems: one a file."""

from __future__ import annotations

from typing import Any

from pylops_distributed.problem import Problem
from pylops_distributed.problems.poststack import Poststack

PROBLEMS: dict[str, type[Problem]] = {"poststack": Poststack}


def load_problem(parameters: dict[str, Any]) -> Problem:
    """The problem that ``parameters`` describe, ``name`` among them.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, or a value is not allowed.
    """
    name = parameters.get("name")
    if name not in PROBLEMS:
        raise ValueError(f"there is no problem {name!r}; there are: {', '.join(sorted(PROBLEMS))}")
    return PROBLEMS[name].model_validate(parameters)


__all__ = ["PROBLEMS", "Poststack", "load_problem"]
