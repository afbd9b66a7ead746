"""The base class of functions with a proximal operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import dask.array as da

from pylops_distributed.vectors.elementwise import elementwise, lincomb
from pylops_distributed.vectors.space import as_floating
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


METHODS = frozenset({"__call__", "prox", "proxdual", "grad", "warm"})


class ProxOperator:
    r"""A convex function :math:`f` with the operations that proximal solvers need, all of them lazy.

    A new one is a frozen dataclass with ``__call__`` and ``prox``, and ``grad`` where it has a gradient. The
    surface is that of PyProximal. Vectors are arrays of any shape, or Blocks; integers become floating-point numbers.
    """

    def __init_subclass__(cls) -> None:
        # In every class that defines them: a result in the integers of its vector would be cut off.
        super().__init_subclass__()
        for name in METHODS & vars(cls).keys():
            setattr(cls, name, _in_floating_point(vars(cls)[name]))

    def __post_init__(self) -> None:
        weight = getattr(self, "sigma", 0.0)
        if not weight >= 0:
            raise ValueError(
                f"sigma={weight!r}: expected a weight of zero or more, with which the function is convex"
            )

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        raise NotImplementedError(f"{type(self).__name__} has no value")

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        r"""The :math:`\mathbf{v}` that minimises :math:`\tau f(\mathbf{v}) + \frac12\|\mathbf{v}-\mathbf{x}\|_2^2`.

        It is laid out as ``x``, which has any shape.
        """
        raise NotImplementedError(f"{type(self).__name__} has no proximal operator")

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """The proximal operator of the conjugate function, by Moreau's identity; laid out as ``x``."""
        inner = self.prox(elementwise(_divided, x, tau), 1 / tau)
        return elementwise(_rest, x, tau, inner)

    def grad(self, x: Vector) -> Vector:
        """Gradient of the function, laid out as ``x``."""
        raise NotImplementedError(f"{type(self).__name__} has no gradient")

    def warm(self, x: Vector, tau: Scalar, start: Vector) -> Vector:
        """``prox`` for functions that look for it by iterations, from ``start``; all are laid out as ``x``."""
        return self.prox(x, tau)


def _in_floating_point(method: Callable[..., object]) -> Callable[..., object]:
    """``method`` of a vector, which is in floating point."""

    @wraps(method)
    def of_numbers(self: ProxOperator, x: Vector, *args: object, **kwargs: object) -> object:
        return method(self, as_floating(x), *args, **kwargs)

    return of_numbers


def _divided(x: NDArray, tau: NDArray) -> NDArray:
    return x / tau


def _rest(x: NDArray, tau: NDArray, inner: NDArray) -> NDArray:
    result: NDArray = x - tau * inner
    return result


def plus(x: Vector, a: Scalar, y: Vector) -> Vector:
    """``x + a * y``, one task a chunk."""
    return lincomb(1.0, x, a, y)
