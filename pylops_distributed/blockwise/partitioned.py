"""PyLops' operators whose data are independent parts, such as shots or views: one task a group of parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import tokenize

from pylops_distributed.blockwise.arguments import real_type
from pylops_distributed.blockwise.operator import shared_tasks
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory
from pylops_distributed.blockwise.rechunk import split_longest_axis
from pylops_distributed.vectors.types import Chunks, DType

if TYPE_CHECKING:
    from pylops_distributed.blockwise.halo_tasks import Array

# Engines behind such operators keep global tables in each process, which threads must not change at once.
_engine = Lock()


@dataclass(frozen=True)
class OperatorEnsemble:
    """A PyLops operator to be, made anew for each group of parts, in the process that applies it.

    Attributes
    ----------
    make : callable
        Importable function or class that returns the operator.
    options : mapping
        Keyword arguments of ``make``.
    cut : tuple of str
        Those of them that have an entry for each part.
    sizes : tuple of int
        Numbers of parts in each group.
    """

    make: Callable[..., Any]
    options: Mapping[str, Any]
    cut: tuple[str, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(
        cls, make: Callable[..., object], options: Mapping[str, Any], cut: tuple[str, ...], size: int
    ) -> OperatorEnsemble:
        """Groups of at most ``size`` parts."""
        n = len(options[cut[0]])
        return cls(make, options, cut, split_longest_axis(n, -(-n // size)))

    def group(self, i: int) -> OperatorFactory:
        """The operator of a group."""
        start = sum(self.sizes[:i])
        taken = {name: self.options[name][start : start + self.sizes[i]] for name in self.cut}
        return OperatorFactory(self.make, {**self.options, **taken})


@dataclass(frozen=True)
class EnsembleRule:
    """How such an operator applies to chunks: the model whole to each group, images of groups summed up.

    Attributes
    ----------
    parts : Parts
        The operator.
    dims, dimsd : tuple of int
        Shapes of the model and of the data, of which the first axis is that of parts.
    adjoint : bool
        Which way.
    """

    parts: OperatorEnsemble
    dims: tuple[int, ...]
    dimsd: tuple[int, ...]
    adjoint: bool = False

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""
        sizes = self.parts.sizes
        kernel = partial(_apply, token=tokenize(self.parts), adjoint=self.adjoint, dtype=dtype)
        if isinstance(x, np.ndarray):
            return self._on_numpy(x, partial(kernel, parts=self.parts))
        groups = da.arange(len(sizes), chunks=1)
        model = tuple(range(100, 100 + len(self.dims)))
        data = (0, *range(1, len(self.dimsd)))
        options: dict[str, Any] = {
            **shared_tasks({"parts": self.parts}), "concatenate": True, "align_arrays": False, "dtype": dtype,
        }  # fmt: skip
        if self.adjoint:
            y = x.rechunk((sizes, *((n,) for n in self.dimsd[1:])))
            images = da.blockwise(
                kernel, (0, *model), groups, (0,), y, data, new_axes=dict(zip(model, self.dims, strict=True)),
                meta=np.empty((0,) * (1 + len(model)), dtype), **options,
            )  # fmt: skip
            return images.sum(axis=0, dtype=dtype)
        new = dict(zip(data[1:], self.dimsd[1:], strict=True))
        return da.blockwise(
            kernel, data, groups, (0,), x.rechunk(-1), model, new_axes=new, adjust_chunks={0: sizes},
            meta=np.empty((0,) * len(data), dtype), **options,
        )  # fmt: skip

    def _on_numpy(self, x: Array, kernel: Callable[..., Array]) -> Array:
        """The result for a whole array, group by group."""
        sizes = self.parts.sizes
        if self.adjoint:
            blocks = np.split(x, np.cumsum(sizes)[:-1])
            images = np.concatenate([kernel((i,), block) for i, block in enumerate(blocks)])
            return np.asarray(np.sum(images, axis=0))
        return np.concatenate([kernel((i,), x) for i in range(len(sizes))])

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: none, the model is whole."""
        return tuple((sum(c),) for c in chunks)


def _apply(
    group: Array, block: Array, parts: OperatorEnsemble, token: str, adjoint: bool, dtype: DType
) -> Array:
    """Apply the operator of a group, in single precision, to the available part of model or data."""
    (i,) = group
    with _engine:
        op = parts.group(i).cached(None, f"{token}-{i}")
        x = np.ascontiguousarray(block, np.float32).ravel()
        y = op.rmatvec(x).reshape(1, *op.dims) if adjoint else op.matvec(x).reshape(op.dimsd)
    return np.asarray(y).astype(real_type(dtype), copy=False)
