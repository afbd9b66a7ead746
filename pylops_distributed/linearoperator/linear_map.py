"""Operators as maps: their spaces, and how they are applied to vectors, matrices and Blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from math import prod
from typing import Any, ClassVar, Self, TypeAlias
from uuid import uuid4

import dask.array as da
import numpy as np
from dask.base import normalize_token
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import meta_of
from pylops_distributed.config import get_ndarray_multiplication
from pylops_distributed.errors import ComputedTooEarlyError
from pylops_distributed.graph.batching import columns_to_matrix, matrix_to_columns, reshape_columns, vmap
from pylops_distributed.graph.lowering import current_operator, operator_scope
from pylops_distributed.graph.purity import guarded, is_foreign, note_application
from pylops_distributed.linearoperator.array_inputs import (
    apart,
    as_lazy,
    as_numpy,
    check_flat,
    check_matrix,
    lazily,
    reject_lazy_data_of_scipy,
    reject_unknown,
)
from pylops_distributed.linearoperator.numpy_plan import (
    COUNTS,
    MADE,
    apply_direct,
    apply_numpy,
    is_passing,
)
from pylops_distributed.linearoperator.old_calls import reject_old_call
from pylops_distributed.vectors.namespace import holds_dask, reject_masked
from pylops_distributed.vectors.space import (
    AnySpace,
    BlockSpace,
    BlockVector,
    Space,
    Vector,
    arrays_of,
    flatten,
    one_array,
    reshape,
    unflatten,
)
from pylops_distributed.vectors.types import DType, NDArray

Dims: TypeAlias = tuple[int, ...] | None
ArrayLike: TypeAlias = da.Array | NDArray


class Unmasked(ABC):  # noqa: B024
    """Base that rejects masked arrays; separate from `LinearMap`, whose signature people see."""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """A new operator; arrays with masks, which kernels ignore, are rejected for all operators of this library."""
        ours = cls.__module__.startswith("pylops_distributed.")
        if ours:
            reject_masked(*args, *kwargs.values())
            reject_old_call(cls, args, kwargs)
        new = super().__new__(cls)
        if ours and (args or kwargs):
            vars(new)["holds_dask"] = holds_dask(*args, *kwargs.values())
        return new


class LinearMap(Unmasked):
    """A lazy linear map between two spaces: what :class:`~pylops_distributed.LinearOperator` builds on.

    Parameters are those of :class:`~pylops_distributed.LinearOperator`.

    Attributes
    ----------
    matvec_count, rmatvec_count, matmat_count, rmatmat_count : int
        How often the forward and the adjoint of one vector, and of a matrix, have been built. A graph that was
        built once may run many times: solvers trace a step once, and repeat it.
    """

    # Memory of a task as a multiple of its inputs and its result: kernels make temporary arrays.
    workspace: float = 4.0
    named = False  # whether there are labels in it, which must agree
    # Whether forward and adjoint, as PyLops', give data of higher precision back in that of the operator.
    narrow: tuple[bool, bool] = (False, False)
    # Whether they have, as PyLops', the precision of the vector alone: data of single precision stay so where the type
    # of the operator was left alone.
    follows: tuple[bool, bool] = (False, False)
    # Type of the arrays that an operator holds, where theirs and not its own is that of the products with them.
    held: DType | None = None
    inplace = False  # whether a result may be, as PyLops', the vector itself, as far as NumPy's are concerned
    moves = False  # whether all that they do is to move and to add up samples, so that integers stay integers
    seen: tuple[Dims, Dims] = (None, None)  # shapes of model and data that users have set
    matvec_count = rmatvec_count = matmat_count = rmatmat_count = 0
    # Whether ``_matvec`` and ``_rmatvec`` take NumPy arrays as they are; where not, they are traced for them.
    takes_numpy: ClassVar[bool] = False
    # Whether they are those of a user's class in PyLops' style: functions of flat NumPy vectors.
    takes_vectors = False

    def __init__(
        self,
        domain: AnySpace,
        codomain: AnySpace,
        *,
        dtype: DTypeLike | None = None,
        clinear: bool = True,
        explicit: bool = False,
        forceflat: bool | None = None,
        compute: tuple[bool, bool] = (False, False),
        name: str | None = None,
    ) -> None:
        self.domain, self.codomain = domain, codomain
        self.dtype = np.dtype(np.result_type(domain.dtype, codomain.dtype) if dtype is None else dtype)
        self.clinear, self.explicit, self.forceflat = clinear, explicit, forceflat
        self.compute, self.name = compute, name

    @abstractmethod
    def _matvec(self, x: Any) -> Vector:
        """Forward of an array of the domain."""

    @abstractmethod
    def _rmatvec(self, y: Any) -> Vector:
        """Adjoint of an array of the codomain."""

    def _matmat(self, X: Any) -> Vector:
        """Forward of many arrays of the domain, side by side along a last axis."""
        return vmap(lambda x: self._function(0)(self._own(self.domain.fit(x))), X)

    def _rmatmat(self, Y: Any) -> Vector:
        """Adjoint of many arrays of the codomain, side by side along a last axis."""
        return vmap(lambda y: self._function(1)(self._own(self.codomain.fit(y))), Y)

    def _function(self, way: int) -> Callable[[Vector], Vector]:
        """The forward (``way`` 0) or the adjoint (1) of lazy vectors."""
        return (self._matvec, self._rmatvec)[way]

    @property
    def dims(self) -> tuple[int, ...]:
        """Shape of the model, which may be set to another of as many samples."""
        return self.seen[0] or self.domain.shape

    @dims.setter
    def dims(self, dims: int | Iterable[int]) -> None:
        self.seen = (_shape("dims", dims, self.domain), self.seen[1])

    @property
    def dimsd(self) -> tuple[int, ...]:
        """Shape of the data, which may be set to another of as many samples."""
        return self.seen[1] or self.codomain.shape

    @dimsd.setter
    def dimsd(self, dimsd: int | Iterable[int]) -> None:
        self.seen = (self.seen[0], _shape("dimsd", dimsd, self.codomain))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of data and of model samples: the shape of the matrix."""
        return self.codomain.size, self.domain.size

    def __dask_tokenize__(self) -> object:
        # By contents: Dask's own way, by pickle, returns another token for a copy from another process.
        return normalize_token((type(self), {k: v for k, v in vars(self).items() if not is_passing(k)}))

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in vars(self).items() if not k.startswith(MADE)}

    def __getattr__(self, name: str) -> Any:
        if name == "holds_dask":  # of an operator of a user's own, which says nothing
            members = (v for k, v in vars(self).items() if not is_passing(k))
            vars(self)["holds_dask"] = lazy = holds_dask(*members)
            return lazy
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def reset_count(self) -> None:
        """Set all counters to zero."""
        vars(self).update(dict.fromkeys(COUNTS, 0))

    def apply(self, x: Vector) -> Vector:
        """Forward in the operator's own layout: an array of ``dims``, or Blocks, in and out; always lazy."""
        self.matvec_count += 1
        if (direct := apply_direct(self, 0, x)) is not None:
            return direct
        if not holds_dask(x):
            if not self.holds_dask:
                note_application(self, None)
                y: Vector = apply_numpy(self, 0, self.domain.fit(x))
                return y
            x = lazily(x)
        return self._applied(self._function(0), self.domain.fit(x), x, 0)

    def apply_adjoint(self, y: Vector) -> Vector:
        """Adjoint in the operator's own layout: an array of ``dimsd``, or Blocks, in and out; always lazy."""
        self.rmatvec_count += 1
        if (direct := apply_direct(self, 1, y)) is not None:
            return direct
        if not holds_dask(y):
            if not self.holds_dask:
                note_application(self, None)
                x: Vector = apply_numpy(self, 1, self.codomain.fit(y))
                return x
            y = lazily(y)
        return self._applied(self._function(1), self.codomain.fit(y), None, 1)

    def _applied(
        self, function: Callable[[Vector], Vector], x: Vector, model: Vector | None, way: int
    ) -> Vector:
        """Result of ``function`` of a vector, which users' operators cannot write to."""
        if current_operator() is None:
            note_application(self, model)
        try:
            with operator_scope(self):
                y = function(self._own(x))
                check_result(self, y, (self.codomain, self.domain)[way], way)
                return self.cast_output(y, way)
        except ComputedTooEarlyError as error:
            raise (error if error.operator else ComputedTooEarlyError(repr(self))) from None

    def result_dtype(self, x: DType, way: int = 0, kind: DType | None = None) -> DType:
        """Type of the forward (``way`` 0) or adjoint (1) of vectors of type ``x``, in a space of type ``kind``."""
        kind = self.dtype if kind is None else kind
        if self.held is not None:
            return x if self.held == x else np.result_type(self.held, x)
        if not self.follows[way] or (x.kind not in "fc" and not self.moves):
            return x if kind == x else np.result_type(kind, x)
        return np.result_type(x, np.complex64) if kind.kind == "c" != x.kind else x

    def _own(self, x: Vector) -> Vector:
        """A vector that the operator cannot write to, where its code is a user's own."""
        return guarded(x) if is_foreign(type(self)) else x

    def cast_output(self, y: Vector, way: int) -> Vector:
        """Result of the forward (``way`` 0) or the adjoint (1), in the operator's precision where that is kept."""
        if not self.narrow[way] or self.dtype.char not in "fF":
            return y
        return y.map(_single) if isinstance(y, BlockVector) else _single(y)

    def matvec(self, x: ArrayLike) -> ArrayLike:
        """Forward of a flat vector of size ``shape[1]``, or of one column of shape ``(shape[1], 1)``."""
        reject_lazy_data_of_scipy()
        vector = self._array(x)
        check_flat(vector, self.shape[1])
        y = flatten(self.apply(unflatten(vector.ravel(), self.domain)))
        return compute_if(apart(y.reshape(-1, *x.shape[1:]), vector, self.inplace), self.compute[0])

    def rmatvec(self, x: ArrayLike) -> ArrayLike:
        """Adjoint of a flat vector of size ``shape[0]``, or of one column of shape ``(shape[0], 1)``."""
        reject_lazy_data_of_scipy()
        vector = self._array(x)
        check_flat(vector, self.shape[0])
        y = flatten(self.apply_adjoint(unflatten(vector.ravel(), self.codomain)))
        return compute_if(apart(y.reshape(-1, *x.shape[1:]), vector, self.inplace), self.compute[1])

    def _array(self, x: object) -> da.Array:
        """An array that came from outside: NumPy's as it is, unless there are Dask arrays in the operator."""
        array: Any = as_lazy(x) if isinstance(x, da.Array) or self.holds_dask else as_numpy(x)
        typed: da.Array = array
        return typed

    def matmat(self, X: ArrayLike) -> ArrayLike:
        """Forward of each column of a matrix of shape ``(shape[1], K)``, which may be chunked both ways.

        Parameters
        ----------
        X : array
            NumPy, Dask or SciPy sparse matrix. All columns of a chunk are worked on in the same tasks, as many
            as one vector takes: the more columns a chunk has, the fewer tasks, and the more memory for each.

        Returns
        -------
        dask.array.Array
            Matrix of shape ``(shape[0], K)`` with the chunks of ``X`` along its columns.

        Raises
        ------
        ValueError
            If ``X`` is not a matrix with ``shape[1]`` rows.
        """
        matrix = self._array(X)
        check_matrix(matrix, self.shape[1])
        self.matmat_count += 1
        if not holds_dask(matrix):
            return columns_of(self, 0, matrix)
        columns = matrix_to_columns(matrix, self.domain)
        return compute_if(columns_to_matrix(self.cast_output(self._matmat(columns), 0)), self.compute[0])

    def rmatmat(self, X: ArrayLike) -> ArrayLike:
        """Adjoint of each column of a matrix of shape ``(shape[0], K)``; see :meth:`matmat`."""
        matrix = self._array(X)
        check_matrix(matrix, self.shape[0])
        self.rmatmat_count += 1
        if not holds_dask(matrix):
            return columns_of(self, 1, matrix)
        columns = matrix_to_columns(matrix, self.codomain)
        return compute_if(columns_to_matrix(self.cast_output(self._rmatmat(columns), 1)), self.compute[1])

    def apply_array(self, x: object) -> ArrayLike:
        """Forward of a vector, an array shaped like ``dims``, or columns of these, laid out as it came.

        Raises
        ------
        ValueError
            If the shape does not fit, or is that of no vector or matrix while
            :func:`~pylops_distributed.disabled_ndarray_multiplication` says so.
        """
        x = self._array(x)
        nested = get_ndarray_multiplication()
        if not nested and (x.ndim > 2 or (x.ndim == 2 and x.shape[0] != self.shape[1])):
            raise ValueError(
                "an operator can only be applied to 1D vectors and to matrices here: allow more with "
                "set_ndarray_multiplication(True)"
            )
        flat = self.forceflat or not nested
        if x.shape == self.dims:
            y = self.apply(reshape(x, self.domain))
            y = flatten(y) if flat else one_array(reshape(y, Space(self.dimsd, self.dtype)))
            return compute_if(apart(y, x, self.inplace), self.compute[0])
        if x.ndim == 1:
            return self.matvec(x)
        if x.shape[:-1] == self.dims and not flat:
            return self._apply_columns_of_arrays(x)
        if x.ndim == 2:
            return self.matmat(x)
        reject_unknown(x.shape)
        raise ValueError(
            f"cannot apply {self!r} to an array of shape {x.shape}: expected {self.dims}, "
            f"({self.shape[1]},), ({self.shape[1]}, K) or {(*self.dims, 'K')}"
        )

    def _apply_columns_of_arrays(self, x: da.Array) -> ArrayLike:
        """Forward of arrays shaped like ``dims`` side by side along a last axis."""
        if not holds_dask(x) or isinstance(self.domain, BlockSpace) or isinstance(self.codomain, BlockSpace):
            return self.matmat(x.reshape(self.shape[1], x.shape[-1])).reshape((*self.dimsd, x.shape[-1]))
        self.matmat_count += 1
        y = self.cast_output(self._matmat(one_array(reshape_columns(x, self.domain))), 0)
        return compute_if(one_array(reshape_columns(y, Space(self.dimsd, self.dtype))), self.compute[0])


