"""Halo exchange: a task cuts a block's faces, another joins a block with its neighbours' faces for a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.compat.malloc import retain_scratch_memory
from pylops_distributed.graph.lowering import OUTPUT_SIZE_RULES
from pylops_distributed.vectors.types import NDArray

Array: TypeAlias = NDArray
Kernel: TypeAlias = Callable[[Array], Array]
Depth: TypeAlias = Mapping[int, tuple[int, int]]
Step: TypeAlias = tuple[int, ...]  # -1, 0 or 1 along each axis: from a chunk to one of its neighbours
Widths: TypeAlias = tuple[tuple[int, int], ...]
Blend: TypeAlias = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class CoOperand:
    """Another array that the tasks of a stencil take, such as weights of samples.

    Attributes
    ----------
    array : dask.array.Array
        Its first axis is independent; the others, if there are any, are those that the chunks are cut along.
    before : callable, optional
        Function of a block, or a part of one, and of what belongs to it of the array, without a look at other
        samples: what the kernel takes. It adds a first axis, as long as that of the array.
    after : callable, optional
        Function of the kernel's trimmed result and of the part of the array that belongs to it.
    """

    array: da.Array
    before: Blend | None = None
    after: Blend | None = None


def steps_of(widths: Widths, corners: bool) -> list[Step]:
    """To which neighbours a chunk looks."""
    sides = [(0, *(s for s, n in zip((-1, 1), pair, strict=True) if n)) for pair in widths]
    return [s for s in product(*sides) if sum(map(abs, s)) == 1 or (corners and any(s))]


def extract_halos(
    block: Array,
    *co_operand: Array,
    steps: list[Step],
    widths: Widths,
    before: Blend | None = None,
    copies: int = 1,
) -> dict[Step, Array]:
    """Copies of the faces of a block that the chunks from which ``steps`` lead here will want."""
    faces = {}
    for s in steps:
        index = tuple(map(_side, s, widths, block.shape))
        face = block[index]
        if before is not None:
            (b,) = co_operand
            face = before(face, b[(slice(None), *index)[: b.ndim]])
        faces[s] = face.copy() if face.base is not None else face
    return faces


def _side(step: int, pair: tuple[int, int], n: int) -> slice:
    return slice(n - pair[0], n) if step < 0 else slice(0, pair[1] if step else n)


def _elements(
    shape: tuple[int, ...], steps: list[Step], widths: Widths, before: Blend | None = None, copies: int = 1
) -> int:
    sides = (map(_side, s, widths, shape) for s in steps)
    return copies * sum(int(prod(side.stop - side.start for side in face)) for face in sides)


OUTPUT_SIZE_RULES[extract_halos] = _elements


def apply_with_halo(
    block: Array,
    *others: Any,
    steps: tuple[Step, ...],
    widths: Widths,
    kernel: Kernel | None,
    before: Blend | None = None,
    after: Blend | None = None,
    pieces: CacheBlocking | None = None,
) -> Array:
    """Join a block and its neighbours' faces, apply the kernel and trim.

    ``others`` are the neighbours' faces and, where there is ``before`` or ``after``, the co-operand's block. With
    ``pieces`` the kernel works on some rows at a time.
    """
    faces = [cuts[s] for cuts, s in zip(others, steps, strict=False)]
    co_operand = others[len(steps) :]
    block = before(block, co_operand[0]) if before else block
    if kernel is None:
        return pad_with_halos(block, faces, steps, widths)[0]
    if pieces is not None and block.nbytes > pieces.nbytes:
        return apply_cache_blocked(block, faces, steps, widths, kernel, pieces)
    extended, core = pad_with_halos(block, faces, steps, widths)
    y = trim_halo(kernel(extended), core, len(widths)) if steps else kernel(extended)
    return after(y, co_operand[0]) if after else y


def trim_halo(y: Array, core: tuple[slice, ...], ndim: int) -> Array:
    """The block's part of a kernel's result, which may have one axis more or less in front."""
    more = y.ndim - ndim
    return y[(slice(None),) * more + core[len(core) - ndim :][max(0, -more) :]]


def pad_with_halos(
    block: Array, faces: Sequence[Array], steps: Sequence[Step], widths: Widths
) -> tuple[Array, tuple[slice, ...]]:
    """A block between its neighbours' faces, and where in it the block is; an axis before has no faces."""
    low = [pair[0] if any(s[a] < 0 for s in steps) else 0 for a, pair in enumerate(widths)]
    high = [pair[1] if any(s[a] > 0 for s in steps) else 0 for a, pair in enumerate(widths)]
    more = (0,) * (block.ndim - len(widths))
    core = tuple(slice(b, b + n) for b, n in zip((*more, *low), block.shape, strict=True))
    if not steps:
        return block, core
    shape = tuple(map(sum, zip((*more, *low), block.shape, (*more, *high), strict=True)))
    full = len(steps) + 1 == np.prod([1 + (b > 0) + (a > 0) for b, a in zip(low, high, strict=True)])
    extended = (np.empty if full else np.zeros)(shape, block.dtype)
    extended[core] = block
    for step, face in zip(steps, faces, strict=True):
        place = [
            slice(0, c.start) if s < 0 else slice(c.stop, None) if s else c
            for s, c in zip((*more, *step), core, strict=True)
        ]
        extended[tuple(place)] = face
    return extended, core


