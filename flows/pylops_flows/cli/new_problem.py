"""Problems of one's own: begun from one that works, and looked at before they are run."""

from __future__ import annotations

import inspect
import keyword
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask

from pylops_distributed.inversion.checkup import checkup
from pylops_distributed.problems.base import Problem
from pylops_distributed.problems.registry import find_problem
from pylops_flows.cli import problem_template as template
from pylops_flows.settings.pipeline import load, merge, validate
from pylops_flows.settings.preflight import inputs


def write_problem(name: str, folder: Path) -> tuple[Path, str]:
    """Write a problem that works; gives the file, and the name by which settings call the problem.

    Raises
    ------
    ValueError
        If ``name`` is no name of a module.
    FileExistsError
        If there is a file already.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name of a Python module: take letters, digits and underscores")
    path = folder / f"{name}.py"
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    form = "".join(part.capitalize() for part in name.split("_"))
    path.write_text(problem_text(form))
    return path, f"{name}:{form}"


def problem_text(form: str) -> str:
    """The module of a problem whose class is ``form``."""
    text = inspect.getsource(template).replace("class Template(", f"class {form}(")
    return text.replace(" What `pld new problem` writes.", "")


def look(target: str, overrides: dict[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """What there is to say about the problem of a config, or of one's own with its demo.

    Parameters
    ----------
    target : str
        YAML file, Python file, or name of a problem.
    overrides : dict
        Settings in place of those there.
    """
    with dask.config.set(scheduler="threads"):
        if target.endswith((".yaml", ".yml")):
            config = load(target, overrides)
            yield from checkup(config.problem, inputs(config), config.solver)
            return
        name = named(target)
        case = find_problem(name).demo()
        raw = merge({**case.settings, "dataset": "demo"}, overrides)
        raw["problem"] = {"name": name, **raw.get("problem", {})}
        config = validate(raw, f"the demo of {name}")
        yield "problem", True, f"{name}, with its demo: {case.about}"
        yield from checkup(config.problem, case.data.chunk(), config.solver)


def named(target: str) -> str:
    """The name of the problem in a Python file; other targets are names already.

    Raises
    ------
    ValueError
        If there is not exactly one problem in it.
    """
    if not target.endswith(".py"):
        return target
    path = Path(target).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {target}")
    sys.path.insert(0, str(path.parent))
    module = __import__(path.stem)
    found = [
        name for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Problem) and value.__module__ == path.stem
    ]  # fmt: skip
    if len(found) != 1:
        raise ValueError(f"{target} has {len(found)} problems, {found}: give module:Class")
    return f"{path.stem}:{found[0]}"
