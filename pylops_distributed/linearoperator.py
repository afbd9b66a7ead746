"""The base class of every operator, and the algebra that combines operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np
import pylops
import scipy.sparse.linalg as spla
from scipy.sparse import bmat, csr_matrix

from pylops_distributed.application import ArrayLike, Map, check_flat, finish, lazy
from pylops_distributed.config import get_ndarray_multiplication
from pylops_distributed.cost import Description, describe
from pylops_distributed.space import Blocks, BlockSpace, Space, Vector, flatten, reshape, unflatten


class LinearOperator(Map):
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
        chunks = "" if getattr(self.domain, "chunks", None) is None else f", chunks={self.domain.chunks}"  # type: ignore[union-attr]
        return f"<{self.shape[0]}x{self.shape[1]} {type(self).__name__} with dtype={self.dtype}{chunks}>"

    # -- application ---------------------------------------------------------------------------------------

    def dot(self, x: Any) -> Any:
        """Multiply with an operator, a scalar, a vector, an array shaped like ``dims``, or columns of these.

        Arrays that are neither vectors nor matrices are refused while
        :func:`~pylops_distributed.disabled_ndarray_multiplication` says so.
        """
        if is_operator(x):
            return _algebra().ProductOperator(self, aslinearoperator(x))
        if np.isscalar(x):
            return _algebra().ScaledOperator(self, x)
        if isinstance(x, Blocks):
            return self.apply(x)
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
        return finish(self._matmat(x), self.compute[0])

    # -- solving -------------------------------------------------------------------------------------------

    def div(self, y: ArrayLike, niter: int = 100, densesolver: str = "scipy") -> Any:
        """Least-squares solution of ``operator @ x = y``, as one lazy graph of ``niter`` CGLS steps.

        Parameters
        ----------
        y : array
            Data, flat or shaped like ``dimsd``.
        niter : int, optional
            Number of steps; steps past convergence change nothing.
        densesolver : str, optional
            Taken for compatibility.

        Returns
        -------
        dask.array.Array
            Model, flat or shaped like ``dims``.
        """
        from pylops_distributed.optimization.cgls import CGLS  # solvers build on operators
        from pylops_distributed.optimization.solver import unroll

        data = lazy(y)
        if data.shape == self.dimsd and (data.ndim > 1 or isinstance(self.codomain, Space)):
            x = unroll(CGLS(), self, reshape(data, self.codomain), niter).x
            return reshape(x, Space(self.dims, self.dtype))
        check_flat(data, self.shape[0])
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
        made: LinearOperator = _algebra().some_columns(self, cols)
        return made

    def toreal(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that gives the real part of what this one gives, forward (``forw``) and adjoint (``adj``)."""
        made: LinearOperator = _algebra().PartOperator(self, "real", forw, adj)
        return made

    def toimag(self, forw: bool = True, adj: bool = True) -> LinearOperator:
        """The operator that gives the imaginary part: of the forward, and, with its sign turned, of the adjoint."""
        made: LinearOperator = _algebra().PartOperator(self, "imag", forw, adj)
        return made

    # -- the matrix ----------------------------------------------------------------------------------------

    def todense(self, backend: str = "dask") -> da.Array:
        """The matrix of the operator as a lazy array of shape ``shape``; ``backend`` is taken for compatibility."""
        rows, columns = self.shape
        identity = da.eye(min(rows, columns), dtype=self.dtype)
        if columns <= rows:
            return da.asarray(self.matmat(identity))
        return da.asarray(self.rmatmat(identity)).conj().T

    def tosparse(self) -> csr_matrix:
        """The matrix of the operator, computed, as a :class:`scipy.sparse.csr_matrix`.

        Zeros are dropped where each block of the matrix is made: only the others come here.
        """
        blocks = self.todense().map_blocks(csr_matrix, dtype=self.dtype, meta=np.empty((0, 0))).to_delayed()
        (made,) = dask.compute(blocks.tolist())
        return csr_matrix(bmat(made, format="csr", dtype=self.dtype))

    def eigs(
        self,
        neigs: int | None = None,
        symmetric: bool = False,
        niter: int | None = None,
        uselobpcg: bool = False,
        **kwargs_eig: Any,
    ) -> np.ndarray[Any, Any]:
        r"""The most significant eigenvalues, computed; of a rectangular operator its singular values.

        Krylov vectors stay in their chunks on the workers: only inner products of them come here. Where the
        matrix is small (up to 16 MiB, without ``ncv``), or most eigenvalues are wanted, a single task makes it
        and takes it apart; then all that comes here are eigenvalues.

        Parameters
        ----------
        neigs : int, optional
            How many; default all, for which one worker must have room for the matrix.
        symmetric : bool, optional
            Whether the operator is its own adjoint.
        niter : int, optional
            Most restarts; default ten times the number of columns.
        uselobpcg : bool, optional
            Look for the algebraically largest, or with ``largest=False`` smallest, eigenvalues, as LOBPCG does.
        **kwargs_eig
            ``which``, ``ncv``, ``tol`` and ``v0`` of :func:`scipy.sparse.linalg.eigs`, or ``largest``.

        Returns
        -------
        numpy.ndarray
            Eigenvalues, largest first; real if the operator is symmetric or rectangular.

        Raises
        ------
        ValueError
            If ``uselobpcg`` is set for a complex square operator that is not symmetric.
        scipy.sparse.linalg.ArpackNoConvergence
            If ``niter`` restarts are not enough; it holds what has converged.

        Notes
        -----
        Lanczos and Arnoldi processes with Krylov-Schur restarts; see
        :func:`~pylops_distributed.optimization.krylovschur.krylov_schur`. The singular values are the square
        roots of the eigenvalues of :math:`\mathbf{A}^H\mathbf{A}`.
        """
        from pylops_distributed.optimization.spectrum import eigenvalues  # solvers build on operators

        return eigenvalues(self, neigs, symmetric, niter, uselobpcg, **kwargs_eig)

    def cond(self, uselobpcg: bool = False, **kwargs_eig: Any) -> Any:
        """Condition number, computed: the ratio of the largest and the smallest eigenvalue; see :meth:`eigs`.

        Parameters
        ----------
        uselobpcg : bool, optional
            Of the algebraically largest and smallest ones.
        **kwargs_eig
            As for :meth:`eigs`, but for ``neigs``, ``which`` and ``largest``.
        """
        ends = [{"largest": v} for v in (True, False)] if uselobpcg else [{"which": v} for v in ("LM", "SM")]
        high, low = (self.eigs(1, uselobpcg=uselobpcg, **end, **kwargs_eig).item() for end in ends)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.asarray(high) / np.asarray(low)).item()

    def trace(
        self, neval: int | None = None, method: str | None = None, backend: str = "dask", **kwargs_trace: Any
    ) -> da.Array:
        """The sum of the eigenvalues of a square operator, or an estimate, as a lazy 0-d array.

        Parameters
        ----------
        neval : int, optional
            How many vectors the operator is applied to; default a tenth of its columns.
        method : {"explicit", "hutchinson", "hutch++", "na-hutch++"}, optional
            From the matrix, or estimated; default ``"explicit"`` for ``explicit`` operators, else ``"hutch++"``.
        backend : str, optional
            Taken for compatibility.
        **kwargs_trace
            Passed to the function of the method in :mod:`pylops_distributed.utils.estimators`.

        Raises
        ------
        ValueError
            If the operator is not square, or ``neval`` is too small for the method.
        NotImplementedError
            If there is no such method.
        """
        from pylops_distributed.utils.estimators import trace  # which applies operators

        return trace(self, neval, method, **kwargs_trace)

    def describe(self, chunks: Any = None, data: Vector | None = None) -> Description:
        """What one forward and one adjoint take, read off their graphs: nothing is computed.

        Parameters
        ----------
        chunks : optional
            Chunks of the model, as Dask takes them, where the operator pins none; default Dask's own.
        data : dask.array.Array or Blocks, optional
            Data whose chunks to go by instead, as a solver does.

        Returns
        -------
        Description
            Tasks, bytes read and moved, and the most that a task takes; prints as a table. See
            :class:`~pylops_distributed.cost.Cost`, and :func:`pylops_distributed.check_memory`.

        Examples
        --------
        >>> from pylops_distributed import FirstDerivative
        >>> FirstDerivative((1000, 500)).describe(chunks=(250, 500)).forward.tasks
        8
        """
        return describe(self, chunks, data)

    # -- operators of Python -------------------------------------------------------------------------------

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

    def __rmatmul__(self, x: Any) -> Any:
        if np.isscalar(x):
            raise ValueError("a scalar cannot be multiplied with @, use * instead")
        return self.__rmul__(x)

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
