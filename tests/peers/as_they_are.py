"""NumPy arrays of PyLops' tests go into this library as they are, and what comes out must be NumPy's, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask.array as da
import numpy as np
from feeding import Feeder

from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.linearoperator.numpy_plan import COUNTS
from pylops_distributed.vectors.space import BlockVector


class NumpyFeeder(Feeder):
    """Hands arrays on as they are, checks that none comes back lazy, and counts the operators that were applied."""

    def install(self) -> None:
        """Put this between the tests and the operators."""
        super().install()
        # Solvers call the functions of operators on NumPy arrays without their methods, but raise their counters.
        LinearOperator.__setattr__ = self.noting(LinearOperator.__setattr__)  # type: ignore[method-assign]

    def noting(self, method: Callable[..., None]) -> Callable[..., None]:
        """``__setattr__`` that notes operators whose counters are set."""

        def noted(op: Any, name: str, value: Any) -> None:
            if name in COUNTS:
                self.note(op)
            method(op, name, value)

        return noted

    def lazy(self, x: Any) -> Any:
        """``x``, as it is."""
        return x

    def cut(self, x: Any) -> Any:
        """A vector of the dot test, computed."""
        return x.map(self.cut) if isinstance(x, BlockVector) else x.compute(scheduler="sync")

    def nd(self, op: Any, name: str, args: tuple[Any, ...]) -> bool:
        """Whether to apply an operator to the array that a flat vector stands for: never."""
        return False

    @contextmanager
    def inside(self, lazily: bool) -> Iterator[None]:
        """Within the library, which may compute."""
        with super().inside(False):
            yield

    def check(self, y: Any) -> None:
        """Raise if what a method returned is neither NumPy's array nor an operator."""
        if not isinstance(y, np.ndarray | LinearOperator):
            raise AssertionError(f"an operator gave {type(y).__name__} for a NumPy array")

    def result(self, y: Any) -> Any:
        """What the test gets of a result: the same, which holds nothing lazy."""
        reject_lazy(y)
        return y


def reject_lazy(y: Any) -> None:
    """Raise if there is a Dask array, or Blocks, in a result."""
    if isinstance(y, da.Array | BlockVector):
        raise AssertionError(f"{type(y).__name__} came out, for NumPy arrays")
    if isinstance(y, list | tuple):
        for part in y:
            reject_lazy(part)
