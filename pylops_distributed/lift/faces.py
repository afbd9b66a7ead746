"""What tasks of chunks with halos do: one cuts a block's faces, another joins a block and others' faces, and works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np

from pylops_distributed.graphs import ELEMENTS

Array: TypeAlias = np.ndarray[Any, Any]
Kernel: TypeAlias = Callable[[Array], Array]
Depth: TypeAlias = Mapping[int, tuple[int, int]]
Step: TypeAlias = tuple[int, ...]  # -1, 0 or 1 along each axis: from a chunk to one of its neighbours
Widths: TypeAlias = tuple[tuple[int, int], ...]
Blend: TypeAlias = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Beside:
    """Another array that the tasks of a stencil take, such as weights of samples.

    Attributes
    ----------
    array : dask.array.Array
        Its first axis is one of its own; the others, if there are any, are those that the chunks are cut along.
    before : callable, optional
        Function of a block, or a part of one, and of what belongs to it of the array, without a look at other
        samples: what the kernel takes. It adds a first axis, as long as that of the array.
    after : callable, optional
        Function of what the kernel gives, after it is trimmed, and of what belongs to it of the array.
    """

    array: da.Array
    before: Blend | None = None
    after: Blend | None = None


def steps_of(widths: Widths, corners: bool) -> list[Step]:
    """To which neighbours a chunk looks."""
    sides = [(0, *(s for s, n in zip((-1, 1), pair, strict=True) if n)) for pair in widths]
    return [s for s in product(*sides) if sum(map(abs, s)) == 1 or (corners and any(s))]


def cut(
    block: Array,
    *beside: Array,
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
            (b,) = beside
            face = before(face, b[(slice(None), *index)[: b.ndim]])
        faces[s] = face.copy() if face.base is not None else face
    return faces


def _side(step: int, pair: tuple[int, int], n: int) -> slice:
    return slice(n - pair[0], n) if step < 0 else slice(0, pair[1] if step else n)


def _elements(
    shape: tuple[int, ...], steps: list[Step], widths: Widths, before: Blend | None = None, copies: int = 1
) -> int:
    sides = (map(_side, s, widths, shape) for s in steps)
    return copies * sum(prod(side.stop - side.start for side in face) for face in sides)


ELEMENTS[cut] = _elements


def work(
    block: Array,
    *others: Any,
    steps: tuple[Step, ...],
    widths: Widths,
    kernel: Kernel | None,
    before: Blend | None = None,
    after: Blend | None = None,
) -> Array:
    """Join a block and its neighbours' faces, apply the kernel and trim.

    ``others`` are the neighbours' faces and, where there is ``before`` or ``after``, the block beside.
    """
    cuts, beside = others[: len(steps)], others[len(steps) :]
    block = before(block, beside[0]) if before else block
    extended, core = joined(block, cuts, steps, widths)
    if kernel is None:
        return extended
    y = kernel(extended)
    more = y.ndim - len(widths)
    y = y[(slice(None),) * more + core[len(core) - len(widths) :][max(0, -more) :]] if steps else y
    return after(y, beside[0]) if after else y


def joined(
    block: Array, cuts: tuple[dict[Step, Array], ...], steps: tuple[Step, ...], widths: Widths
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
    for step, faces in zip(steps, cuts, strict=True):
        place = [
            slice(0, c.start) if s < 0 else slice(c.stop, None) if s else c
            for s, c in zip((*more, *step), core, strict=True)
        ]
        extended[tuple(place)] = faces[step]
    return extended, core
