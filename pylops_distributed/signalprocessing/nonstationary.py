"""Filters that change from sample to sample along several axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, TypeAlias

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import Array, overlap
from pylops_distributed.blockwise.arguments import complex_type
from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.blockwise.halo_graph import merge_short_chunks
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.namespace import as_lazy_array
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike, DType, NDArray

Index: TypeAlias = tuple[int, ...]


LETTERS: dict[int, tuple[str, ...]] = {1: ("",), 2: ("x", "z"), 3: ("x", "y", "z")}  # of the axes, in PyLops


class OnGrid(LinearOperator):
    """Operators of filters at the nodes of a grid: PyLops' names of the grid.

    Attributes
    ----------
    ohx, dhx, nhx, ehx, ... : int
        First node, distance, number and last node along an axis, ``x``, ``y`` or ``z``; of operators of one axis
        without that letter.
    hsize : int
        Length of the filters, where they have one axis.
    """

    grid: tuple[tuple[int, ...], ...]
    hshape: Index
    engine: ClassVar[str] = "numpy"

    def __getattr__(self, name: str) -> Any:
        if "grid" in vars(self) and len(name) in (2, 3) and name[1] == "h" and name[0] in "odne":
            letters = LETTERS[len(self.grid)]
            if name[2:] in letters:
                nodes = self.grid[letters.index(name[2:])]
                return {"o": nodes[0], "d": nodes[1] - nodes[0], "n": len(nodes), "e": nodes[-1]}[name[0]]
        if name == "hsize" and "hshape" in vars(self) and len(self.hshape) == 1:
            return self.hshape[0]
        return super().__getattr__(name)


class NonStationary(OnGrid):
    """Convolution along all axes with filters interpolated between those at the nodes of a grid.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data.
    hs : array_like
        Filters: axes of the grid, then axes of a filter, these of odd lengths.
    grid : sequence of sequence of int
        Samples of the filters along each axis, equally far from each other.
    dtype : dtype
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If filters are of even length, or the grid is not regular or outside of the model.
    """

    narrow = (True, True)

    def __init__(
        self,
        dims: Index,
        hs: ArrayLike,
        grid: Sequence[Sequence[int]],
        dtype: DTypeLike,
        name: str | None,
        chunks: ChunksLike,
        compute: tuple[bool, bool],
    ) -> None:
        filters, n = np.asarray(hs), len(dims)
        if filters.ndim != 2 * n:
            raise ValueError(f"hs must have {2 * n} axes, got shape {filters.shape}")
        check_filters(filters.shape[n:], grid, dims, filters.shape[:n])
        kind = complex_type(dtype) if np.iscomplexobj(filters) else np.dtype(dtype)
        self.hs, self.grid, self.hshape = (
            filters.astype(kind, copy=False),
            tuple(map(tuple, grid)),
            filters.shape[n:],
        )
        space = Space.of(dims, kind, chunks)
        super().__init__(domain=space, codomain=space, compute=compute, name=name)

    def _matvec(self, x: da.Array) -> da.Array:
        return self._apply(x, spray)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._apply(y, collect)

    def _apply(self, x: da.Array, function: Callable[..., NDArray]) -> da.Array:
        kind = np.result_type(self.dtype, x.dtype)
        extended, inner = extend(x, self.hshape)
        return _blocks(partial(function, hs=self.hs), extended, inner, self.grid, self.hshape, kind).rechunk(
            x.chunks
        )


class NonStationaryFilters(OnGrid):
    """The same convolution of a given input, from the filters.

    Parameters
    ----------
    inp : array
        Input. NumPy, Dask and Zarr arrays are read only when computing.
    hshape : tuple of int
        Lengths of the filters, all odd.
    grid, dtype, name, compute : optional
        As of :class:`NonStationary`.

    Raises
    ------
    ValueError
        If filters are of even length, or the grid is not regular or outside of the input.
    """

    narrow = (True, True)

    def __init__(
        self,
        inp: object,
        hshape: Index,
        grid: Sequence[Sequence[int]],
        dtype: DTypeLike,
        name: str | None,
        compute: tuple[bool, bool],
    ) -> None:
        self.inp, self.hshape, self.grid = as_lazy_array(inp), hshape, tuple(map(tuple, grid))
        if self.inp.ndim != len(hshape):
            raise ValueError(f"inp must have {len(hshape)} axes, got shape {self.inp.shape}")
        counts = tuple(map(len, self.grid))
        check_filters(hshape, grid, self.inp.shape, counts)
        data = Space.of(self.inp.shape, dtype)
        super().__init__(
            domain=Space.of((*counts, *hshape), dtype), codomain=data, compute=compute, name=name
        )

    @property
    def inpdims(self) -> Index:
        """Shape of the input."""
        return tuple(self.inp.shape)

    def _matvec(self, x: da.Array) -> da.Array:
        kind = np.result_type(self.dtype, x.dtype)
        extended, inner = extend(self.inp, self.hshape)
        return _blocks(spray, extended, inner, self.grid, self.hshape, kind, x)

    def _rmatvec(self, y: da.Array) -> da.Array:
        kind = np.result_type(self.dtype, y.dtype)
        extended, inner = extend(y, self.hshape)
        inp = self.inp.rechunk(inner)
        n = inp.ndim
        data, model = tuple(range(n)), tuple(range(100, 100 + 2 * n))
        kernel = partial(_backward, grid=self.grid, hshape=self.hshape)
        # Chunks with their halos stand for the plain ones here: contract() goes by their numbers.
        aliased = da.Array(extended.dask, extended.name, inner, meta=meta_of(extended))
        operands = [(inp, data), (aliased, data), *_positions(inner)]
        sizes = dict(zip(model, self.dims, strict=True))
        return contract(kernel, operands, model, kind, sizes)


def check_filters(hshape: Index, grid: Sequence[Sequence[int]], dims: Index, counts: Index) -> None:
    """Raise a ValueError for filters of even length, or a grid that is irregular or outside of the model."""
    if any(n % 2 == 0 for n in hshape):
        raise ValueError(f"the filters hs must have odd length, got {hshape}")
    for ih, n, count in zip(grid, dims, counts, strict=True):
        regular(ih, n, count)


def extend(x: da.Array, hshape: Index) -> tuple[da.Array, tuple[Index, ...]]:
    """Chunks with the samples of neighbours that filters reach, and the chunks without these."""
    half = [n // 2 for n in hshape]
    inner = tuple(merge_short_chunks(c, h) for c, h in zip(x.chunks, half, strict=True))
    return overlap(x.rechunk(inner), {a: (h, h) for a, h in enumerate(half)}), inner


def _positions(chunks: tuple[Index, ...]) -> list[tuple[da.Array, Index]]:
    """The samples of each axis in chunks, which tell a block where it lies, and their index."""
    return [(da.from_array(np.arange(sum(c)), chunks=(c,)), (a,)) for a, c in enumerate(chunks)]


def _blocks(
    function: Callable[..., NDArray], x: da.Array, inner: tuple[Index, ...], grid: Sequence[Sequence[int]],
    hshape: Index, kind: DType, hs: da.Array | None = None,
) -> da.Array:  # fmt: skip
    """Apply a kernel to blocks with halos, together with filters where these are the model."""
    axes = tuple(range(x.ndim))
    model = () if hs is None else (hs.rechunk(-1), tuple(range(100, 100 + hs.ndim)))
    where = [item for pair in _positions(inner) for item in pair]
    kernel = partial(_placed, function=function, grid=grid, hshape=hshape, given=hs is None, kind=kind)
    y: da.Array = da.blockwise(
        kernel, axes, x, axes, *where, *model, concatenate=True, align_arrays=False,
        adjust_chunks=dict(enumerate(inner)), dtype=kind, meta=np.empty((0,) * x.ndim, kind),
    )  # fmt: skip
    return y


def _placed(
    block: Array,
    *others: Array,
    function: Callable[..., NDArray],
    grid: Sequence[Sequence[int]],
    hshape: Index,
    given: bool,
    kind: DType,
) -> Array:
    """Apply a kernel, and cut the halo off."""
    positions = others if given else others[:-1]
    starts, own = _place(positions, hshape)
    filters = {} if given else {"hs": others[-1]}
    return np.asarray(function(block, weights=_weights(block.shape, starts, grid), **filters)[own], kind)


def _place(positions: Sequence[Array], hshape: Index) -> tuple[list[int], tuple[slice, ...]]:
    """Where a block with its halo begins, and which of its samples are its own."""
    before = [n // 2 if p[0] > 0 else 0 for p, n in zip(positions, hshape, strict=True)]
    starts = [int(p[0]) - b for p, b in zip(positions, before, strict=True)]
    return starts, tuple(slice(b, b + p.size) for p, b in zip(positions, before, strict=True))


def _weights(shape: Index, starts: Sequence[int], grid: Sequence[Sequence[int]]) -> list[Array]:
    """The share that each node of the grid has in each sample of a block, along each axis."""
    return [
        interpolated(np.eye(len(ih)), np.arange(n) + start, ih)
        for n, start, ih in zip(shape, starts, grid, strict=True)
    ]


def _windows(shape: Index, hshape: Index) -> Any:
    """For each tap: its index, the samples it goes from and those it goes to."""
    for tap in np.ndindex(hshape):
        shifts = [k - n // 2 for k, n in zip(tap, hshape, strict=True)]
        source = tuple(slice(max(0, -s), min(n, n - s)) for s, n in zip(shifts, shape, strict=True))
        target = tuple(slice(max(0, s), min(n, n + s)) for s, n in zip(shifts, shape, strict=True))
        yield tap, source, target


def _filter(hs: Array, tap: Index, weights: list[Array]) -> Array:
    """One tap of the filters of all samples of a block."""
    index: Any = (Ellipsis, *tap)
    values: Array = hs[index]
    for a, w in enumerate(weights):
        values = np.moveaxis(np.tensordot(w, values, (1, a)), 0, a)
    return values


def spray(block: Array, hs: Array, weights: list[Array]) -> Array:
    """Convolve a block, where samples of its halo are complete only inside of it."""
    y = np.zeros(block.shape, np.result_type(block, hs))
    for tap, source, target in _windows(block.shape, hs.shape[len(weights) :]):
        y[target] += (block * _filter(hs, tap, weights))[source]
    return y


def collect(block: Array, hs: Array, weights: list[Array]) -> Array:
    """The adjoint of that."""
    x = np.zeros(block.shape, np.result_type(block, hs))
    for tap, source, target in _windows(block.shape, hs.shape[len(weights) :]):
        x[source] += _filter(hs, tap, weights).conj()[source] * block[target]
    return x


def _backward(inp: Array, y: Array, *positions: Array, grid: Sequence[Sequence[int]], hshape: Index) -> Array:
    """Contribution to the filters of a chunk of the input and one of the data with its halo."""
    starts, own = _place(positions, hshape)
    padded = np.zeros(y.shape, inp.dtype)
    padded[own] = inp.conj()
    weights = _weights(y.shape, starts, grid)
    hs = np.zeros((*map(len, grid), *hshape), np.result_type(inp, y))
    for tap, source, target in _windows(y.shape, hshape):
        product = np.zeros(y.shape, hs.dtype)
        product[source] = padded[source] * y[target]
        for a, w in enumerate(weights):
            product = np.moveaxis(np.tensordot(w, product, (0, a)), 0, a)
        hs[(Ellipsis, *tap)] = product
    return hs


def regular(ih: Sequence[int], n: int, count: int) -> None:
    """Raise a ValueError unless samples of ``count`` filters are regular and along an axis of ``n``."""
    if len(ih) != count or len(ih) < 2 or len(np.unique(np.diff(ih))) > 1:
        raise ValueError(f"the indices ih of the {count} filters must be regularly sampled, got {tuple(ih)}")
    if min(ih) < 0 or max(ih) >= n:
        raise ValueError(f"the indices ih of the filters must lie in an axis of {n} samples, got {tuple(ih)}")


def interpolated(filters: Array, samples: Array, ih: Sequence[int]) -> Array:
    """Filters of some samples, linearly between those given along the first axis, constant outside of them."""
    place = np.clip((samples - ih[0]) / (ih[1] - ih[0]), 0, len(ih) - 1)
    low = np.minimum(place.astype(int), len(ih) - 2)
    weight = (place - low).reshape(-1, *(1,) * (filters.ndim - 1))
    return np.asarray((1 - weight) * filters[low] + weight * filters[low + 1])
