"""Operators made of kernels on blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Protocol

import dask.array as da
import numpy as np
from dask import delayed
from dask.base import tokenize
from numpy.typing import DTypeLike

from pylops_distributed import tuning
from pylops_distributed.blockwise.arguments import real_type
from pylops_distributed.blockwise.halo_graph import stencil
from pylops_distributed.blockwise.halo_tasks import Array, Depth, Kernel
from pylops_distributed.blockwise.numpy_rows import apply_to_rows
from pylops_distributed.blockwise.precision import in_precision
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import Chunks, ChunksLike, DType, Settings

LEAST_CACHE = 2**18  # bytes that fit any cache: there is nothing to read of the configuration


@dataclass(frozen=True)
class StencilRule:
    """How a kernel that looks a few samples around applies to chunks; see :func:`.stencil`.

    Attributes
    ----------
    kernel : callable
        Function of one NumPy block.
    depth : mapping of int to (int, int)
        For each axis, how many samples before and after a chunk its results depend on.
    corners : bool
        Whether the kernel looks at diagonal neighbours.
    lead : int or None
        Length of a first axis that the kernel adds; 0 if it takes the first axis away.
    by_rows : bool
        Whether the kernel may be applied to some rows of a chunk at a time.
    """

    kernel: Kernel
    depth: Depth
    corners: bool = False
    lead: int | None = None
    by_rows: bool = False

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""
        if isinstance(x, np.ndarray):
            return self._on_numpy(x)
        return stencil(x, self.kernel, self.depth, dtype, self.corners, self.lead, by_rows=self.by_rows)

    def _on_numpy(self, x: Array) -> Array:
        """The result for a whole array, which has no neighbours."""
        if x.nbytes <= LEAST_CACHE:
            return self.kernel(x)
        free = range(1 if self.lead == 0 else 0, x.ndim)
        nbytes = None
        if self.by_rows and x.nbytes > LEAST_CACHE:
            nbytes = tuning.nbytes("blockwise.cache-block")
        return apply_to_rows(x, self.kernel, free, lambda axis: self.depth.get(axis, (0, 0)), nbytes)

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: all."""
        return chunks


@dataclass(frozen=True)
class WholeAxisRule:
    """How a kernel that needs some axes in one piece, and no other blocks, applies to chunks.

    Attributes
    ----------
    kernel : callable
        Function of one NumPy block.
    axes : tuple of int
        Axes that must lie in one chunk; see :func:`.rechunk_whole`.
    lengths : mapping of int to int
        New lengths of those of the axes whose length the kernel changes.
    shared : mapping of str to object
        Keyword arguments of the kernel too large to be in each task: each is sent once to each worker.
    """

    kernel: Callable[..., Array]
    axes: tuple[int, ...]
    lengths: Mapping[int, int] = field(default_factory=dict)
    shared: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""
        if isinstance(x, np.ndarray):
            free = [a for a in range(x.ndim) if a not in self.axes]
            return _whole(self.kernel, self.shared, x, dtype, free)
        x = rechunk_whole(x, self.axes)
        chunks = tuple((self.lengths[a],) if a in self.lengths else c for a, c in enumerate(x.chunks))
        return x.map_blocks(
            in_precision, kernel=self.kernel, kind=dtype, **shared_tasks(self.shared),
            chunks=chunks, dtype=dtype, meta=np.empty((0,) * x.ndim, dtype),
        )  # fmt: skip

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: not those that cut the axes."""
        return tuple((sum(c),) if a in self.axes else c for a, c in enumerate(chunks))


@dataclass(frozen=True)
class LeadingAxesRule:
    """How a kernel that takes the first axes to others, in one piece, applies to chunks of the axes behind.

    Attributes
    ----------
    kernel : callable
        Function of one NumPy block.
    axes : int
        Number of first axes that must lie in one chunk.
    shape : tuple of int
        Lengths of these axes in the kernel's result.
    shared : mapping of str to object
        As of :class:`WholeAxisRule`.
    """

    kernel: Callable[..., Array]
    axes: int
    shape: tuple[int, ...]
    shared: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""
        if isinstance(x, np.ndarray):
            return _whole(self.kernel, self.shared, x, dtype, range(self.axes, x.ndim))
        x = rechunk_whole(x, range(self.axes))
        new = {x.ndim + i: n for i, n in enumerate(self.shape)}
        rest = tuple(range(self.axes, x.ndim))
        return da.blockwise(
            in_precision, (*new, *rest), x, tuple(range(x.ndim)), new_axes=new, concatenate=True,
            kernel=self.kernel, kind=dtype, **shared_tasks(self.shared),
            dtype=dtype, meta=np.empty((0,) * (len(new) + len(rest)), dtype),
        )  # fmt: skip

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for: not those that cut the first axes."""
        return tuple((sum(c),) if a < self.axes else c for a, c in enumerate(chunks))


