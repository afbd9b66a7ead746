"""Digests of code as it is loaded: of a user's functions, classes and modules, with all that they reach.

A file on disk may have been edited since it was imported, and a cell of a notebook has no file. So it is the code
objects in memory that count, with the constants they refer to. Installed packages count by name; their versions are
kept with each attempt.
"""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import site
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

from pylops_distributed.storage.code_reads import (
    changed,
    codes_of,
    imports,
    named_modules,
    stores,
    variables_read,
    written,
)
from pylops_distributed.storage.group_metadata import Json, digest
from pylops_distributed.storage.stored_names import stored_name
from pylops_distributed.vectors.types import NDArray

DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType)
OURS = ("pylops_distributed", "pylops_flows")
SIMPLE = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic, np.dtype)
# Of a class, what Python and pydantic write there themselves.
NO_CODE = frozenset(
    ("__module__", "__dict__", "__weakref__", "__doc__", "__abstractmethods__", "_abc_impl", "__signature__",
     "__firstlineno__", "__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__",
     "__annotations_cache__", "__parameters__", "__orig_bases__", "__qualname__", "__hash__", "__match_args__",
     "__class_vars__", "__private_attributes__")
)  # fmt: skip


def installed(name: str | None) -> bool:
    """Whether a module is Python's, this library's or an installed package's, and so not the user's own."""
    if name is None or name.partition(".")[0] in (*OURS, "builtins"):
        return True
    if name.partition(".")[0] == "__main__":
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None and module is None:
        file = getattr(_spec(name), "origin", None)
    if file is None or not Path(file).is_file():
        return (
            name.partition(".")[0] in sys.stdlib_module_names
            or name.partition(".")[0] in sys.builtin_module_names
        )
    return _in_package(file)


