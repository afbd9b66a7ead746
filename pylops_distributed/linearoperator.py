"""The base class of every operator, and the algebra that combines operators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias
from uuid import uuid4

import dask.array as da
import numpy as np
import pylops
import scipy.sparse.linalg as spla
from dask.base import normalize_token
from numpy.typing import DTypeLike

from pylops_distributed.space import AnySpace, Blocks, Space, Vector, flatten, reshape, unflatten

ArrayLike: TypeAlias = da.Array | np.ndarray[Any, Any]


class LinearOperator(ABC):
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
    def _matvec(self, x: Any) -> Any:
        """Forward of an array of the domain."""

    @abstractmethod
    def _rmatvec(self, y: Any) -> Any:
        """Adjoint of an array of the codomain."""

    # -- shape ---------------------------------------------------------------------------------------------

    @property
    def dims(self) -> tuple[int, ...]:
        """Shape of the model."""
        return self.domain.shape

    @property
    def dimsd(self) -> tuple[int, ...]:
        """Shape of the data."""
        return self.codomain.shape

    @property
    def shape(self) -> tuple[int, int]:
        """Number of data and of model samples: the shape of the matrix."""
        return self.codomain.size, self.domain.size

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__} is a distributed operator: write aslinearoperator(local_operator) @ operator "
            "instead of local_operator @ operator, or operator.topylops() to go on with NumPy"
        )

    # PyLops asks for these when a local operator meets this one on its right, and would go on eagerly.
    ndim, reshape, ravel = property(_refuse), _refuse, _refuse

    def __dask_tokenize__(self) -> Any:
        # By contents: Dask's own way, by pickle, gives a copy that came from another process another token.
        return normalize_token((type(self), vars(self)))

    def __repr__(self) -> str:
        chunks = "" if getattr(self.domain, "chunks", None) is None else f", chunks={self.domain.chunks}"  # type: ignore[union-attr]
        return f"<{self.shape[0]}x{self.shape[1]} {type(self).__name__} with dtype={self.dtype}{chunks}>"

    # -- application ---------------------------------------------------------------------------------------

    def apply(self, x: Vector) -> Any:
        """Forward in the operator's own layout: an array of ``dims``, or Blocks, in and out; always lazy."""
        return self._matvec(self.domain.fit(x))

    def apply_adjoint(self, y: Vector) -> Any:
        """Adjoint in the operator's own layout: an array of ``dimsd``, or Blocks, in and out; always lazy."""
        return self._rmatvec(self.codomain.fit(y))

    def matvec(self, x: ArrayLike) -> Any:
        """Forward of a flat vector of size ``shape[1]``, or of one column of shape ``(shape[1], 1)``."""
        _check_flat(x, self.shape[1])
        return self._finish(
            flatten(self.apply(unflatten(_lazy(x).ravel(), self.domain))).reshape(-1, *x.shape[1:])
        )

    def rmatvec(self, x: ArrayLike) -> Any:
        """Adjoint of a flat vector of size ``shape[0]``, or of one column of shape ``(shape[0], 1)``."""
        return self.H.matvec(x)

    def matmat(self, X: ArrayLike) -> Any:
        """Forward of each column of a matrix of shape ``(shape[1], K)``."""
        if X.ndim != 2 or X.shape[0] != self.shape[1]:
            raise ValueError(f"expected a matrix of shape ({self.shape[1]}, K), got one of shape {X.shape}")
        columns = _lazy(X)
        images = (flatten(self.apply(unflatten(columns[:, k], self.domain))) for k in range(X.shape[1]))
        return self._finish(da.stack(list(images), axis=1))

    def rmatmat(self, X: ArrayLike) -> Any:
        """Adjoint of each column of a matrix of shape ``(shape[0], K)``."""
        return self.H.matmat(X)

    def dot(self, x: Any) -> Any:
        """Multiply with an operator, a scalar, a vector, an array shaped like ``dims``, or columns of these."""
        if is_operator(x):
            return _algebra().ProductOperator(self, aslinearoperator(x))
        if np.isscalar(x):
            return _algebra().ScaledOperator(self, x)
        if isinstance(x, Blocks):
            return self.apply(x)
        x = _lazy(x)
        if x.shape == self.dims:
            y = self.apply(reshape(x, self.domain))
            return self._finish(flatten(y) if self.forceflat else reshape(y, Space(self.dimsd, self.dtype)))
        if x.ndim == 1:
            return self.matvec(x)
        if x.shape[:-1] == self.dims and not self.forceflat:
            return self.matmat(x.reshape(-1, x.shape[-1])).reshape((*self.dimsd, x.shape[-1]))
        if x.ndim == 2:
            return self.matmat(x)
        raise ValueError(
            f"cannot apply {self!r} to an array of shape {x.shape}: expected {self.dims}, "
            f"({self.shape[1]},), ({self.shape[1]}, K) or {(*self.dims, 'K')}"
        )

    def _finish(self, y: da.Array) -> Any:
        if not self.compute[0]:
            return y
        # Under a key of its own: Dask's scheduler warns when it sees a key again that was fused otherwise.
        return y.map_blocks(_same, token=uuid4().hex, dtype=y.dtype, meta=y._meta).compute()

    # -- solving -------------------------------------------------------------------------------------------

    def div(self, y: ArrayLike, niter: int = 100) -> Any:
        """Least-squares solution of ``operator @ x = y``, as one lazy graph of ``niter`` CGLS steps.

        Parameters
        ----------
        y : array
            Data, flat or shaped like ``dimsd``.
        niter : int, optional
            Number of steps; steps past convergence change nothing.

        Returns
        -------
        dask.array.Array
            Model, flat or shaped like ``dims``.
        """
        from pylops_distributed.optimization.cgls import CGLS  # solvers build on operators
        from pylops_distributed.optimization.solver import unroll

        data = _lazy(y)
        if data.shape == self.dimsd and (data.ndim > 1 or isinstance(self.codomain, Space)):
            x = unroll(CGLS(), self, reshape(data, self.codomain), niter).x
            return reshape(x, Space(self.dims, self.dtype))
        _check_flat(data, self.shape[0])
        return flatten(unroll(CGLS(), self, unflatten(data, self.codomain), niter).x)

    # -- algebra -------------------------------------------------------------------------------------------

    def adjoint(self) -> LinearOperator:
        """The adjoint operator, also ``.H``."""
        made: LinearOperator = _algebra().AdjointOperator(self)
        return made

    def transpose(self) -> LinearOperator:
        """The transposed operator, also ``.T``."""
        made: LinearOperator = _algebra().ConjOperator(self.H)
        return made

    def conj(self) -> LinearOperator:
        """The complex conjugate operator."""
        made: LinearOperator = _algebra().ConjOperator(self)
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

    def todense(self) -> da.Array:
        """The matrix of the operator as a lazy array of shape ``shape``."""
        rows, columns = self.shape
        if columns <= rows:
            return da.asarray(self.matmat(da.eye(columns, dtype=self.dtype)))
        return da.asarray(self.rmatmat(da.eye(rows, dtype=self.dtype))).conj().T

    def __mul__(self, x: Any) -> Any:
        return self.dot(x)

    def __matmul__(self, x: Any) -> Any:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.dot(x)

    def __rmul__(self, x: Any) -> Any:
        if is_operator(x):
            return _algebra().ProductOperator(aslinearoperator(x), self)
        return _algebra().ScaledOperator(self, x) if np.isscalar(x) else NotImplemented

    __rmatmul__ = __rmul__

    def __add__(self, x: Any) -> Any:
        return _algebra().SumOperator(self, aslinearoperator(x)) if is_operator(x) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> LinearOperator:
        made: LinearOperator = _algebra().ScaledOperator(self, -1)
        return made

    def __sub__(self, x: Any) -> Any:
        return self + (-x)

    def __rsub__(self, x: Any) -> Any:
        return -self + x

    def __pow__(self, p: Any) -> Any:
        return _algebra().PowerOperator(self, p) if np.isscalar(p) else NotImplemented

    def __truediv__(self, y: Any) -> Any:
        return self.div(y)


def is_operator(x: Any) -> bool:
    """Whether ``x`` is a linear operator of this library, of PyLops or of SciPy."""
    return isinstance(x, LinearOperator | pylops.LinearOperator | spla.LinearOperator)


def aslinearoperator(op: Any, **lift: Any) -> LinearOperator:
    """Return ``op`` as a distributed operator; see :class:`pylops_distributed.local.LocalOperator`."""
    if isinstance(op, LinearOperator):
        return op
    from pylops_distributed.local import LocalOperator  # the bridge builds on this class

    return LocalOperator(op, **lift)


def _algebra() -> Any:
    from pylops_distributed import algebra  # its classes build on LinearOperator

    return algebra


def _same(block: Any) -> Any:
    return block


def _lazy(x: Any) -> da.Array:
    return x if isinstance(x, da.Array) else da.asarray(x)


def _check_flat(x: ArrayLike, size: int) -> None:
    if x.shape not in ((size,), (size, 1)):
        raise ValueError(f"expected a vector of shape ({size},) or ({size}, 1), got one of shape {x.shape}")