def compute_if(y: da.Array, compute: bool) -> ArrayLike:
    """``y``, or its values where they are asked for."""
    if not compute or isinstance(y, np.ndarray):
        return y
    # Under a new key: Dask's scheduler warns when it sees a key again that was fused otherwise.
    values: NDArray = y.map_blocks(_same, token=uuid4().hex, dtype=y.dtype, meta=meta_of(y)).compute()
    return values


def check_result(op: object, y: Any, space: AnySpace, way: int) -> None:
    """Raise an error if an operator returned no vector of ``space``: NumPy would broadcast it without a word.

    Raises
    ------
    TypeError
        If it is no array, and no BlockVector where one is expected.
    ValueError
        If its shape differs.
    """
    blocks = isinstance(space, BlockSpace)
    kind = BlockVector if blocks else da.Array
    expected = [s.shape for s in space.spaces] if isinstance(space, BlockSpace) else [space.shape]
    found = [a.shape for a in arrays_of(y)] if isinstance(y, kind) else [np.shape(y)]
    unknown = any(n != n for shape in found for n in shape)
    if isinstance(y, kind) and (found == expected or unknown):
        return
    raise (ValueError if isinstance(y, kind) else TypeError)(
        f"the {('forward', 'adjoint')[way]} of {op!r} returned {type(y).__name__} of shape "
        f"{', '.join(map(str, found))}: expected {kind.__name__} of shape {', '.join(map(str, expected))}"
    )


