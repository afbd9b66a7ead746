"""The problems there are: one a file, and others by where they are imported from."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pylops_distributed.problems.base import Problem
from pylops_distributed.problems.fields.packages import ENVIRONMENT, packages
from pylops_distributed.registry import Registry
from pylops_distributed.settings.tagged_union import TaggedUnion

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json

# Where packages of other people tell of their problems, each by a short name.
GROUP = "pylops_distributed.problems"


# What folders of packages are called, in environments that lie in the folder of work, too.
_PACKAGES = {"site-packages", "dist-packages"}


_folders: list[Path] = []


def add_folder(folder: Path) -> None:
    """Let settings name problems in the modules of a folder; Python finds them after all others of their names."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    _folders.append(folder.resolve())


def find_problem(name: str) -> type[Problem]:
    """The class of a problem.

    Parameters
    ----------
    name : str
        Name of one of :data:`PROBLEMS`, or of an entry point of the group ``pylops_distributed.problems``, or
        ``module:Class`` for a custom one.

    Raises
    ------
    ValueError
        If there is none, or it is something else.
    """
    if name in PROBLEMS:
        return PROBLEMS[name]
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name not in others and ":" not in name:
        names = ", ".join(map(repr, [*PROBLEMS, *others]))
        near = get_close_matches(name, [*PROBLEMS, *others], 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"there is no problem {name!r}; there are: {names}, and your own as 'module:Class'{hint}"
        )
    problem = others[name].load() if name in others else _imported(name)
    if not (isinstance(problem, type) and issubclass(problem, Problem)):
        raise ValueError(f"{name!r} is no subclass of pylops_distributed.problems.base.Problem")
    return problem


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    package = module.partition(".")[0]
    if package not in packages() and _installed(package):
        raise ValueError(
            f"the problem {path!r} is in the package {package!r}, which is installed, but not one of those that "
            f"settings may name: {', '.join(packages())}. Name others in the environment variable {ENVIRONMENT}"
        )
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:  # the last two: of names like ".a"
        raise ValueError(
            f"the problem {path!r} cannot be imported: {error}. It must be in a module in the folder you work in "
            f"or on PYTHONPATH, or in a package that {ENVIRONMENT} names"
        ) from error


def _installed(package: str) -> bool:
    """Whether a package is not the user's own: those are in the folder of work or on PYTHONPATH, and nowhere else.

    Nothing is imported to find out.
    """
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    return not places or not all(_is_own(Path(place)) for place in places if place)


def _is_own(place: Path) -> bool:
    """Whether a file is the user's own, and not of an installed package.

    That is, in the folder of work, in one of :func:`add_folder`, on PYTHONPATH, or where the program looks before
    Python's own modules. Folders of packages are none of these, even inside of them; Python puts all of them behind its
    own modules.
    """
    place = place.resolve()
    if not _PACKAGES.isdisjoint(place.parts) or any(place.is_relative_to(root) for root in _roots()):
        return False
    stdlib = Path(sysconfig.get_paths()["stdlib"]).resolve()
    before = takewhile(lambda folder: Path(folder).resolve() != stdlib, sys.path)
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders: list[str | Path] = [".", *_folders, *filter(None, [*named, *before])]
    return any(place.is_relative_to(Path(folder).resolve()) for folder in folders)


def _roots() -> set[Path]:
    """Folders of Python's own modules and of installed packages, of the user's too."""
    schemes: tuple[dict[str, str], ...] = ({}, {"base": sys.base_prefix, "platbase": sys.base_exec_prefix})
    kinds = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    paths = [sysconfig.get_paths(vars=scheme)[kind] for scheme in schemes for kind in kinds]
    return {
        Path(folder).resolve() for folder in [*paths, *site.getsitepackages(), site.getusersitepackages()]
    }


def load_problem(parameters: Json) -> Problem:
    """The problem that ``parameters`` describe, ``name`` among them.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, or a value is not allowed.
    """
    return find_problem(str(parameters.get("name"))).model_validate(parameters)


# A problem is one line here. Names are stored with runs.
PROBLEMS: Registry[type[Problem]] = Registry(
    {
        "deblurring": "pylops_distributed.problems.deblurring:Deblurring",
        "interpolation": "pylops_distributed.problems.interpolation:Interpolation",
        "linear": "pylops_distributed.problems.linear:Linear",
        "lsm": "pylops_distributed.problems.lsm:LSM",
        "marchenko": "pylops_distributed.problems.marchenko:Marchenko",
        "mdd": "pylops_distributed.problems.mdd:MDD",
        "mri": "pylops_distributed.problems.mri:MRI",
        "poststack": "pylops_distributed.problems.poststack:Poststack",
        "prestack": "pylops_distributed.problems.prestack:Prestack",
    }
)


_OWN = {
    "title": "Own problem",
    "type": "object",
    "properties": {"name": {"type": "string", "title": "module:Class, or the name of an entry point"}},
    "required": ["name"],
    "additionalProperties": True,
}


ProblemChoice = Annotated[Problem, TaggedUnion(Problem, find_problem, lambda: PROBLEMS, "poststack", _OWN)]
