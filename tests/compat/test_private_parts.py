"""Private parts of other packages are used in named places alone: ``compat/``, and flows' ``runtime/`` and ``server/``.

Names with an underscore are found here; modules that no documentation knows are listed in ``pyproject.toml``
(``flake8-tidy-imports.banned-api``) and found by ruff, also where a package is imported and its attribute used.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ["pylops_distributed", "flows", "tests", "benchmarks", "examples", "data", "docs", ".ci"]
NAMED = (
    "pylops_distributed/compat/",
    "flows/pylops_flows/runtime/",
    "flows/pylops_flows/server/",
    "tests/compat/",
)
OURS = {"pylops_distributed", "pylops_flows"}
# Python's own, which its documentation names.
DOCUMENTED = {"_getframe", "_exit", "_create_unverified_context", "_replace", "_asdict", "_fields", "_make"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED and name != "_"


def defined(tree: ast.AST) -> Iterator[str]:
    """Private names that a file makes: functions, classes, variables, and attributes of its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and own(node.value):
            yield node.attr


def own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def private_uses(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """Private parts of others that a file imports, or takes of an object; ``known`` are our own names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if any(map(is_private, a.name.split("."))))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in OURS:
            names = [f"{node.module}.{a.name}" for a in node.names]
            yield from (name for name in names if any(map(is_private, name.split("."))))
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in known:
            yield ast.unparse(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr"):
            text = ast.unparse(node.args[1]).removeprefix("f").strip("'\"")
            if (
                is_private(text)
                and text not in known
                and isinstance(node.args[1], ast.Constant | ast.JoinedStr)
            ):
                yield ast.unparse(node)


@cache
def trees() -> dict[str, ast.AST]:
    paths = [p for place in PLACES for p in sorted((ROOT / place).rglob("*.py"))]
    files = {str(p.relative_to(ROOT)): p for p in paths}
    return {file: ast.parse(p.read_text()) for file, p in files.items() if not file.startswith(NAMED)}


@cache
def our_names() -> set[str]:
    return {name for tree in trees().values() for name in defined(tree)}


def test_private_parts_of_others_are_used_in_named_places_alone():
    uses = {file: list(private_uses(tree, our_names())) for file, tree in trees().items()}
    assert not {file: found for file, found in uses.items() if found}


@pytest.mark.parametrize(
    "text",
    [
        "import dask._task_spec",
        "from dask._task_spec import Task",
        "from distributed import _version",
        "x._secret",
        "y = x.part._secret()",
        "getattr(x, '_secret', x)",
        "getattr(x, f'_secret_{y}')",
        "x._secret = 1",
    ],
)
def test_uses_are_found(text):
    tree = ast.parse(text)
    assert list(private_uses(tree, set(defined(tree))))


@pytest.mark.parametrize(
    "text", ["self._ours = 1\nx._ours", "def _f(): ...\nm._f()", "x.__dict__", "sys._getframe(1)"]
)
def test_our_own_are_not(text):
    tree = ast.parse(text)
    assert not list(private_uses(tree, set(defined(tree))))
