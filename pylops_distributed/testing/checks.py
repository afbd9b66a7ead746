"""Checks as objects that have a name and can be called."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np

from pylops_distributed.vectors.types import ArrayLike


class Check:
    """One check of one case.

    Parameters
    ----------
    name : str
        Names the case and the check; pytest shows it.
    run : callable
        Raises an :class:`AssertionError` if the check fails.

    Examples
    --------
    >>> from pylops_distributed.testing import Check
    >>> Check("of nothing", lambda: None)()
    """

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.__name__, self._run = name, run

    def __repr__(self) -> str:
        return f"<check {self.__name__}>"

    def __call__(self) -> None:
        """Run the check; raise an :class:`AssertionError` if it fails."""
        self._run()


def expect(condition: object, message: str) -> None:
    """Raise an :class:`AssertionError` with this message unless a condition holds, with ``python -O``, too."""
    if not condition:
        raise AssertionError(message)


def expect_close(value: ArrayLike, expected: ArrayLike, tolerance: float, message: str) -> None:
    """Raise unless all elements are as expected, to a part of the norm."""
    scale = float(np.linalg.norm(np.ravel(expected))) or 1.0
    np.testing.assert_allclose(value, expected, rtol=0, atol=tolerance * scale, err_msg=message)


def forbid_compute(*_args: object, **_options: object) -> NoReturn:
    """Dask scheduler that computes nothing."""
    raise AssertionError("something was computed: build the graph from lazy arrays, without compute()")
