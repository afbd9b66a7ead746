"""NumPy arrays of PyLops' tests become chunked Dask arrays on the way in, and NumPy arrays again on the way out."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import dask
import dask.array as da
import numpy as np
import pylops

import pylops_distributed as pld
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.linearoperator import composites as algebra
from pylops_distributed.vectors.space import BlockVector, Space, reshape

COMPOSED = tuple(
    c for name, c in vars(algebra).items() if name.endswith("Operator") and c is not LinearOperator
)
LAZY = ("dot", "matvec", "rmatvec", "matmat", "rmatmat", "todense")
EAGER = ("div", "eigs", "cond", "trace", "tosparse")
# Arrays that operators hold, and that may be chunked.
HELD = {
    "MatrixMult": ("A",), "Diagonal": ("diag",), "Fredholm1": ("G",), "MDC": ("G",), "Marchenko": ("R",),
    "Spread": ("table", "dtable"), "FirstDirectionalDerivative": ("v",), "SecondDirectionalDerivative": ("v",),
}  # fmt: skip


def elsewhere() -> bool:
    """Whether this is a thread of Dask's.

    Operators that run others within their tasks may compute, and settings of Dask are of all threads.
    """
    return threading.current_thread() is not threading.main_thread()


def forbid_compute(*args: Any, **options: Any) -> Any:
    """A scheduler for where nothing may be computed."""
    raise AssertionError("an operator computed while it was being applied")


@dataclass
class Feeder:
    """Chunks arrays in turn in all ways, and counts the operators that were applied.

    Attributes
    ----------
    applied : dict
        The class of each operator that was applied, by identity.
    """

    turn: int = 0
    depth: int = 0
    applied: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def clear(self) -> None:
        """Begin another test."""
        self.turn, self.depth, self.applied = 0, 0, {}

    def counted(self) -> dict[str, int]:
        """Number of operators of each class that were applied."""
        return dict(Counter(name for _, name in self.applied.values()))

    # -- arrays --------------------------------------------------------------------------------------------

    def chunk(self, x: np.ndarray[Any, Any]) -> da.Array:
        """``x`` in chunks: in turn uneven ones, ones shorter than a halo, and a single one."""
        self.turn += 1
        return da.from_array(x, chunks=tuple(cut(n, self.turn % 3) for n in x.shape))

    def lazy(self, x: Any) -> Any:
        """``x`` with all NumPy arrays in it chunked."""
        if isinstance(x, np.ndarray) and x.ndim and x.dtype.kind in "fciu":
            return self.chunk(x)
        if isinstance(x, dict):
            return {k: self.lazy(v) for k, v in x.items()}
        if isinstance(x, list | tuple) and any(isinstance(v, np.ndarray) for v in x):
            return type(x)(map(self.lazy, x))
        if inspect.isfunction(x):
            return wraps(x)(lambda *args, **options: x(*map(plain, args), **options))
        return x

    # -- operators -----------------------------------------------------------------------------------------

    def install(self) -> None:
        """Put this between the tests and the operators."""
        for module in ("basicoperators", "signalprocessing", "waveeqprocessing", "avo", "medical"):
            load_all(getattr(pld, module))
        bases = {c for c in LinearOperator.__mro__ if c.__module__.startswith("pylops_distributed")}
        for cls in bases | set(subclasses(LinearOperator)):
            for name in (*LAZY, *EAGER):
                if callable(method := vars(cls).get(name)):
                    setattr(cls, name, self.entry(method, name in LAZY))
            for name in ("apply", "apply_adjoint"):
                if callable(method := vars(cls).get(name)):
                    setattr(cls, name, self.application(method))
            if cls.__name__ == "Kirchhoff":  # what makes the tables that its tests put in
                for name in ("_identify_geometry", "_traveltime_table"):
                    setattr(cls, name, staticmethod(getattr(pylops.waveeqprocessing.Kirchhoff, name)))
            if "__init__" in vars(cls) and cls not in bases:
                cls.__init__ = self.construction(cls.__init__)  # type: ignore[misc]
        # The dot test's vectors.
        module = inspect.getmodule(pld.utils.dottest)
        make = module.random  # type: ignore[union-attr]
        module.random = lambda *args: self.cut(make(*args))  # type: ignore[union-attr]

    def cut(self, x: Any) -> Any:
        """A lazy vector, chunked anew."""
        if isinstance(x, BlockVector):
            return x.map(self.cut)
        self.turn += 1
        return x.rechunk(tuple(cut(n, self.turn % 3) for n in x.shape))

    def entry(self, method: Callable[..., Any], lazily: bool) -> Callable[..., Any]:
        """A method that tests call."""

        @wraps(method)
        def fed(op: Any, *args: Any, **options: Any) -> Any:
            if self.depth or elsewhere():
                return method(op, *args, **options)
            # No vector comes into a dense matrix, which is lazy if the operator holds lazy arrays.
            lazy = lazily and (method.__name__ != "todense" or op.holds_dask)
            if isinstance(op, pld.MemoizeOperator):  # knows arrays by their keys: equal values, equal chunks
                self.turn = 0
            with self.inside(lazy):
                flat = self.nd(op, method.__name__, args)
                y = (
                    self.forward(op, args[0])
                    if flat
                    else method(op, *map(self.lazy, args), **self.lazy(options))
                )
            if lazy and not any(op.compute):
                self.check(y)
            return self.result(y).ravel() if flat else self.result(y)

        return fed

    def check(self, y: Any) -> None:
        """Raise if what a lazy method returned is not lazy."""
        if isinstance(y, np.ndarray):
            raise AssertionError("an operator gave a NumPy array")

    def result(self, y: Any) -> Any:
        """What the test gets of a result."""
        return plain(y)

    def nd(self, op: Any, name: str, args: tuple[Any, ...]) -> bool:
        """Whether to apply an operator to the array that a flat vector stands for: every other time."""
        vector = bool(args) and isinstance(args[0], np.ndarray) and args[0].shape == (op.shape[1],)
        return vector and name in ("dot", "matvec") and len(op.dims) > 1 and self.turn % 2 == 1

    def forward(self, op: Any, x: np.ndarray[Any, Any]) -> Any:
        """The forward of the array that ``x`` stands for."""
        y = op.apply(reshape(self.chunk(x.reshape(op.dims)), op.domain))
        return reshape(y, Space(op.dimsd, op.dtype))

    @contextmanager
    def inside(self, lazily: bool) -> Iterator[None]:
        """Within the library."""
        if elsewhere():
            yield
            return
        self.depth += 1
        try:
            with dask.config.set(scheduler=forbid_compute if lazily else "sync"):
                yield
        finally:
            self.depth -= 1

    def note(self, op: Any) -> None:
        """Count an operator that is applied."""
        if not isinstance(op, COMPOSED):
            self.applied[id(op)] = (op, type(op).__name__)

    def application(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """``apply`` or ``apply_adjoint``: counts, and lets nothing compute."""

        @wraps(method)
        def watched(op: Any, x: Any, *more: Any) -> Any:
            if more:  # PyLops' Regression has a method of this name that takes positions and coefficients
                return self.result(method(op, *map(self.lazy, (x, *more))))
            self.note(op)
            with self.inside(not isinstance(x, np.ndarray)):  # a dense matrix's columns
                return method(op, x)

        return watched

    def construction(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """``__init__`` with what the operator may hold in chunks chunked."""
        names = inspect.signature(method)

        @wraps(method)
        def built(op: Any, *args: Any, **options: Any) -> None:
            held = HELD.get(type(op).__name__, ())
            if self.depth or not held:
                return method(op, *args, **options)
            given = names.bind(op, *args, **options)
            for name in held:
                if isinstance(array := given.arguments.get(name), np.ndarray):
                    given.arguments[name] = self.lazy(array)
                    # Noted when the operator was made, of the arguments before they were chunked.
                    vars(op)["holds_dask"] = isinstance(given.arguments[name], da.Array)
            with self.inside(False):
                return method(*given.args, **given.kwargs)

        return built

    # -- functions and drivers -----------------------------------------------------------------------------

    def wrap(self, thing: Any) -> Any:
        """What a test gets in place of an object of this library."""
        if inspect.isclass(thing):
            if not issubclass(thing, LinearOperator) and "optimization" in thing.__module__:
                return self.driver(thing)
            if thing.__name__ in ("LSM", "Marchenko"):
                return self.driver(thing)
            return thing
        if not inspect.isfunction(thing) or thing.__name__ == "dottest":
            return thing
        return self.function(thing)

    def function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A solver, or another function of arrays."""

        @wraps(function)
        def fed(*args: Any, **options: Any) -> Any:
            if self.depth:
                return function(*args, **options)
            with dask.config.set(scheduler="sync"):
                before, self.depth = self.depth, self.depth + 1
                try:
                    y = function(*map(self.lazy, args), **self.lazy(options))
                finally:
                    self.depth = before
            return self.result(y)

        return fed

    def driver(self, cls: type) -> type:
        """A class whose methods take and give arrays."""
        public = {
            name: self.function(method)
            for base in reversed(cls.__mro__)
            for name, method in vars(base).items()
            if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_"))
        }
        return type(cls.__name__, (cls,), public)


def load_all(package: Any) -> None:
    """Import the operators of a package, which it does when each is first used."""
    for name in package.__all__:
        getattr(package, name)


def subclasses(cls: type) -> set[type]:
    """All classes below one."""
    return {cls, *(c for child in cls.__subclasses__() for c in subclasses(child))}


def cut(n: int, kind: int) -> tuple[int, ...]:
    """Chunks of an axis of length ``n``: one, uneven ones, or some shorter than a halo."""
    if kind == 0 or n < 4:
        return (n,)
    return (1, n - 3, 2) if kind == 1 else (2, 1, 2, n - 5) if n > 5 else (1, 1, n - 2)


def plain(y: Any) -> Any:
    """``y`` with all lazy arrays in it computed."""
    if isinstance(y, da.Array):
        return y.compute(scheduler="sync")
    if isinstance(y, BlockVector):
        return np.concatenate([plain(a).ravel() for a in y.arrays])
    if isinstance(y, list | tuple) and not hasattr(y, "_fields"):
        return type(y)(map(plain, y))
    return y
