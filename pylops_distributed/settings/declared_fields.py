"""Fields of dataclasses as their files declare them: read from the source, without importing it.

Settings of solvers are checked in a fraction of the time that importing an algorithm, and Dask's arrays with it, takes.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pylops_distributed.registry import import_on_use

OURS, ROOT = __name__.partition(".")[0], Path(__file__).parents[1]
REQUIRED = object()  # in the place of a default


class Unknown:
    """In the place of a type that cannot be evaluated without imports of other packages."""


@dataclass(frozen=True)
class DeclaredField:
    """A field: its type, where types of other packages are :class:`Unknown`, and its default."""

    type: Any
    default: Any


@dataclass
class DeclaredClass:
    """A dataclass: its fields, class variables, docstrings, and whether it checks its fields; bases come first."""

    fields: dict[str, DeclaredField] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    docs: list[str] = field(default_factory=list)
    checks: bool = False


@cache
def read_class(module: str, name: str) -> DeclaredClass:
    """Read a dataclass, and those that it derives from.

    Parameters
    ----------
    module, name : str
        Module of this package, and a class in it.
    """
    node = next(n for n in _tree(module).body if isinstance(n, ast.ClassDef) and n.name == name)
    declared, names = DeclaredClass(), _Names(module)
    for base in map(ast.unparse, node.bases):
        inherited = read_class(*names.origin(base))
        declared.fields |= inherited.fields
        declared.variables |= inherited.variables
        declared.docs += inherited.docs
        declared.checks |= inherited.checks
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            _add(declared, statement.target.id, statement, names)
        declared.checks |= isinstance(statement, ast.FunctionDef) and statement.name == "__post_init__"
    declared.docs.append(ast.get_docstring(node) or "")
    return declared


def _add(declared: DeclaredClass, name: str, statement: ast.AnnAssign, names: _Names) -> None:
    annotation = ast.unparse(statement.annotation)
    if not annotation.startswith("ClassVar"):
        declared.fields[name] = DeclaredField(names.evaluate(annotation), _default(statement.value, names))
    elif statement.value is not None:
        declared.variables[name] = names.evaluate(ast.unparse(statement.value))


def _default(value: ast.expr | None, names: _Names) -> object:
    if value is None:
        return REQUIRED
    if isinstance(value, ast.Call):  # field(default_factory=...)
        (factory,) = value.keywords
        return names.evaluate(ast.unparse(factory.value))()
    return names.evaluate(ast.unparse(value))


class _Names(dict[str, Any]):
    """Names of a module, evaluated when asked for: aliases, and imports from Python's own modules."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self.module = module

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; :class:`Unknown` if it needs another package."""
        try:
            return eval(expression, {}, self)
        except (NameError, AttributeError):
            return Unknown

    def __missing__(self, name: str) -> object:
        for node in _tree(self.module).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value:
                return self.evaluate(ast.unparse(node.value))
            if isinstance(node, ast.ClassDef) and node.name == name:
                return Unknown
        if (module := self._imports().get(name)) is None:
            raise KeyError(name)  # a builtin, or a module
        if module.partition(".")[0] in sys.stdlib_module_names:
            return getattr(import_on_use(module), name)
        return _Names(module)[name] if module.startswith(f"{OURS}.") else Unknown

    def origin(self, name: str) -> tuple[str, str]:
        """Return the module in which a class is defined, and its name."""
        return self._imports().get(name, self.module), name

    def _imports(self) -> Mapping[str, str]:
        nodes = [n for n in _tree(self.module).body if isinstance(n, ast.ImportFrom)]
        return {alias.asname or alias.name: str(n.module) for n in nodes for alias in n.names}


@cache
def _tree(module: str) -> ast.Module:
    # Not by importlib.util.find_spec, which imports the packages above a module.
    path = ROOT.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))
