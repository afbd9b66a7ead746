"""Operators that know the names and coordinates of their axes, and take and give :class:`xarray.DataArray`.

Labels are found by walking an operator's members, so that whatever is made of labelled operators is labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import dask.array as da
import numpy as np
import xarray as xr

from pylops_distributed.vectors.joint import join, split
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import (
    AnySpace,
    BlockVector,
    Space,
    Vector,
    arrays_of,
    flatten,
    reshape,
    unflatten,
)
from pylops_distributed.vectors.types import ArrayLike

# An array with labels, or one for each member, as stacks have them.
Labelled: TypeAlias = "xr.DataArray | tuple[Labelled, ...]"


@dataclass(frozen=True, eq=False)
class AxisLabels:
    """Names and coordinates of the axes of an array, and what it is called.

    Parameters
    ----------
    dims : tuple of str
        Name of each axis.
    shape : tuple of int
        Length of each axis.
    coords : mapping, optional
        Coordinates as :class:`xarray.Variable`, by name.
    name : str, optional
        Name of the array.
    attrs : mapping, optional
        Attributes, such as units.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    coords: Mapping[str, xr.Variable] = field(default_factory=dict)
    name: str | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Any, shape: tuple[int, ...]) -> AxisLabels:
        """Labels of an array of ``shape`` from names, coordinates by name, or a DataArray that has them.

        Raises
        ------
        ValueError
            If the names, or the coordinates, do not fit the shape.
        """
        if isinstance(labels, AxisLabels):
            converted = labels
        elif isinstance(labels, xr.DataArray):
            coords = {str(k): c.variable for k, c in labels.coords.items()}
            name = None if labels.name is None else str(labels.name)
            converted = cls(tuple(map(str, labels.dims)), labels.shape, coords, name, dict(labels.attrs))
        elif isinstance(labels, Mapping):
            coords = {k: xr.as_variable(v, k) if isinstance(v, xr.DataArray) else xr.Variable(k, np.asarray(v))
                      for k, v in labels.items() if v is not None}  # fmt: skip
            converted = cls(tuple(labels), shape, coords)
        else:
            converted = cls((labels,) if isinstance(labels, str) else tuple(labels), shape)
        sizes = dict(zip(converted.dims, shape, strict=False))
        wrong = [
            k for k, v in converted.coords.items() if any(sizes.get(str(d)) != n for d, n in v.sizes.items())
        ]
        if len(converted.dims) != len(shape) or converted.shape != shape or wrong:
            odd = f": see the coordinates {wrong}" if wrong else ""
            raise ValueError(f"the dimensions {converted.dims} do not label an array of shape {shape}{odd}")
        return converted

    def take(self, x: xr.DataArray) -> da.Array:
        """The samples of ``x``, its axes in order.

        Raises
        ------
        ValueError
            If it has other dimensions; :class:`xarray.AlignmentError` if other coordinates or sizes.
        """
        if set(x.dims) != set(self.dims):
            raise ValueError(f"expected the dimensions {self.dims}, got {x.dims} of {x.name!r}")
        x = x.transpose(*self.dims)
        self.check(AxisLabels.of(x, x.shape), repr(x.name))
        data: da.Array = of_one_kind(x.data)[0]
        return data

    def check(self, other: Any, owner: str) -> None:
        """Raise if the labels of ``owner`` differ: other dimensions, sizes, or coordinates along them."""
        if self.dims != other.dims:
            raise xr.AlignmentError(f"expected the dimensions {self.dims}, but {owner} has {other.dims}")
        for dim, n, m in zip(self.dims, self.shape, other.shape, strict=True):
            if n != m:
                raise xr.AlignmentError(f"expected {n} samples along {dim!r}, but {owner} has {m}")
            mine, its = self.coords.get(dim), other.coords.get(dim)
            if mine is not None and its is not None and not np.array_equal(mine.values, its.values):
                raise xr.AlignmentError(
                    f"coordinate {dim!r} is {_range(mine)}, but that of {owner} is {_range(its)}"
                )

    def dress(self, y: Vector, x: object) -> xr.DataArray:
        """An array with these labels; scalar coordinates, and the name if there is none here, are those of ``x``."""
        array = reshape(y, Space(self.shape, np.dtype(float)))
        template = x if isinstance(x, xr.DataArray) else xr.DataArray(0)
        scalars = {k: c.variable for k, c in template.coords.items() if c.ndim == 0 and k not in self.dims}
        name = template.name if self.name is None else self.name
        return xr.DataArray(array, {**scalars, **self.coords}, self.dims, name, dict(self.attrs))


