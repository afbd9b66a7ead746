"""The base class of every operator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

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
from pylops_distributed.linearoperator.pylops_style import apply_to_whole, sizes_of
from pylops_distributed.linearoperator.shown import as_table, in_one_line
from pylops_distributed.vectors.space import (
    AnySpace,
    BlockSpace,
    BlockVector,
    Space,
    Vector,
    flatten,
    reshape,
)

if TYPE_CHECKING:
    import pylops
    from numpy.typing import DTypeLike

_LOCAL = (
    "it is a distributed operator, which an operator of PyLops or SciPy took for an array; write "
    "aslinearoperator(local_operator) @ operator instead of local_operator @ operator, stack by the functions of "
    "pylops_distributed, or continue with NumPy by operator.topylops()"
)
# Attributes that local operators ask for, or that PyLops 1 had, and what to write.
ABSENT = {
    **dict.fromkeys(("ndim", "reshape", "ravel", "data"), _LOCAL),
    "Op": "operators of PyLops 1 had it; write operator instead of operator.Op",
}


class LinearOperator(Matrix):
    r"""A lazy linear map between spaces of chunked N-dimensional arrays.

    The surface is that of :class:`pylops.LinearOperator`: ``dims``, ``dimsd``, ``shape``, ``@``, ``*``, ``+``,
    ``.H``, ``/`` and so on. Applying an operator builds a Dask graph and computes nothing, unless ``compute``
    asks for it. An array shaped like ``dims`` becomes one shaped like ``dimsd``, a flat vector a flat vector; inside,
    arrays are never flattened.

    A new operator is a subclass with ``_matvec`` and ``_rmatvec``. With ``domain`` and ``codomain`` these take and
    return Dask arrays of the shapes of these spaces. With ``dims`` and ``dimsd``, or ``shape``, they are written as
    for PyLops, for flat NumPy vectors, and take a vector whole, in one task.

    Parameters
    ----------
    Op : LinearOperator, optional
        Operator to do the work, of this library, PyLops or SciPy; for a subclass without ``_matvec``.
    dtype : dtype, optional
        Type of the operator; by default the type that holds both spaces.
    shape : tuple of int, optional
        Number of data and of model samples.
    dims, dimsd : int or tuple of int, optional
        Shapes of the model and of the data.
    clinear : bool, optional
        Whether the operator is linear for complex scalars too; default True.
    explicit : bool, optional
        Whether the operator holds its matrix as ``A``; default False.
    forceflat : bool, optional
        Return flat vectors also for N-dimensional input.
    name : str, optional
        Name shown to people.
    domain, codomain : Space or BlockSpace, optional
        Where models and data live. Chunks pinned in the domain are restored on whatever comes in.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application and return NumPy arrays.

    Raises
    ------
    ValueError
        If nothing says how large the operator is, or ``shape`` is not that of ``dims`` and ``dimsd``.
    TypeError
        If there is neither ``_matvec`` nor ``Op``.

    Examples
    --------
    >>> import numpy as np, pylops_distributed as pld
    >>> class Twice(pld.LinearOperator):
    ...     def __init__(self, n):
    ...         super().__init__(dtype=float, dims=n, dimsd=n)
    ...
    ...     def _matvec(self, x):
    ...         return np.multiply(x, 2.0)
    ...
    ...     _rmatvec = _matvec
    >>> Twice(3) @ np.ones(3)
    array([2., 2., 2.])
    """

    # NumPy and Dask arrays must leave `array * operator` to us instead of broadcasting over it.
    __array_ufunc__ = None

    def __init__(
        self,
        Op: object = None,
        dtype: DTypeLike | None = None,
        shape: tuple[int, int] | None = None,
        dims: int | Iterable[int] | None = None,
        dimsd: int | Iterable[int] | None = None,
        clinear: bool | None = None,
        explicit: bool | None = None,
        forceflat: bool | None = None,
        name: str | None = None,
        *,
        domain: AnySpace | None = None,
        codomain: AnySpace | None = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if domain is None or codomain is None:
            if isinstance(Op, Space | BlockSpace):
                raise TypeError(f"{type(self).__name__}: give spaces by name, domain=... and codomain=...")
            inner = None if Op is None else aslinearoperator(Op)
            if inner is not None:
                vars(self)["Op"] = inner
                dtype, clinear = (
                    inner.dtype if dtype is None else dtype,
                    inner.clinear if clinear is None else clinear,
                )
                shape, dims, dimsd = shape or inner.shape, dims or inner.dims, dimsd or inner.dimsd
            elif type(self)._matvec is LinearOperator._matvec:
                raise TypeError(
                    f"{type(self).__name__} needs a method _matvec, or an operator Op that does the work"
                )
            model, data = sizes_of(type(self).__name__, shape, dims, dimsd)
            kind = np.dtype(np.float64 if dtype is None else dtype)
            domain, codomain = Space((prod(model),), kind), Space((prod(data),), kind)
            self.seen = (None if len(model) == 1 else model, None if len(data) == 1 else data)
            self.takes_vectors = inner is None
        super().__init__(
            domain, codomain, dtype=dtype, clinear=clinear is not False, explicit=bool(explicit), forceflat=forceflat,
            compute=compute, name=name,
        )  # fmt: skip

    def _matvec(self, x: Any) -> Vector:
        y: Vector = flatten(self.Op.apply(reshape(x, self.Op.domain)))
        return y

    def _rmatvec(self, y: Any) -> Vector:
        if "Op" not in vars(self):
            raise NotImplementedError(f"{type(self).__name__} needs a method _rmatvec for its adjoint")
        x: Vector = flatten(self.Op.apply_adjoint(reshape(y, self.Op.codomain)))
        return x

    def _function(self, way: int) -> Callable[[Vector], Vector]:
        # Arrays of Dask in the operator: its functions are written for them.
        if self.takes_vectors and not self.holds_dask:
            return partial(apply_to_whole, op=self, way=way)
        return super()._function(way)

    def __getattr__(self, name: str) -> Any:
        if name in ABSENT:
            raise AttributeError(f"{type(self).__name__} has no .{name}: {ABSENT[name]}", name=name, obj=self)
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return in_one_line(self)

    def _repr_html_(self) -> str:
        return as_table(self)

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


def aslinearoperator(Op: object, **lift: object) -> LinearOperator:
    """Return ``Op`` as a distributed operator, in the shapes that users see of it.

    Others than ours are taken as :class:`pylops_distributed.linearoperator.pylops_bridge.LocalOperator` says, with
    arguments ``lift``; a matrix, of NumPy, Dask or SciPy, becomes :class:`~pylops_distributed.MatrixMult`.
    """
    if isinstance(Op, LinearOperator):
        return Op if Op.seen == (None, None) else composed("seen", Op)
    if getattr(Op, "ndim", None) == 2 and not is_operator(Op):
        return composed("matrix", Op, dtype=getattr(Op, "dtype", None))
    if len(shape := getattr(Op, "shape", (0, 0))) != 2:
        raise TypeError(
            f"expected an operator or a matrix, got an array of shape {shape}: for weights of samples write "
            "pylops_distributed.Diagonal(array)"
        )
    return composed("from_pylops", Op, **lift)


def composed(kind: str, *args: object, **options: object) -> LinearOperator:
    """An operator made of others, of a kind that is bound late: its class builds on :class:`LinearOperator`."""
    composite: LinearOperator = late_bound(kind)(*args, **options)
    return composite
