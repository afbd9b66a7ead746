"""Arrays that a solve is given, as its vectors, and the model back as an array of their kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da

from pylops_distributed.linearoperator.array_inputs import reject_unknown
from pylops_distributed.linearoperator.labels import Side, has_labels
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.solver_inputs import copy_of_numpy
from pylops_distributed.vectors.namespace import holds_dask, of_one_kind
from pylops_distributed.vectors.space import AnySpace, BlockVector, Space, Vector, flatten, reshape


@dataclass(frozen=True, eq=False)
class SolveArrays:
    """Data and initial model in the operator's layout.

    Attributes
    ----------
    op : LinearOperator
        The operator.
    y, x0 : Vector, Vector or None
        Data and initial model.
    lazy : bool
        Whether anything is a Dask array, so that the model is one.
    flat : bool
        Whether the model is given flat.
    blocks : bool
        Whether the data are Blocks, so that the model is as the solver has it.
    template : object
        Labelled data, from which the model takes its scalar coordinates; None where there are no labels.
    """

    op: LinearOperator
    y: Vector
    x0: Vector | None
    lazy: bool
    flat: bool
    blocks: bool
    template: Any = None

    @classmethod
    def of(cls, op: LinearOperator, y: object, x0: object, solver: object) -> SolveArrays:
        """Take what users give.

        Raises
        ------
        ValueError
            If a shape does not fit; it names the shapes that do.
        """
        data = _vector("data y", y, op.labels[1], op.dimsd, op.codomain)
        start = None
        if x0 is not None:
            start = copy_of_numpy(_vector("initial model x0", x0, op.labels[0], op.dims, op.domain))
        lazy = holds_dask(data, start, op, *getattr(solver, "__dict__", {}).values())
        flat = bool(op.forceflat) or (getattr(x0, "ndim", None) == 1 and not has_labels(x0))
        labelled = has_labels(y) and op.labels[0] is not None
        return cls(op, data, start, lazy, flat, isinstance(y, BlockVector), y if labelled else None)

    def as_given(self, x: Vector) -> object:
        """A model of the kind, the layout and with the labels of the data."""
        if not self.lazy and holds_dask(x):
            (x,) = dask.compute(x)
        labels = self.op.labels[0]
        if self.template is not None and labels is not None:
            return labels.dress(x, self.template)
        if self.flat:
            return flatten(x)
        if self.blocks:
            return x
        return reshape(x, Space(self.op.dims, self.op.dtype))


def _vector(name: str, x: object, labels: Side, shape: tuple[int, ...], space: AnySpace) -> Vector:
    if has_labels(x):
        computed = not _is_lazy(x)
        labelled: Any = x
        x = labelled.data if labels is None else labels.take(labelled)
        if computed:
            (x,) = dask.compute(x)
    if isinstance(x, BlockVector):
        return reshape(x, space)
    (array,) = of_one_kind(x)
    vector: da.Array = array
    reject_unknown(vector.shape)
    if vector.shape not in {shape, (space.size,), getattr(space, "shape", shape)}:
        flat = "" if shape == (space.size,) else f" or, flat, ({space.size},)"
        raise ValueError(f"the {name} must have the shape {shape}{flat}, got {vector.shape}")
    return reshape(vector, space)


def _is_lazy(x: object) -> bool:
    """Whether a labelled array, or one of several, has chunks."""
    return any(map(_is_lazy, x)) if isinstance(x, list | tuple) else getattr(x, "chunks", None) is not None
