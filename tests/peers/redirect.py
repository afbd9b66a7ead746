"""``import pylops`` in PyLops' tests imports this library; everywhere else it imports PyLops."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = "pylops_distributed"
# Where names that PyLops keeps in separate modules are public here.
PUBLIC = ("", ".signalprocessing", ".waveeqprocessing", ".avo", ".medical", ".optimization.basic", ".utils")


class Peer(ModuleType):
    """A module of PyLops as its tests shall see it: ours, and PyLops' own where we have no such name."""

    def __init__(self, path: str, wrap: Callable[[Any], Any]) -> None:
        super().__init__(f"pylops{path}")
        self._path, self._wrap = path, wrap

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        theirs = getattr(importlib.import_module(f"pylops{self._path}"), name)
        if isinstance(theirs, ModuleType):
            if theirs.__name__ != f"pylops{self._path}.{name}":
                return theirs
            return peer(f"{self._path}.{name}", self._wrap)
        for path in (self._path, *PUBLIC):
            try:
                ours = getattr(importlib.import_module(OURS + path), name)
            except (ImportError, AttributeError):
                continue
            if getattr(ours, "__module__", "").startswith(OURS):
                return self._wrap(ours)
        return theirs


_peers: dict[str, Peer] = {}


def peer(path: str, wrap: Callable[[Any], Any]) -> Peer:
    """The module that stands for ``pylops`` + ``path``."""
    return _peers.setdefault(path, Peer(path, wrap))


def install(folder: Path, wrap: Callable[[Any], Any]) -> None:
    """Redirect what modules in ``folder`` import.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the tests.
    wrap : callable
        What to hand out instead of an object of this library.
    """
    plain, folder = builtins.__import__, folder.resolve()

    def inside(globals: Any) -> bool:
        return globals is not None and Path(globals.get("__file__") or "").parent.resolve() == folder

    def redirected(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level or name.split(".")[0] != "pylops" or not inside(globals):
            return plain(name, globals, locals, fromlist, level)
        plain(name, globals, locals, fromlist, level)  # the same errors as PyLops'
        return peer(name.removeprefix("pylops") if fromlist else "", wrap)

    builtins.__import__ = redirected
