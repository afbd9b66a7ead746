"""The base class of every operator, and the algebra that combines operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import pylops
import scipy.sparse.linalg as spla

from pylops_distributed.application import ArrayLike, check_flat, finish, lazy
from pylops_distributed.columns import recast
from pylops_distributed.config import get_ndarray_multiplication
from pylops_distributed.matrix import Matrix
from pylops_distributed.space import Blocks, BlockSpace, Space, flatten, reshape, unflatten


class LinearOperator(Matrix):
    r"""A lazy linear map between spaces of chunked N-dimensional arrays.

    The surface is that of :class:`pylops.LinearOperator`: ``dims``, ``dimsd``, ``shape``, ``@``, ``*``, ``+``,
    ``.H``, ``/`` and so on. Applying an operator builds a Dask graph and computes nothing, unless ``compute``
    asks for it. An array shaped like ``dims`` gives one shaped like ``dimsd``, a flat vector gives a flat
    vector; inside, arrays are never flattened.

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

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__} is a distributed operator: write aslinearoperator(local_operator) @ operator "
            "instead of local_operator @ operator, or operator.topylops() to go on with NumPy"
        )

    # PyLops asks for these when a local operator meets this one on its right, and would go on eagerly.
    ndim, reshape, ravel = property(_refuse), _refuse, _refuse

    def __repr__(self) -> str:
        pinned = getattr(self.domain, "chunks", None)
        chunks = "" if pinned is None else f", chunks={pinned}"
        return f"<{self.shape[0]}x{self.shape[1]} {type(self).__name__} with dtype={self.dtype}{chunks}>"

    # -- application ---------------------------------------------------------------------------------------

    def dot(self, x: Any) -> Any:
        """Multiply with an operator, a scalar, a vector, an array shaped like ``dims``, or columns of these.

        Arrays that are neither vectors nor matrices are refused while
        :func:`~pylops_distributed.disabled_ndarray_multiplication` says so.
        """
        if is_operator(x):
            return _algebra().ProductOperator(aslinearoperator(self), aslinearoperator(x))
        if np.isscalar(x):
            return _algebra().ScaledOperator(aslinearoperator(self), x)
        if isinstance(x, Blocks):
            return self.apply(x)
        if _has_labels(x):
            return _labelled().apply(self, x)
        x = lazy(x)
        nested = get_ndarray_multiplication()
        if not nested and (x.ndim > 2 or (x.ndim == 2 and x.shape[0] != self.shape[1])):
            raise ValueError(
                "an operator can only be applied to 1D vectors and to matrices here: allow more with "
                "set_ndarray_multiplication(True)"
            )
        flat = self.forceflat or not nested
        if x.shape == self.dims:
            y = self.apply(reshape(x, self.domain))
            return finish(flatten(y) if flat else reshape(y, Space(self.dimsd, self.dtype)), self.compute[0])
        if x.ndim == 1:
            return self.matvec(x)
        if x.shape[:-1] == self.dims and not flat:
            return self._dot_columns(x)
        if x.ndim == 2:
            return self.matmat(x)
        raise ValueError(
            f"cannot apply {self!r} to an array of shape {x.shape}: expected {self.dims}, "
            f"({self.shape[1]},), ({self.shape[1]}, K) or {(*self.dims, 'K')}"
        )

    def _dot_columns(self, x: da.Array) -> Any:
        """Forward of arrays shaped like ``dims`` side by side along a last axis."""
        if isinstance(self.domain, BlockSpace) or isinstance(self.codomain, BlockSpace):
            return self.matmat(x.reshape(-1, x.shape[-1])).reshape((*self.dimsd, x.shape[-1]))
        self.matmat_count += 1
        y = self.narrowed(self._matmat(recast(x, self.domain)), 0)
        return finish(recast(y, Space(self.dimsd, self.dtype)), self.compute[0])

    # -- solving -------------------------------------------------------------------------------------------

    def div(self, y: ArrayLike, niter: int = 100, densesolver: str = "scipy") -> Any:
        """Least-squares solution of ``operator @ x = y``, as one lazy graph of at most ``niter`` steps of LSQR.

        The steps are those of PyLops' division: SciPy's LSQR with tolerances of 1e-8.

        Parameters
        ----------
        y : array
            Data, flat or shaped like ``dimsd``.
        niter : int, optional
            Number of steps; steps past convergence change nothing, but still apply the operator.
        densesolver : str, optional
            Taken for compatibility.

        Returns
        -------
        dask.array.Array
            Model, flat or shaped like ``dims``.
        """
        from pylops_distributed.optimization.scipyrules import ScipyLSQR  # solvers build on operators
        from pylops_distributed.optimization.solver import unroll

        data = lazy(y)
        solver: Any = ScipyLSQR(niter, atol=1e-8, btol=1e-8)
        if data.shape == self.dimsd and (data.ndim > 1 or isinstance(self.codomain, Space)):
            x: Any = unroll(solver, self, reshape(data, self.codomain), niter).x
            return reshape(x, Space(self.dims, self.dtype))
        check_flat(data, self.shape[0])
        return flatten(unroll(solver, self, unflatten(data, self.codomain), niter).x)

    # -- algebra -------------------------------------------------------------------------------------------

    def adjoint(self) -> LinearOperator:
        """The adjoint operator, also ``.H``."""
        made: LinearOperator = _algebra().AdjointOperator(aslinearoperator(self))
        return made

    def transpose(self) -> LinearOperator:
        """The transposed operator, also ``.T``."""
        made: LinearOperator = _algebra().ConjOperator(self.H)
        return made

    def conj(self) -> LinearOperator:
        """The complex conjugate operator."""
        made: LinearOperator = _algebra().ConjOperator(aslinearoperator(self))
        return made

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
        from pylops_distributed.local import ComputingOperator  # the bridge builds on this class

        return ComputingOperator(self)

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
        made: LinearOperator = _algebra().some_columns(aslinearoperator(self), cols)
        return made

    def toreal(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that gives the real part of what this one gives, forward (``forw``) and adjoint (``adj``)."""
        made: LinearOperator = _algebra().PartOperator(aslinearoperator(self), "real", forw, adj)
        return made

    def toimag(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that gives the imaginary part: of the forward, and, with its sign turned, of the adjoint."""
        made: LinearOperator = _algebra().PartOperator(aslinearoperator(self), "imag", forw, adj)
        return made

    def labelled(self, model: Any = None, data: Any = None) -> LinearOperator:
        """This operator with names and coordinates of the axes of its model and data.

        It takes and gives :class:`xarray.DataArray`, lazily; so do its adjoint, and products, sums and stacks
        with it. The vectors of stacks are tuples of arrays. Other arrays are taken as before.

        Parameters
        ----------
        model, data : optional
            Names of the axes; or coordinates, or None, by name; or a DataArray to take dimensions, coordinates,
            name and attributes from. By default what is known of the operator's members, or else, where model
            and data have one shape, those of the other side.

        Raises
        ------
        ValueError
            If labels do not fit the shape, and, from what is made of the operator, if dimensions or coordinates
            do not match: it names them.

        Examples
        --------
        >>> import numpy as np, xarray as xr
        >>> from pylops_distributed import FirstDerivative
        >>> x = xr.DataArray(np.ones((3, 4)), {"t": [0, 4, 8, 12]}, ("x", "t"), "velocity")
        >>> slope = FirstDerivative((3, 4), axis=1).labelled(x) @ x
        >>> slope.dims, slope.t.values.tolist()
        (('x', 't'), [0, 4, 8, 12])
        """
        made: LinearOperator = _labelled().label(self, model, data)
        return made

    # -- operators of Python -------------------------------------------------------------------------------

    def __mul__(self, x: Any) -> Any:
        return self.dot(x)

    def __matmul__(self, x: Any) -> Any:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.dot(x)

    def __rmul__(self, x: Any) -> Any:
        if is_operator(x):
            return _algebra().ProductOperator(aslinearoperator(x), aslinearoperator(self))
        return _algebra().ScaledOperator(aslinearoperator(self), x) if np.isscalar(x) else NotImplemented

    def __rmatmul__(self, x: Any) -> Any:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.__rmul__(x)

    def __add__(self, x: Any) -> Any:
        return (
            _algebra().SumOperator(aslinearoperator(self), aslinearoperator(x))
            if is_operator(x)
            else NotImplemented
        )

    __radd__ = __add__

    def __neg__(self) -> LinearOperator:
        made: LinearOperator = _algebra().ScaledOperator(aslinearoperator(self), -1)
        return made

    def __sub__(self, x: Any) -> Any:
        return self + (-x)

    def __rsub__(self, x: Any) -> Any:
        return -self + x

    def __pow__(self, p: Any) -> Any:
        return _algebra().PowerOperator(aslinearoperator(self), p) if np.isscalar(p) else NotImplemented

    def __truediv__(self, y: Any) -> Any:
        return _labelled().divide(self, y) if _has_labels(y) else self.div(y)


def is_operator(x: Any) -> bool:
    """Whether ``x`` is a linear operator of this library, of PyLops or of SciPy."""
    return isinstance(x, LinearOperator | pylops.LinearOperator | spla.LinearOperator)


def aslinearoperator(op: Any, **lift: Any) -> LinearOperator:
    """Return ``op`` as a distributed operator, in the shapes that users see of it.

    Others than ours are taken as :class:`pylops_distributed.local.LocalOperator` says, with arguments ``lift``.
    """
    if isinstance(op, LinearOperator):
        return op if op.seen == (None, None) else _algebra().SeenOperator(op)
    from pylops_distributed.local import LocalOperator  # the bridge builds on this class

    return LocalOperator(op, **lift)


def check_labels(op: LinearOperator) -> None:
    """Refuse an operator whose members have labels that differ where they meet."""
    _labelled().labels(op)


def _has_labels(x: Any) -> bool:
    """Whether ``x`` looks like a DataArray, or several: xarray is loaded only then."""
    first = x[0] if isinstance(x, list | tuple) and x else x
    return (hasattr(first, "coords") and hasattr(first, "dims")) or (first is not x and _has_labels(first))


def _labelled() -> Any:
    from pylops_distributed import labelled  # which builds on operators, and loads xarray

    return labelled


def _algebra() -> Any:
    from pylops_distributed import algebra  # its classes build on LinearOperator

    return algebra