def _single(y: da.Array) -> da.Array:
    kind = np.complex64 if y.dtype.kind == "c" else np.float32
    return y if y.dtype == kind else y.astype(kind)


def _shape(name: str, dims: int | Iterable[int], space: AnySpace) -> Dims:
    """A shape that users shall see in place of that of a space: None if it is the same."""
    shape = tuple(int(n) for n in dims) if isinstance(dims, Iterable) else (int(dims),)
    if prod(shape) != space.size:
        raise ValueError(f"{name} {shape} must have the {space.size} samples of {space.shape}")
    return None if shape == space.shape else shape


def _same(block: NDArray) -> NDArray:
    return block


def columns_of(op: LinearMap, way: int, X: da.Array) -> NDArray:
    """Forward (``way`` 0) or adjoint (1) of each column of a NumPy matrix."""
    (space, image), apply = (op.domain, op.codomain)[:: (1, -1)[way]], (op.apply, op.apply_adjoint)[way]
    rows: Any = np.ascontiguousarray(X.T)
    counts = op.matvec_count, op.rmatvec_count
    columns = [np.asarray(flatten(apply(unflatten(x, space)))) for x in rows]
    op.matvec_count, op.rmatvec_count = counts  # which are of single vectors
    none = np.empty((image.size, 0), np.result_type(op.dtype, X.dtype))
    return np.stack(columns, axis=1) if columns else none
