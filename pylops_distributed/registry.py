"""Names whose objects are imported on first use: those of packages, and those of registries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar

import lazy_loader

T = TypeVar("T")


def attach(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Functions of a package that imports its names on first use: ``__getattr__``, ``__dir__`` and ``__all__``.

    Parameters
    ----------
    package, file : str
        ``__name__`` and ``__file__`` of the package; its names are those of the stub next to it (SPEC 1). Modules of
        the package are found, too, without being imported first.
    """
    listed, names, exported = lazy_loader.attach_stub(package, file)

    def find(name: str) -> object:
        try:
            return listed(name)
        except AttributeError:
            if name.startswith("_"):
                raise
        try:
            return import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
        raise AttributeError(f"{package} has no {name!r}")

    return find, names, exported


def import_on_use(module: str, missing: str = "") -> ModuleType:
    """Import a module that is slow to load, or of a package that is not always installed.

    The only place where functions import: all else is imported at the top of files.

    Parameters
    ----------
    module : str
        Full name of the module.
    missing : str, optional
        What to say where it is not installed: who needs it, and how it is installed.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if missing and (error.name or "").partition(".")[0] == module.partition(".")[0]:
            raise ModuleNotFoundError(missing, name=error.name) from error
        raise


class LazyModule(ModuleType):
    """A module that is imported when one of its names is first used: :func:`lazy_module`."""

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self.__name__), name)


def lazy_module(name: str) -> ModuleType:
    """Return a module that is imported when one of its names is first used.

    For forms of settings, which are read and checked without the arrays that their methods compute with.

    Parameters
    ----------
    name : str
        Full name of the module.

    Examples
    --------
    >>> from pylops_distributed.registry import lazy_module
    >>> lazy_module("math").sqrt(9.0)
    3.0
    """
    return LazyModule(name)


class Registry(Mapping[str, T], Generic[T]):
    """Objects by name, each imported when it is asked for.

    Parameters
    ----------
    places : mapping of str to str
        ``"module:attribute"``, or ``"module"``, by name. Names are stored with runs: they stay when
        files and classes are renamed.

    Examples
    --------
    >>> from pylops_distributed.registry import Registry
    >>> Registry({"root": "math:sqrt"})["root"](9.0)
    3.0
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._objects: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._objects:
            module, _, attribute = self._places[name].partition(":")
            target: Any = import_module(module)
            if attribute:
                target = getattr(target, attribute)
            self._objects[name] = target
        return self._objects[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def name_of(self, target: type) -> str | None:
        """The name under which a class is registered, without importing anything; None if it is not."""
        place = f"{target.__module__}:{target.__qualname__}"
        return next((name for name, listed in self._places.items() if listed == place), None)
