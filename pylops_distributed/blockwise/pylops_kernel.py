"""PyLops' own operators as kernels: built where the blocks are, once for each shape of block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from dask.base import tokenize

from pylops_distributed import tuning
from pylops_distributed.blockwise.operator import BlockwiseOperator, LeadingAxesRule, WholeAxisRule
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    import pylops

    from pylops_distributed.blockwise.halo_tasks import Array

_built: dict[Any, pylops.LinearOperator] = {}


@dataclass(frozen=True)
class OperatorFactory:
    """A PyLops operator to be, which pickles as what it is made of: NumPy arrays as they are now.

    Attributes
    ----------
    make : callable
        Importable function or class that returns the operator, called with ``options``.
    options : mapping
        Keyword arguments of ``make``.
    dims : str or None
        Keyword argument of ``make`` for the shape of the model, if blocks of any shape are to be taken.
    """

    make: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    dims: str | None = None

    def __post_init__(self) -> None:
        # Operators are built late, and kept: an array that its user changes meanwhile would be in some of them.
        kept = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in self.options.items()}
        object.__setattr__(self, "options", kept)

    def build(self, dims: tuple[int, ...] | None = None) -> pylops.LinearOperator:
        """The operator, for models of shape ``dims``."""
        return self.make(**self.options, **({self.dims: dims} if self.dims else {}))

    def cached(self, dims: tuple[int, ...] | None, token: str) -> pylops.LinearOperator:
        """The operator that this thread built before, or a new one: some have internal buffers."""
        key = (token, dims, get_ident())
        if key not in _built:
            most = tuning.count("blockwise.pylops-operators")
            while len(_built) >= most:
                _built.pop(next(iter(_built)), None)
            _built[key] = self.build(dims)
        return _built[key]


class TwinOperator(BlockwiseOperator):
    """An operator whose kernel is PyLops' operator, its twin, whose attributes it shows.

    Attributes
    ----------
    twin : OperatorFactory
        What makes the twin.
    from_twin : tuple of str
        Names of those attributes.
    """

    twin: OperatorFactory
    from_twin: ClassVar[tuple[str, ...]] = ()

    def __getattr__(self, name: str) -> Any:
        if name not in self.from_twin or "twin" not in vars(self):
            return super().__getattr__(name)
        return getattr(self.twin.build(self.dims), name)


def apply_factory(
    block: Array, twin: OperatorFactory, token: str, method: str, lengths: Mapping[int, int] | None = None
) -> Array:
    """Apply a method of the operator to a block; ``lengths`` are those that axes of the model have."""
    dims = None
    if lengths is not None:
        dims = tuple(lengths.get(a, n) for a, n in enumerate(block.shape))
    op = twin.cached(dims, token)
    y = getattr(op, method)(block.ravel())
    return np.asarray(y).reshape(op.dimsd if method == "matvec" else op.dims)


def whole_axis_rules(
    twin: OperatorFactory, axes: tuple[int, ...], model: tuple[int, ...]
) -> tuple[WholeAxisRule, WholeAxisRule, tuple[int, ...]]:
    """Rules for an operator that acts along axes and keeps the others, and the shape of its data."""
    one = tuple(n if a in axes else 1 for a, n in enumerate(model))
    data = tuple(int(n) for n in twin.build(one).dimsd)
    lengths = {a: model[a] for a in axes}
    options = {"twin": twin}
    token = tokenize(twin)
    kernels = [_kernel(token, method, lengths) for method in ("matvec", "rmatvec")]
    rules = (
        WholeAxisRule(kernels[0], axes, {a: data[a] for a in axes}, options),
        WholeAxisRule(kernels[1], axes, lengths, options),
    )
    return *rules, tuple(data[a] if a in axes else n for a, n in enumerate(model))


def whole(
    twin: OperatorFactory, dims: tuple[int, ...], dimsd: tuple[int, ...]
) -> tuple[LeadingAxesRule, LeadingAxesRule]:
    """Rules for an operator that mixes all samples: one task for all of it."""
    token, options = tokenize(twin), {"twin": twin}
    return (
        LeadingAxesRule(_kernel(token, "matvec"), len(dims), dimsd, options),
        LeadingAxesRule(_kernel(token, "rmatvec"), len(dimsd), dims, options),
    )


def method(
    twin: OperatorFactory, name: str, dims: tuple[int, ...], dimsd: tuple[int, ...]
) -> LeadingAxesRule:
    """Rule for another method of the operator, from its data to its model."""
    return LeadingAxesRule(_kernel(tokenize(twin), name), len(dimsd), dims, {"twin": twin})


def _kernel(token: str, method: str, lengths: Mapping[int, int] | None = None) -> partial[NDArray]:
    return partial(apply_factory, token=token, method=method, lengths=lengths)