def _whole(
    kernel: Callable[..., Array], shared: Mapping[str, object], x: Array, dtype: DType, free: Iterable[int]
) -> Array:
    """The result of a kernel for a whole array, of which some axes may be cut."""
    if "twin" in shared:  # an operator of PyLops is made for one shape and one thread
        free = ()
    return apply_to_rows(x, partial(in_precision, kernel=kernel, kind=dtype, **shared), free)


def shared_tasks(shared: Mapping[str, object]) -> Settings:
    """Objects as separate tasks, which tasks that need them refer to."""
    return {k: delayed(v, name=f"{k}-{tokenize(v)}", traverse=False) for k, v in shared.items()}


class BlockRule(Protocol):
    """How something applies to chunks, as :class:`StencilRule` and :class:`WholeAxisRule` do."""

    def __call__(self, x: da.Array, dtype: DType) -> da.Array:
        """The lazy result for ``x``, of type ``dtype``."""

    def pin(self, chunks: Chunks) -> Chunks:
        """The chunks that are kept, of those asked for."""


class BlockwiseOperator(LinearOperator):
    """A linear operator given by a kernel on blocks for the forward, and one for the adjoint.

    Parameters
    ----------
    forward, adjoint : Rule
        What to do with blocks, and which samples of other blocks it takes.
    dims : tuple of int
        Shape of the model.
    dimsd : tuple of int, optional
        Shape of the data; default that of the model.
    dtype : dtype
        Type of the operator.
    dtypes : tuple of dtype, optional
        Types of the model and of the data; default that of the operator.
    clinear : bool, optional
        Whether the operator is linear for complex scalars too. Where it is not, complex input may give real
        output.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    name : str, optional
        Name shown to people.
    """

    domain: Space
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        forward: BlockRule,
        adjoint: BlockRule,
        dims: tuple[int, ...],
        dimsd: tuple[int, ...] | None = None,
        *,
        dtype: DTypeLike,
        dtypes: tuple[DTypeLike, DTypeLike] | None = None,
        clinear: bool = True,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        name: str | None = None,
    ) -> None:
        self._forward, self._adjoint = forward, adjoint
        kind, kindd = dtypes or (dtype, dtype)
        domain = Space.of(dims, kind, chunks)
        if domain.chunks is not None:
            domain = replace(domain, chunks=forward.pin(domain.chunks))
        codomain = replace(domain, dtype=np.dtype(kindd)) if dimsd is None else Space.of(dimsd, kindd)
        super().__init__(
            domain=domain, codomain=codomain, dtype=dtype, clinear=clinear, compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        return self._forward(x, self._kind(0, x))

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self.domain.fit(self._adjoint(y, self._kind(1, y)))

    def _kind(self, way: int, x: da.Array) -> DType:
        """The type of the forward (``way`` 0) or adjoint (1) of ``x``."""
        space = (self.codomain, self.domain)[way]
        return self.result_dtype(x.dtype if self.clinear else real_type(x.dtype), way, space.dtype)
