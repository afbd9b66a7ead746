"""Custom problems: written from a template, and checked before they are run."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import dask

from pylops_distributed.inversion.checkup import checkup
from pylops_distributed.problems.base import Problem
from pylops_distributed.problems.registry import add_folder, find_problem
from pylops_flows.cli import problem_template
from pylops_flows.settings.nested import merge
from pylops_flows.settings.pipeline import load, validate
from pylops_flows.settings.preflight import inputs

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json


def write_problem(name: str, folder: Path) -> tuple[Path, str]:
    """Write a module with a working problem; return its path, and the name of the problem in settings.

    Raises
    ------
    ValueError
        If ``name`` cannot name a module, or names another one that can be imported.
    FileExistsError
        If the file exists.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(
            f"{name!r} cannot be the name of a Python module: use letters, digits and underscores, "
            "and start with a letter"
        )
    path = folder / f"{name}.py"
    if path.exists():
        raise FileExistsError(f"{path} already exists: choose another name, or delete it")
    if (spec := find_spec(name)) is not None:
        raise ValueError(
            f"{name!r} is already the name of an importable module ({spec.origin or 'a namespace package'}), "
            f"which would be imported in place of {path.name}: choose another name"
        )
    problem = "".join(part.capitalize() for part in name.split("_"))
    path.write_text(problem_text(problem))
    return path, f"{name}:{problem}"


def problem_text(class_name: str) -> str:
    """Return the text of a module with a problem of that class."""
    text = inspect.getsource(problem_template).replace("class Template(", f"class {class_name}(")
    return text.replace(" What `pld new problem` writes.", "")


def check_problem(target: str, overrides: Json) -> Iterator[tuple[str, bool, str]]:
    """Yield the name, success and message of each check of a problem.

    Parameters
    ----------
    target : str
        YAML file with settings, Python file with a problem, or name of a problem. Without settings, the data are those
        of the problem's demo.
    overrides : dict
        Settings that take precedence.
    """
    with dask.config.set(scheduler="threads"):
        if target.endswith((".yaml", ".yml")):
            config = load(target, overrides)
            yield from checkup(config.problem, inputs(config), config.solver)
            return
        name = _problem_name(target)
        demo = find_problem(name).demo()
        raw = merge({**demo.settings, "dataset": "demo"}, overrides)
        raw["problem"] = {"name": name, **raw.get("problem", {})}
        config = validate(raw, f"the demo of {name}")
        yield "problem", True, f"{name}, with its demo: {demo.about}"
        yield from checkup(config.problem, demo.data.chunk(), config.solver)


def _problem_name(target: str) -> str:
    """Return the name of the problem in a Python file; other targets are names already.

    Raises
    ------
    ValueError
        If the file has not exactly one problem.
    """
    if not target.endswith(".py"):
        return target
    path = Path(target).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {target}")
    module = _import_file(path)
    classes = [
        name for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Problem) and value.__module__ == path.stem
    ]  # fmt: skip
    if len(classes) != 1:
        raise ValueError(f"{target} has {len(classes)} problems, {classes}: choose one as module:Class")
    return f"{path.stem}:{classes[0]}"


def _import_file(path: Path) -> ModuleType:
    """Import a file as a module, as settings that name the module do.

    Raises
    ------
    ValueError
        If Python finds another module of that name first.
    """
    add_folder(path.parent)
    module = import_module(path.stem)
    if Path(module.__file__ or "").resolve() != path:
        raise ValueError(
            f"{path.stem!r} is the name of another module ({module.__file__ or 'built-in'}), which is imported in "
            f"place of {path}: rename the file"
        )
    return module
