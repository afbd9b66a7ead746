"""Functions of the parts of a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

from pylops_distributed.optimization.proximal.proxoperator import ProxOperator
from pylops_distributed.vectors.namespace import chunked_like
from pylops_distributed.vectors.space import BlockVector, Vector, flatten, one_array
from pylops_distributed.vectors.types import Scalar


@dataclass(frozen=True)
class VStack(ProxOperator):
    r"""The sum :math:`\sum_i f_i(\mathbf{x}_i)` of functions of the members of Blocks, or of pieces of an array.

    Parameters
    ----------
    ops : sequence of ProxOperator
        The functions, in order.
    nn : sequence of int, optional
        Numbers of elements of the pieces of a flat array; Blocks need none.

    Raises
    ------
    ValueError
        If there are not as many pieces as functions.
    """

    ops: Sequence[ProxOperator]
    nn: Sequence[int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        # Tuples have a token and a hash.
        object.__setattr__(self, "ops", tuple(self.ops))
        if self.nn is not None:
            object.__setattr__(self, "nn", tuple(map(int, self.nn)))
            self._same(len(self.nn), "sizes in nn")

    def __call__(self, x: Vector) -> da.Array:
        """Value of the function as a 0-d array."""
        values = [f(part) for f, part in zip(self.ops, self._parts(x), strict=True)]
        return sum(values[1:], start=values[0])

    def prox(self, x: Vector, tau: Scalar) -> Vector:
        """Each piece by its own function."""
        return self._each(lambda f, part: f.prox(part, tau), x)

    def proxdual(self, x: Vector, tau: Scalar) -> Vector:
        """Each piece by its own function."""
        return self._each(lambda f, part: f.proxdual(part, tau), x)

    def grad(self, x: Vector) -> Vector:
        """Each piece by its own function."""
        return self._each(lambda f, part: f.grad(part), x)

    def warm(self, x: Vector, tau: Scalar, start: Vector) -> Vector:
        """Each piece by its own function."""
        return self._each(lambda f, part, first: f.warm(part, tau, first), x, start)

    def _each(self, function: Callable[..., Vector], x: Vector, *others: Vector) -> Vector:
        columns = zip(self.ops, self._parts(x), *map(self._parts, others), strict=True)
        images = tuple(one_array(function(*row)) for row in columns)
        if isinstance(x, BlockVector):
            return BlockVector(images)
        flat: Any = np.concatenate(images)
        return chunked_like(flat.reshape(x.shape), x)

    def _parts(self, x: Vector) -> tuple[da.Array, ...]:
        if isinstance(x, BlockVector):
            self._same(len(x.arrays), "blocks")
            return x.arrays
        if self.nn is None or sum(self.nn) != x.size:
            raise ValueError(
                f"got an array of {x.size} elements and pieces of nn={self.nn}, expected sizes that add up to it: set "
                "nn, or pass Blocks"
            )
        ends = np.cumsum(self.nn)
        flat = flatten(x)
        return tuple(flat[end - n : end] for n, end in zip(self.nn, ends, strict=True))

    def _same(self, count: int, what: str) -> None:
        if count != len(self.ops):
            raise ValueError(f"VStack of {len(self.ops)} functions needs as many {what}, got {count}")