@dataclass(frozen=True)
class CacheBlocking:
    """How a kernel may be applied to some rows of a block at a time.

    Attributes
    ----------
    reaches : tuple of (int, int)
        For each axis of a block, how many samples before and after one the kernel's result for it depends on.
    first : int
        The first axis that may be cut.
    nbytes : int
        Bytes of a block to take at a time.
    """

    reaches: Widths
    first: int
    nbytes: int

    def along(self, block: Array) -> tuple[int, list[int]]:
        """An axis, and where along it pieces begin and the last one ends: as many rows as fit the cache.

        Of all axes but the last, whose samples lie side by side, it is the one with the least to do twice.
        """
        sizes = {
            a: max(1, self.nbytes * block.shape[a] // max(1, block.nbytes))
            for a in range(self.first, block.ndim - 1)
        }
        axis = min(sizes, key=lambda a: sum(self.reaches[a]) / sizes[a])
        reach = self.reaches[axis]
        count = max(1, block.shape[axis] // max(sizes[axis], *reach, 4 * sum(reach)))
        return axis, [block.shape[axis] * i // count for i in range(count + 1)]


def apply_cache_blocked(
    block: Array,
    faces: Sequence[Array],
    steps: Sequence[Step],
    widths: Widths,
    kernel: Kernel,
    pieces: CacheBlocking,
) -> Array:
    """Result of :func:`apply_with_halo`, some rows at a time, so that temporary arrays stay in the cache."""
    retain_scratch_memory()
    axis, ends = pieces.along(block)
    reach, rows = pieces.reaches[axis], block.shape[axis]
    low = widths[axis][0] if any(s[axis] < 0 for s in steps) else 0
    high = widths[axis][1] if any(s[axis] > 0 for s in steps) else 0
    out: Array | None = None
    for start, stop in pairwise(ends):
        first, last = max(start - reach[0], -low), min(stop + reach[1], rows + high)
        inner = slice(max(first, 0), min(last, rows))
        # These rows by source: those before the block, in it, and after it.
        taken = {-1: slice(low + first, low), 0: inner, 1: slice(0, last - rows)}
        kept = [
            (f, s) for f, s in zip(faces, steps, strict=True) if (first < 0, True, last > rows)[s[axis] + 1]
        ]
        parts = [f[(slice(None),) * axis + (taken[s[axis]],)] for f, s in kept]
        around = (*widths[:axis], (max(0, -first), max(0, last - rows)), *widths[axis + 1 :])
        extended, core = pad_with_halos(
            block[(slice(None),) * axis + (inner,)], parts, [s for _, s in kept], around
        )
        here = (*core[:axis], slice(start - first, stop - first), *core[axis + 1 :])
        y = trim_halo(kernel(extended), here, len(widths))
        place = axis + y.ndim - block.ndim
        if out is None:
            out = np.empty((*y.shape[:place], rows, *y.shape[place + 1 :]), y.dtype)
        out[(slice(None),) * place + (slice(start, stop),)] = y
    assert out is not None
    return out