@dataclass(frozen=True, eq=False)
class BlockLabels:
    """Labels of the members of a vector, as stacks have them; users see a tuple."""

    members: tuple[Side, ...]
    spaces: tuple[AnySpace, ...]

    def take(self, x: object) -> BlockVector:
        """The samples of a sequence of arrays."""
        if not isinstance(x, Sequence) or len(x) != len(self.members):
            raise ValueError(
                f"expected {len(self.members)} arrays, one for each member, got {type(x).__name__}"
            )
        parts = [_required(m, "a member").take(a) for m, a in zip(self.members, x, strict=True)]
        vectors = [reshape(p, s) for p, s in zip(parts, self.spaces, strict=True)]
        return join(vectors, np.result_type(*(a.dtype for v in vectors for a in arrays_of(v))))

    def check(self, other: Any, owner: str) -> None:
        """Raise if the labels of any member differ."""
        for mine, its in zip(self.members, getattr(other, "members", ()), strict=False):
            common_labels(mine, its, owner)

    def dress(self, y: Any, x: object) -> tuple[Labelled, ...]:
        """Arrays with the labels of the members."""
        vectors = zip(self.members, split(y, self.spaces), strict=True)
        return tuple(_required(m, "a member").dress(v, x) for m, v in vectors)


Side: TypeAlias = AxisLabels | BlockLabels | None


class HasLabels(Protocol):
    """The operator's attributes that are used here."""

    domain: AnySpace
    codomain: AnySpace
    compute: tuple[bool, bool]

    @property
    def dims(self) -> tuple[int, ...]:
        """Shape of the model."""

    @property
    def dimsd(self) -> tuple[int, ...]:
        """Shape of the data."""

    @property
    def labels(self) -> tuple[Side, Side]:
        """Labels of the operator's model and data."""

    def apply(self, x: Vector) -> Vector:
        """The forward."""

    def div(self, y: ArrayLike) -> ArrayLike:
        """The model whose forward is closest to ``y``."""


def label_sides(op: HasLabels, model: object, data: object) -> tuple[Side, Side]:
    """Labels of model and data; by default those of ``op``, or, where shapes agree, the other side's."""
    sides = [
        k if g is None else AxisLabels.of(g, s)
        for g, k, s in zip((model, data), op.labels, (op.dims, op.dimsd), strict=True)
    ]
    if op.dims == op.dimsd:
        first, second = sides
        if second is None and isinstance(first, AxisLabels):
            second = replace(first, name=None, attrs={})
        if first is None and isinstance(second, AxisLabels):
            first = replace(second, name=None, attrs={})
        sides = [first, second]
    return sides[0], sides[1]


def common_labels(mine: Side, its: Side, owner: str) -> Side:
    """The labels that two have in common; either may not be known."""
    if mine is None or its is None:
        return its if mine is None else mine
    if isinstance(mine, BlockLabels) or isinstance(its, AxisLabels):
        mine.check(its, owner)
    return mine


def _required(side: Side, owner: str) -> AxisLabels | BlockLabels:
    if side is None:
        raise ValueError(f"{owner} has no labels: give them with operator.labelled(model=..., data=...)")
    return side


def has_labels(x: object) -> bool:
    """Whether ``x`` is a DataArray, or several."""
    first = x[0] if isinstance(x, list | tuple) and x else x
    return (hasattr(first, "coords") and hasattr(first, "dims")) or (first is not x and has_labels(first))


def _reject_datasets(op: HasLabels, x: object) -> None:
    """Raise for a Dataset, which is several arrays."""
    if isinstance(x, xr.Dataset):
        names = [str(name) for name in x.data_vars]
        one = repr(names[0]) if names else "name"
        raise TypeError(
            f"{op!r} takes arrays, got a Dataset of {', '.join(names) or 'no arrays'}: "
            f"write operator @ dataset[{one}], or, for a stack, a tuple of its arrays"
        )


def apply_labelled(op: HasLabels, x: Any) -> Labelled:
    """The operator's forward of a DataArray, or of one for each member of its model; lazy."""
    _reject_datasets(op, x)
    model, data = op.labels
    labels, image = _required(model, f"the model of {op!r}"), _required(data, f"the data of {op!r}")
    y = image.dress(op.apply(reshape(labels.take(x), op.domain)), x)
    return _computed(y) if op.compute[0] else y


def solve_labelled(op: HasLabels, y: Any) -> Labelled:
    """The solution of ``op @ x = y`` for a DataArray, or for one for each member of the data; lazy."""
    _reject_datasets(op, y)
    model, data = op.labels
    labels, image = _required(data, f"the data of {op!r}"), _required(model, f"the model of {op!r}")
    x: Any = op.div(flatten(reshape(labels.take(y), op.codomain)))
    return image.dress(unflatten(x, op.domain), y)


def _computed(y: Labelled) -> Labelled:
    return tuple(map(_computed, y)) if isinstance(y, tuple) else y.compute()


def _range(v: xr.Variable) -> str:
    return f"{v.values[0]} to {v.values[-1]} ({v.size} samples)" if v.size else "empty"