@functools.cache
def _in_package(file: str) -> bool:
    paths = sysconfig.get_paths()
    roots = [paths[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    roots += [*site.getsitepackages(), site.getusersitepackages()]
    place = Path(file).resolve()
    return any(place.is_relative_to(Path(root).resolve()) for root in roots)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


class Code:
    """Digests of code. One object digests each function, class and module once, and knows cycles.

    Parameters
    ----------
    *packages : str
        Installed packages whose code counts too, not just their name.
    """

    def __init__(self, *packages: str) -> None:
        self._packages = packages
        self._known: dict[int, tuple[Any, str]] = {}
        self._open: dict[int, int] = {}
        self._spaces: dict[int, tuple[set[str], set[str], dict[str, str]]] = {}

    def of(self, value: object) -> str:
        """Digest of a function, class, module or constant."""
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        if key in self._open:
            return f"cycle {self._open[key]}"
        self._open[key] = len(self._open)
        try:
            form = self._form(value)
        finally:
            del self._open[key]
        self._known[key] = value, digest(form)  # with the value, whose id must not be another's meanwhile
        return self._known[key][1]

    def _installed(self, name: str | None) -> bool:
        return installed(name) and str(name).partition(".")[0] not in self._packages

    def _form(self, value: object) -> object:
        if isinstance(value, SIMPLE):
            return constant(value)
        if isinstance(value, tuple | list):
            return [type(value).__name__, *map(self.of, value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(map(self.of, value))]
        if isinstance(value, Mapping):
            return ["mapping", *sorted([self.of(k), self.of(v)] for k, v in value.items())]
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, CodeType):
            return self._body(value)
        return self._callable(value)

    def _callable(self, value: object) -> object:
        if isinstance(value, DESCRIPTORS):
            return ["descriptor", value.__name__]
        if isinstance(value, MethodType):
            return ["method", self.of(value.__self__), self.of(value.__func__)]
        if isinstance(value, staticmethod | classmethod):
            return [type(value).__name__, self.of(value.__func__)]
        if isinstance(value, property):
            return ["property", *(self.of(f) for f in (value.fget, value.fset, value.fdel))]
        if isinstance(value, functools.partial):
            return ["partial", self.of(value.func), self.of(value.args), self.of(value.keywords)]
        if isinstance(value, BuiltinFunctionType | MethodWrapperType | np.ufunc):
            owner = getattr(value, "__self__", None)
            bound = None if owner is None or isinstance(owner, ModuleType) else self.of(owner)
            return ["builtin", str(getattr(value, "__module__", "")), value.__name__, bound]
        for inner in ("dispatcher", "__wrapped__", "wrapped", "py_func", "func"):
            if isinstance(function := _attribute(value, inner), FunctionType | classmethod | staticmethod):
                return [type(value).__name__, self.of(function)]
        name, module = _attribute(value, "__qualname__"), _attribute(value, "__module__")
        if callable(value) and isinstance(name, str) and isinstance(module, str) and self._installed(module):
            return ["function", *stored_name(module, name)]  # of compiled code
        return self._object(value)

    def _object(self, value: object) -> object:
        """An object that is no code: by its class alone."""
        return ["object", self.of(type(value))]

    def _function(self, function: FunctionType) -> object:
        if self._installed(function.__module__):
            return ["function", *stored_name(function.__module__, function.__qualname__)]
        cells = [_content(cell) for cell in function.__closure__ or ()]
        parts = ["code", self.of(function.__code__), *map(self.of, cells)]
        parts += [self.of(function.__defaults__), self.of(function.__kwdefaults__)]
        if isinstance(registry := _attribute(function, "registry"), Mapping):  # of functools.singledispatch
            parts.append(self.of(registry))
        return parts + [list(pair) for pair in self._reached(function)]

    def _reached(self, function: FunctionType) -> Iterator[tuple[str, str]]:
        """References of a function's code: globals, and modules that it imports."""
        space = function.__globals__
        for name in sorted(loads(function.__code__)):
            if name in space:
                yield name, self._global(name, space)
        modules = {*imports(function.__code__, space.get("__package__"), installed)}
        modules |= {name for name in named_modules(function) if _spec(name)}
        for name in sorted(modules):
            yield f"import {name}", self._import(name)
        for name, value in variables_read(function):
            yield f"environment {name}", digest(value)

    def _global(self, name: str, space: Json) -> str:
        """A global by its value where that does not change; else by the text that it was made with."""
        if id(space) not in self._spaces:
            self._spaces[id(space)] = *_written(space), _texts(str(space.get("__name__")))
        value, (written, changed, texts) = space[name], self._spaces[id(space)]
        fixed = isinstance(value, (*SIMPLE, tuple, frozenset, FunctionType, type, ModuleType))
        if (fixed or _attribute(value, "__wrapped__")) and name not in written:
            return self.of(value)
        if name not in written | changed and (steady := self._steady(value)):
            return steady
        return self._moving(value, texts.get(name))

    def _steady(self, value: object) -> str | None:
        """Digest of a value that could be changed, if it is data through and through and no code changes it."""
        if is_plain_data(value):
            return self.of(value)
        form = type(value)
        state = _attribute(value, "__dict__")
        if installed(form.__module__) or not isinstance(state, dict) or not is_plain_data(state):
            return None
        return None if _changes_itself(form) else digest([self.of(form), self.of(state)])

    def _moving(self, value: object, text: str | None) -> str:
        return digest([type(value).__qualname__, text])

    def _import(self, name: str) -> str:
        try:
            return name if self._installed(name) else self.of(import_module(name))
        except (
            Exception
        ) as error:  # what cannot be imported will end the problem's own methods, in its own words
            return f"{name}: {type(error).__name__}"

    def _class(self, form: type) -> object:
        if self._installed(form.__module__):
            return ["class", *stored_name(form.__module__, form.__qualname__)]
        members = [
            [name, self.of(value)] for name, value in sorted(vars(form).items())
            if name not in NO_CODE and not name.startswith("__pydantic")
        ]  # fmt: skip
        model_fields = vars(form).get("__pydantic_fields__") or {}
        parameters = [
            [name, repr(f.annotation), self.of(f.default), self.of(f.default_factory), [self.of(m) for m in f.metadata]]
            for name, f in model_fields.items()
        ]  # fmt: skip
        return ["class", form.__qualname__, [self.of(base) for base in form.__mro__[1:]], members, parameters]

    def _module(self, module: ModuleType) -> object:
        if self._installed(module.__name__):
            return ["module", module.__name__]
        if (file := getattr(module, "__file__", None)) and not file.endswith((".py", ".pyc")):
            return ["library", digest(Path(file).read_bytes())]
        if module.__name__ == "__main__":  # of a notebook, most has nothing to do with the problem
            return ["module", "__main__"]
        space = vars(module)
        names = sorted(n for n in space if not n.startswith("__"))
        return ["module", module.__name__, *([n, self._global(n, space)] for n in names)]

    def _body(self, code: CodeType) -> object:
        names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
        shape = [code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags]
        body = [code.co_code.hex(), code.co_exceptiontable.hex()]
        return ["body", *body, *map(list, names), *shape, *map(self.of, code.co_consts)]


def constant(value: object) -> list[object]:
    """JSON of a number, a text or an array, by its type and content."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return ["array", value.dtype.str, list(value.shape), array_digest(value)]
    if isinstance(value, np.ndarray):
        return ["objects", list(value.shape), *(repr(v) for v in value.flat)]
    return [type(value).__name__, repr(value)]


def array_digest(value: NDArray) -> str:
    """SHA-256 of an array's content in C order."""
    whole = np.ascontiguousarray(value)
    return sha256(whole.view(np.uint8).data if whole.size and whole.ndim else whole.tobytes()).hexdigest()


def is_plain_data(value: object) -> bool:
    """Whether a value is data through and through: numbers, texts and arrays, in any collections."""
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(is_plain_data, value))
    if isinstance(value, dict):
        return all(map(is_plain_data, value)) and all(map(is_plain_data, value.values()))
    return isinstance(value, SIMPLE)


def loads(code: CodeType) -> set[str]:
    """Globals that a function reads."""
    kinds = ("LOAD_GLOBAL", "LOAD_NAME")
    return {str(s.argval) for one in codes_of(code) for s in dis.get_instructions(one) if s.opname in kinds}


def _attribute(value: object, name: str) -> object:
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _written(space: Json) -> tuple[set[str], set[str]]:
    """Globals that code of a module may write anew, and those it may change: their values are of the moment."""
    members = [v for value in list(space.values()) for v in (value, *_members(value, space))]
    functions = [v for v in members if isinstance(v, FunctionType) and v.__globals__ is space]
    codes = [code for f in functions for code in codes_of(f.__code__)]
    return {n for code in codes for n in written(code)}, {n for code in codes for n in changed(code)}


def _changes_itself(form: type) -> bool:
    """Whether a method of an object may change it, after it was made."""
    methods = [
        getattr(v, "__func__", getattr(v, "fget", getattr(v, "func", v)))
        for base in form.__mro__ if not installed(base.__module__)
        for name, v in vars(base).items() if name not in ("__init__", "__post_init__", "__new__")
    ]  # fmt: skip
    codes = [c for m in methods if isinstance(m, FunctionType) for c in codes_of(m.__code__)]
    return any(stores(code) for code in codes)


def _members(value: object, space: Json) -> list[object]:
    """Functions of a class that a module defines."""
    own = isinstance(value, type) and value.__module__ == space.get("__name__")
    found = list(vars(value).values()) if own else []
    return [getattr(v, "__func__", getattr(v, "fget", getattr(v, "func", v))) for v in found]


def _texts(name: str) -> dict[str, str]:
    """By name, the text of the values that a module assigns, where its source can be had."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (KeyError, OSError, TypeError, SyntaxError):
        return {}
    texts: dict[str, str] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            value: ast.expr | None = getattr(node, "value", None)
            if isinstance(target, ast.Name) and value is not None:
                texts[target.id] = texts.get(target.id, "") + ast.dump(value)
    return texts
