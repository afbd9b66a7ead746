"""Operators in windows that slide over the data: what sliding and patching share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from math import prod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import dask.array as da
import numpy as np
import pylops
from pylops.utils.tapers import taper

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.assembly import assemble_chunks, index_plan
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.vectors.space import Space, flatten, unflatten
from pylops_distributed.vectors.types import ChunksLike, DType, NDArray

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array

Taper: TypeAlias = Literal["hanning", "cosine", "cosinesquare"] | None
Index: TypeAlias = tuple[int, ...]
Lengths: TypeAlias = int | Iterable[int]

# First samples of windows, and their ends, each of shape ``(nwins,)``.
Ends: TypeAlias = tuple[NDArray, NDArray]


class Windows(LinearOperator):
    r"""An operator in each window of the data, the windows' images tapered and added where they overlap.

    One task applies the operator in all windows of a chunk and adds up what overlaps in it; what reaches
    into other chunks is then added there.

    Parameters
    ----------
    Op : LinearOperator
        Operator of one window, of this library or of PyLops; or of all windows together.
    dims : int or tuple of int
        Shape of the model, without the axes of windows: those are multiplied into the first axes.
    dimsd : int or tuple of int
        Shape of the data.
    nwin, nover : int or tuple of int
        Length and overlap of windows along each of the first axes of the data.
    tapertype : {"hanning", "cosine", "cosinesquare"} or None
        Taper of the windows, which ends where the data do.
    savetaper : bool
        Taken for compatibility: tapers are products of small ones.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If a window is longer than its axis, or the shape of the model does not fit the windows.
    """

    domain: Space
    narrow = (True, True)

    def __init__(
        self,
        Op: Any,
        dims: Lengths,
        dimsd: Lengths,
        nwin: Lengths,
        nover: Lengths,
        tapertype: Taper,
        savetaper: bool,
        name: str | None,
        chunks: ChunksLike,
        compute: tuple[bool, bool],
    ) -> None:
        self.tapertype, self.savetaper = tapertype, savetaper
        dims, dimsd, nwin, nover = map(shape_of, (dims, dimsd, nwin, nover))
        # PyLops has numbers, where windows slide along one axis.
        self.nwin: Any
        self.nover: Any
        self.nwin, self.nover = (nwin, nover) if len(nwin) > 1 else (nwin[0], nover[0])
        self.steps = tuple(n - o for n, o in zip(nwin, nover, strict=True))
        self.lengths, k = nwin, len(nwin)
        if any(n > m for n, m in zip(nwin, dimsd, strict=False)):
            raise ValueError(f"windows of {nwin} samples are longer than the axes of {dimsd}")
        self.nwins = tuple((m - n) // s + 1 for m, n, s in zip(dimsd, nwin, self.steps, strict=False))
        self.each = (*(n // w for n, w in zip(dims, self.nwins, strict=False)), *dims[k:])
        together = Op.shape[1] == prod(dims) and prod(self.nwins) > 1
        if any(n % w for n, w in zip(dims, self.nwins, strict=False)) or not (
            together or Op.shape[1] == prod(self.each)
        ):
            raise ValueError(f"a model of shape {dims} does not fit {self.nwins} windows and {Op!r}")
        self.Op = aslinearoperator(Op) if together else Op
        self.together, self.rest = together, dimsd[k:]
        self.tapers = [_tapers(w, n, o, tapertype) for w, n, o in zip(self.nwins, nwin, nover, strict=True)]
        dtype = np.dtype(Op.dtype)
        super().__init__(
            domain=Space.of((*self.nwins, *self.each), dtype, chunks),
            codomain=Space.of(dimsd, dtype),
            compute=compute,
            name=name,
        )

    @property
    def simOp(self) -> bool:
        """Whether the operator is that of all windows together."""
        return self.together

    @property
    def taps(self) -> Array:
        """Taper of each window, of the shape of ``dims`` along the windows, and of ``nwin``."""
        product = reduce(np.multiply.outer, self.tapers)
        k = product.ndim // 2
        return np.asarray(product.transpose(*range(0, 2 * k, 2), *range(1, 2 * k, 2)))

    @property
    def dwins_inends(self) -> tuple[Ends, ...]:
        """First samples of the windows of the data along each axis, and the ends."""
        starts = [np.arange(w) * s for w, s in zip(self.nwins, self.steps, strict=True)]
        return tuple((a, a + n) for a, n in zip(starts, self.lengths, strict=True))

    @property
    def mwins_inends(self) -> tuple[Ends, ...]:
        """First samples of the windows of the model along each axis, side by side, and the ends."""
        starts = [np.arange(w) * n for w, n in zip(self.nwins, self.each, strict=False)]
        return tuple((a, a + n) for a, n in zip(starts, self.each, strict=False))

    @property
    def dwin_inends(self) -> Ends:
        """The same as ``dwins_inends`` of windows along one axis."""
        return self.dwins_inends[0]

    @property
    def _images(self) -> Index:
        """Shape of the images of all windows."""
        return (*self.nwins, *self.lengths, *self.rest)

    def _matvec(self, x: da.Array) -> da.Array:
        kind = np.result_type(self.dtype, x.dtype)
        local: Any = None if self.together else self.Op
        if self.together:
            image = flatten(self.Op.apply(unflatten(flatten(x), self.Op.domain)))
            x = image.reshape(self._images)
        y, strips = self._map(x, _spread, local, (*self.lengths, *self.rest), kind, out=True)
        for a, sizes in enumerate(strips):
            counts = _counts(sizes, self.lengths[a], self.steps[a])
            source, target = self._samples(a, counts)
            ends = np.cumsum(counts) * self.steps[a]
            into = np.diff([0, *ends[:-1], self.dimsd[a]])
            plan = index_plan(source, target, sizes, tuple(into.tolist()))
            y = assemble_chunks(y, a, plan, tuple(into.tolist()), kind, add=True)
        return y

    def _rmatvec(self, y: da.Array) -> da.Array:
        kind = np.result_type(self.dtype, y.dtype)
        local: Any = None if self.together else self.Op
        for a, n in enumerate(self.nwins):
            ends = np.minimum(np.cumsum(y.chunks[a]) // self.steps[a], n)
            counts = [int(c) for c in np.diff([0, *ends[:-1], n]) if c]
            source, target = self._samples(a, counts)
            sizes = tuple((c - 1) * self.steps[a] + self.lengths[a] for c in counts)
            y = assemble_chunks(y, a, index_plan(target, source, y.chunks[a], sizes), sizes, kind)
        shape = (*self.lengths, *self.rest) if self.together else self.each
        x, _ = self._map(y, _collect, local, shape, kind, out=False)
        if self.together:
            image = flatten(self.Op.apply_adjoint(unflatten(flatten(x), self.Op.codomain)))
            return self.domain.fit(unflatten(image, self.domain))
        return self.domain.fit(x)

    def _samples(self, axis: int, counts: Sequence[int]) -> tuple[Array, Array]:
        """Samples of the strips of chunks of windows, one after the other, and those of the data they are."""
        n, step = self.lengths[axis], self.steps[axis]
        starts = np.cumsum([0, *counts[:-1]]) * step
        target = np.concatenate(
            [s + np.arange((c - 1) * step + n) for s, c in zip(starts, counts, strict=True)]
        )
        return np.arange(target.size), target

    def _map(
        self,
        x: da.Array,
        function: Callable[..., NDArray],
        op: LinearOperator,
        shape: Index,
        kind: DType,
        out: bool,
    ) -> tuple[da.Array, list[tuple[int, ...]]]:
        """One task a chunk of windows: to strips of the data (``out``) or from them."""
        k = len(self.nwins)
        x = x.rechunk(dict.fromkeys(range(k, x.ndim), -1))
        if out:
            counts = [tuple(c) for c in x.chunks[:k]]
            ends = [
                tuple((n - 1) * s + w for n in c)
                for c, s, w in zip(counts, self.steps, self.lengths, strict=True)
            ]
            lengths = [*ends, *((n,) for n in self.rest)]
        else:
            counts = [_counts(c, n, s) for c, n, s in zip(x.chunks, self.lengths, self.steps, strict=False)]
            ends = counts
            lengths = [*counts, *((n,) for n in shape)]
        kernel = partial(
            function, op=None if op is None else _local(op), steps=self.steps, nwin=self.lengths, shape=shape,
            tapers=self.tapers, starts=[np.cumsum([0, *c]).tolist() for c in counts],
        )  # fmt: skip
        y = x.map_blocks(
            _cast, kernel=kernel, kind=kind, drop_axis=list(range(k, x.ndim)),
            new_axis=list(range(k, len(lengths))), chunks=tuple(lengths), dtype=kind,
            meta=np.empty((0,) * len(lengths), kind),
        )  # fmt: skip
        return y, ends


class Patches(Windows):
    """Windows that slide along all axes: what patching in two and in three dimensions shares.

    Parameters are those of :class:`.Patch2D`.
    """

    def __init__(
        self,
        Op: object,
        dims: Iterable[int],
        dimsd: Iterable[int],
        nwin: Sequence[int],
        nover: Sequence[int],
        nop: Sequence[int],
        tapertype: Taper = "hanning",
        savetaper: bool = True,
        scalings: Sequence[float] | None = None,
        name: str | None = "P",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(Op, dims, dimsd, nwin, nover, tapertype, savetaper, name, chunks, compute)
        self.scalings = [1.0] * prod(self.nwins) if scalings is None else list(scalings)


def _counts(sizes: tuple[int, ...], n: int, step: int) -> tuple[int, ...]:
    """Numbers of windows of strips."""
    return tuple((size - n) // step + 1 for size in sizes)


def _tapers(count: int, n: int, over: int, kind: Taper) -> Array:
    """The taper of each window along one axis; the first and last do not fall off at the ends of the data."""
    one = np.ones(n) if kind is None else taper(n, over, kind)
    tapers = np.tile(one, (count, 1))
    if over:
        tapers[0, :over] = tapers[-1, -over:] = one[n // 2]
    return tapers


class _Inside(pylops.LinearOperator):
    """An operator of this library for use in a task, which computes in the task's own thread."""

    def __init__(self, op: LinearOperator) -> None:
        self.inner = op
        super().__init__(dtype=op.dtype, shape=op.shape)

    def _matvec(self, x: Array) -> object:
        return da.asarray(self.inner.matvec(x)).compute(scheduler="sync")

    def _rmatvec(self, x: Array) -> object:
        return da.asarray(self.inner.rmatvec(x)).compute(scheduler="sync")


