"""Inputs that a function's code reads while it runs, by its instructions: modules, files, the environment."""

from __future__ import annotations

import dis
import os
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path, PurePath
from types import CodeType, FunctionType
from typing import Any

from pylops_distributed.storage.secrets import is_secret_name

MUTATORS = frozenset(
    ("append", "extend", "insert", "remove", "pop", "popitem", "clear", "update", "setdefault", "add", "discard",
     "sort", "reverse", "fill", "put", "resize", "setflags", "itemset")
)  # fmt: skip
STORES = ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE", "STORE_ATTR", "DELETE_ATTR")
WORD = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
MANY = 100  # texts of one function: beyond, no folders are tried with them


def codes_of(code: CodeType) -> Iterator[CodeType]:
    """A code object, and those within it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes_of(inner)


def written(code: CodeType) -> set[str]:
    """Globals that a code object writes anew."""
    steps = dis.get_instructions(code)
    return {str(s.argval) for s in steps if s.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")}


def changed(code: CodeType) -> set[str]:
    """Globals that a code object changes where it names them: ``TABLE[0] = 1``, ``TABLE.append(1)``, ``C.a = 1``."""
    steps = list(dis.get_instructions(code))
    places = {_place(s) for s in steps if s.opname in STORES or _calls_mutator(s)}
    return {str(s.argval) for s in steps if s.opname == "LOAD_GLOBAL" and _place(s) in places}


def stores(code: CodeType) -> bool:
    """Whether a code object changes an attribute or an element of anything."""
    return any(s.opname in STORES or _calls_mutator(s) for s in dis.get_instructions(code))


def _calls_mutator(step: dis.Instruction) -> bool:
    return step.opname in ("LOAD_METHOD", "LOAD_ATTR") and step.argval in MUTATORS


def _place(step: dis.Instruction) -> tuple[int | None, int | None]:
    """Where in the text the expression begins, which is where its first name stands; alike without positions."""
    where = step.positions
    return (None, None) if where is None else (where.lineno, where.col_offset)


def imports(code: CodeType, package: str | None, installed: Callable[[str], bool]) -> Iterator[str]:
    """Modules that a function imports while it runs."""
    for one in codes_of(code):
        level, module = 0, ""
        for step in dis.get_instructions(one):
            if step.opname.startswith("LOAD") and type(step.argval) is int:
                level = step.argval
            elif step.opname == "IMPORT_NAME":
                module = _absolute(str(step.argval), level, package)
                yield module
            elif step.opname == "IMPORT_FROM" and not installed(module):
                inner = f"{module}.{step.argval}"
                if not hasattr(sys.modules.get(module), str(step.argval)) and _exists(inner):
                    yield inner


def _absolute(name: str, level: int, package: str | None) -> str:
    if not level or not package:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def named_modules(function: FunctionType) -> set[str]:
    """Names in the texts of a function that imports modules by name."""
    if not {"import_module", "__import__"} & _names(function):
        return set()
    return {text for text in texts(function) if WORD.fullmatch(text)}


def variables_read(function: FunctionType) -> list[tuple[str, str | None]]:
    """Variables of the environment that a function names, if it reads the environment; no secrets."""
    if not {"environ", "environb", "getenv"} & _names(function):
        return []
    names = [text for text in texts(function) if WORD.fullmatch(text) and not is_secret_name(text)]
    return [(name, os.environ.get(name)) for name in sorted(set(names))]


def files_named(function: FunctionType) -> list[str]:
    """Paths that the texts of a function may mean: in the working folder, its module's, and folders that it names."""
    here = Path(function.__code__.co_filename).parent
    found = sorted(set(texts(function)))
    if len(found) > MANY:
        return found
    folders = [text for text in found if "\0" not in text and len(text) < 4096 and _is_folder(here, text)]
    bases = [Path(), here, *map(Path, folders), *(here / folder for folder in folders)]
    names = [text for text in found if {".", "/", os.sep} & set(text) and "\n" not in text]
    return [
        f"{base}{os.sep}{name}" if not Path(name).is_absolute() else name
        for base, name in product(dict.fromkeys(bases), names)
    ]


def texts(function: FunctionType) -> list[str]:
    """Texts in a function's code, and in the globals that it reads."""
    codes = list(codes_of(function.__code__))
    words = {str(s.argval) for code in codes for s in dis.get_instructions(code) if s.opname == "LOAD_GLOBAL"}
    values: list[Any] = [value for code in codes for value in code.co_consts]
    values += [function.__globals__[name] for name in sorted(words) if name in function.__globals__]
    return [str(value) for value in values if isinstance(value, str | PurePath) and str(value)]


def _is_folder(here: Path, text: str) -> bool:
    try:
        return Path(text).is_dir() or (here / text).is_dir()
    except (OSError, ValueError):
        return False


def _names(function: FunctionType) -> set[str]:
    return {name for code in codes_of(function.__code__) for name in code.co_names}
