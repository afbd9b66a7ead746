"""The base class of every operator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from pylops_distributed.linearoperator.labels import (
    Side,
    apply_labelled,
    has_labels,
    label_sides,
    solve_labelled,
)
from pylops_distributed.linearoperator.late_binding import late_bound
from pylops_distributed.linearoperator.matrix import Matrix
from pylops_distributed.vectors.space import BlockVector

if TYPE_CHECKING:
    import pylops


class LinearOperator(Matrix):
    r"""A lazy linear map between spaces of chunked N-dimensional arrays.

    The surface is that of :class:`pylops.LinearOperator`: ``dims``, ``dimsd``, ``shape``, ``@``, ``*``, ``+``,
    ``.H``, ``/`` and so on. Applying an operator builds a Dask graph and computes nothing, unless ``compute``
    asks for it. An array shaped like ``dims`` becomes one shaped like ``dimsd``, a flat vector a flat vector; inside,
    arrays are never flattened.

    A new operator is a subclass with ``_matvec`` and ``_rmatvec``.

    Parameters
    ----------
    domain, codomain : Space or BlockSpace
        Where models and data live. Chunks pinned in the domain are restored on whatever comes in.
    dtype : dtype, optional
        Type of the operator; by default the type that holds both spaces.
    clinear : bool, optional
        Whether the operator is linear for complex scalars too.
    explicit : bool, optional
        Whether the operator holds its matrix as ``A``.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application and return NumPy arrays.
    name : str, optional
        Name shown to people.
    """

    # NumPy and Dask arrays must leave `array * operator` to us instead of broadcasting over it.
    __array_ufunc__ = None

    def _raise_for_numpy(self, *_: object) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} is a distributed operator: write aslinearoperator(local_operator) @ operator "
            "instead of local_operator @ operator, or operator.topylops() to continue with NumPy"
        )

    # PyLops asks for these when a local operator meets this one on its right, and would continue eagerly.
    ndim, reshape, ravel = property(_raise_for_numpy), _raise_for_numpy, _raise_for_numpy

    def __repr__(self) -> str:
        pinned = getattr(self.domain, "chunks", None)
        chunks = "" if pinned is None else f", chunks={pinned}"
        return f"<{self.shape[0]}x{self.shape[1]} {type(self).__name__} with dtype={self.dtype}{chunks}>"

    # -- application ---------------------------------------------------------------------------------------

    def dot(self, x: Any) -> Any:
        """Multiply with an operator, a scalar, a vector, an array shaped like ``dims``, or columns of these.

        Arrays that are neither vectors nor matrices are rejected under
        :func:`~pylops_distributed.disabled_ndarray_multiplication`.
        """
        if is_operator(x):
            return composed("product", aslinearoperator(self), aslinearoperator(x))
        if np.isscalar(x):
            return composed("scaled", aslinearoperator(self), x)
        if isinstance(x, BlockVector):
            return self.apply(x)
        return apply_labelled(self, x) if has_labels(x) else self.apply_array(x)

    @property
    def labels(self) -> tuple[Side, Side]:
        """Labels of model and data, from those of the members; None where they are not known."""
        return None, None

    # -- algebra -------------------------------------------------------------------------------------------

    def adjoint(self) -> LinearOperator:
        """The adjoint operator, also ``.H``."""
        return composed("adjoint", aslinearoperator(self))

    def transpose(self) -> LinearOperator:
        """The transposed operator, also ``.T``."""
        return composed("conj", self.H)

    def conj(self) -> LinearOperator:
        """The complex conjugate operator."""
        return composed("conj", aslinearoperator(self))

    @property
    def H(self) -> LinearOperator:
        """The adjoint operator."""
        return self.adjoint()

    @property
    def T(self) -> LinearOperator:
        """The transposed operator."""
        return self.transpose()

    def topylops(self) -> pylops.LinearOperator:
        """A local :class:`pylops.LinearOperator` on NumPy arrays that computes through this operator."""
        local: pylops.LinearOperator = late_bound("to_pylops")(self)
        return local

    def apply_columns(self, cols: Sequence[int]) -> LinearOperator:
        """The operator of some columns alone.

        Parameters
        ----------
        cols : sequence of int
            Columns, in any order.

        Returns
        -------
        LinearOperator
            Operator from vectors of length ``len(cols)``. Unless the operator is ``explicit``, it goes through
            the whole operator.
        """
        return composed("columns", aslinearoperator(self), cols)

    def toreal(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that returns the real part of this one's result, forward (``forw``) and adjoint (``adj``)."""
        return composed("part", aslinearoperator(self), "real", forw, adj)

    def toimag(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that returns the imaginary part: of the forward, and, with its sign turned, of the adjoint."""
        return composed("part", aslinearoperator(self), "imag", forw, adj)

    def labelled(self, model: object = None, data: object = None) -> LinearOperator:
        """This operator with names and coordinates of the axes of its model and data.

        It takes and returns :class:`xarray.DataArray`, lazily; so do its adjoint, and products, sums and stacks
        with it. The vectors of stacks are tuples of arrays. Other arrays are taken as before.

        Parameters
        ----------
        model, data : optional
            Names of the axes; or coordinates, or None, by name; or a DataArray to take dimensions, coordinates,
            name and attributes from. By default the labels of the operator's members, or else, where model and data
            have one shape, those of the other side.

        Raises
        ------
        ValueError
            If labels do not fit the shape, and, from composed operators, if dimensions or coordinates do not match: it
            names them.

        Examples
        --------
        >>> import numpy as np, xarray as xr
        >>> from pylops_distributed import FirstDerivative
        >>> x = xr.DataArray(np.ones((3, 4)), {"t": [0, 4, 8, 12]}, ("x", "t"), "velocity")
        >>> slope = FirstDerivative((3, 4), axis=1).labelled(x) @ x
        >>> slope.dims, slope.t.values.tolist()
        (('x', 't'), [0, 4, 8, 12])
        """
        return composed("labelled", self, *label_sides(self, model, data))

    # -- operators of Python -------------------------------------------------------------------------------

    def __mul__(self, x: object) -> Any:
        return self.dot(x)

    def __matmul__(self, x: object) -> Any:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.dot(x)

    def __rmul__(self, x: object) -> LinearOperator:
        if is_operator(x):
            return composed("product", aslinearoperator(x), aslinearoperator(self))
        return composed("scaled", aslinearoperator(self), x) if np.isscalar(x) else NotImplemented

    def __rmatmul__(self, x: object) -> LinearOperator:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.__rmul__(x)

    def __add__(self, x: object) -> LinearOperator:
        return (
            composed("sum", aslinearoperator(self), aslinearoperator(x)) if is_operator(x) else NotImplemented
        )

    __radd__ = __add__

    def __neg__(self) -> LinearOperator:
        return composed("scaled", aslinearoperator(self), -1)

    def __sub__(self, x: LinearOperator | pylops.LinearOperator) -> LinearOperator:
        return self + (-x)

    def __rsub__(self, x: object) -> LinearOperator:
        return -self + x

    def __pow__(self, p: object) -> LinearOperator:
        return composed("power", aslinearoperator(self), p) if np.isscalar(p) else NotImplemented

    def __truediv__(self, y: Any) -> Any:
        return solve_labelled(self, y) if has_labels(y) else self.div(y)


def is_operator(x: object) -> bool:
    """Whether ``x`` is a linear operator of this library, of PyLops or of SciPy."""
    # What has not been imported has no instances: neither package is loaded to find out.
    others = (sys.modules.get("pylops"), sys.modules.get("scipy.sparse.linalg"))
    kinds = tuple(kind for module in others if (kind := getattr(module, "LinearOperator", None)) is not None)
    return isinstance(x, (LinearOperator, *kinds))


def aslinearoperator(op: object, **lift: object) -> LinearOperator:
    """Return ``op`` as a distributed operator, in the shapes that users see of it.

    Others than ours are taken as :class:`pylops_distributed.linearoperator.pylops_bridge.LocalOperator` says, with
    arguments ``lift``.
    """
    if isinstance(op, LinearOperator):
        return op if op.seen == (None, None) else composed("seen", op)
    return composed("from_pylops", op, **lift)


def composed(kind: str, *args: object, **options: object) -> LinearOperator:
    """An operator made of others, of a kind that is bound late: its class builds on :class:`LinearOperator`."""
    composite: LinearOperator = late_bound(kind)(*args, **options)
    return composite