def _local(op: object) -> object:
    return _Inside(op) if isinstance(op, LinearOperator) else op


def _cast(block: Array, kernel: Callable[..., NDArray], kind: DType, block_id: Index) -> Array:
    return np.asarray(kernel(block, index=block_id)).astype(kind, copy=False)


def _each(
    index: Index, starts: list[list[int]], steps: Index, nwin: Index, tapers: list[Array]
) -> Iterator[tuple[Index, tuple[slice, ...], Array]]:
    """Index, place in the strip and taper of each window of a chunk."""
    ranges = [range(s[i + 1] - s[i]) for i, s in zip(index, starts, strict=False)]
    for window in np.ndindex(*map(len, ranges)):
        place = tuple(slice(w * s, w * s + n) for w, s, n in zip(window, steps, nwin, strict=True))
        weight = np.ones(())
        for a, (w, rows) in enumerate(zip(window, tapers, strict=True)):
            weight = np.multiply.outer(weight, rows[starts[a][index[a]] + w])
        yield window, place, weight


def _spread(
    block: Array, index: Index, op: LinearOperator, steps: Index, nwin: Index, shape: Index, tapers: list[Array],
    starts: list[list[int]],
) -> Array:  # fmt: skip
    """Images of all windows of a chunk, added up."""
    k = len(nwin)
    sizes = tuple((n - 1) * s + w for n, s, w in zip(block.shape, steps, nwin, strict=False))
    y = np.zeros((*sizes, *shape[k:]), np.result_type(block.dtype, float if op is None else op.dtype))
    for window, place, weight in _each(index, starts, steps, nwin, tapers):
        image = block[window] if op is None else op.matvec(block[window].ravel())
        y[place] += image.reshape(shape) * weight.reshape(*nwin, *(1,) * (len(shape) - k))
    return y


def _collect(
    block: Array, index: Index, op: LinearOperator, steps: Index, nwin: Index, shape: Index, tapers: list[Array],
    starts: list[list[int]],
) -> Array:  # fmt: skip
    """The adjoint of that."""
    k = len(nwin)
    counts = tuple(s[i + 1] - s[i] for i, s in zip(index, starts, strict=False))
    x = np.zeros((*counts, *shape), np.result_type(block.dtype, float if op is None else op.dtype))
    for window, place, weight in _each(index, starts, steps, nwin, tapers):
        image = block[place] * weight.reshape(*nwin, *(1,) * (block.ndim - k))
        x[window] = (image if op is None else op.rmatvec(image.ravel())).reshape(shape)
    return x
