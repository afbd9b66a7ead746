"""An operator as a matrix: its elements, eigenvalues and trace, and the cost of applying it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask
import dask.array as da
import numpy as np
from scipy.sparse import bmat, csr_matrix

from pylops_distributed.linearoperator.cost import Description, describe
from pylops_distributed.linearoperator.late_binding import late_bound
from pylops_distributed.linearoperator.linear_map import ArrayLike, LinearMap
from pylops_distributed.vectors.types import ChunksLike, NDArray

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


class Matrix(LinearMap):
    """A map seen as its matrix: what :class:`~pylops_distributed.LinearOperator` builds on."""

    def todense(self, backend: str = "numpy") -> da.Array:
        """The matrix, of shape ``shape``: lazy if the operator holds Dask arrays; ``backend`` is ignored."""
        rows, columns = self.shape
        identity = (da if self.holds_dask else np).eye(min(rows, columns), dtype=self.dtype)
        matrix: Any = self.matmat(identity) if columns <= rows else self.rmatmat(identity).conj().T
        dense: da.Array = matrix
        return dense

    def tosparse(self) -> csr_matrix:
        """The matrix of the operator, computed, as a :class:`scipy.sparse.csr_matrix`.

        Zeros are dropped where each block of the matrix is made: only the others come here.
        """
        blocks = (
            da.asarray(self.todense())
            .map_blocks(csr_matrix, dtype=self.dtype, meta=np.empty((0, 0)))
            .to_delayed()
        )
        (computed,) = dask.compute(blocks.tolist())
        return csr_matrix(bmat(computed, format="csr", dtype=self.dtype))

    def eigs(
        self,
        neigs: int | None = None,
        symmetric: bool = False,
        niter: int | None = None,
        uselobpcg: bool = False,
        **kwargs_eig: object,
    ) -> NDArray:
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
            Eigenvalues, of shape ``(neigs,)``, largest first; real if the operator is symmetric or rectangular.

        Raises
        ------
        ValueError
            If ``uselobpcg`` is set for a complex square operator that is not symmetric.
        scipy.sparse.linalg.ArpackNoConvergence
            If ``niter`` restarts are not enough; it holds what has converged.

        Notes
        -----
        Lanczos and Arnoldi processes with Krylov-Schur restarts; see
        :func:`~pylops_distributed.optimization.numerics.krylov_schur.krylov_schur`. The singular values are the square
        roots of the eigenvalues of :math:`\mathbf{A}^H\mathbf{A}`.
        """
        values: NDArray = late_bound("eigenvalues")(self, neigs, symmetric, niter, uselobpcg, **kwargs_eig)
        return values

    def cond(self, uselobpcg: bool = False, **kwargs_eig: Any) -> object:
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
        self,
        neval: int | None = None,
        method: str | None = None,
        backend: str = "numpy",
        **kwargs_trace: object,
    ) -> da.Array:
        """The sum of the eigenvalues of a square operator, or an estimate: lazy if the operator holds Dask arrays.

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

        Returns
        -------
        dask.array.Array or number
            The trace; an array is 0-dimensional.

        Raises
        ------
        ValueError
            If the operator is not square, or ``neval`` is too small for the method.
        NotImplementedError
            If there is no such method.
        """
        trace: da.Array = late_bound("trace")(self, neval, method, **kwargs_trace)
        return trace

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
        return late_bound("divide")(self, y, niter)

    def describe(self, chunks: ChunksLike = None, data: Vector | None = None) -> Description:
        """Costs of one forward and one adjoint, read off their graphs: nothing is computed.

        Parameters
        ----------
        chunks : optional
            Chunks of the model, as Dask takes them, where the operator pins none; default Dask's own.
        data : dask.array.Array or Blocks, optional
            Data, of shape ``dimsd``, whose chunks to go by instead, as a solver does.

        Returns
        -------
        Description
            Tasks, bytes read and moved, and the most that a task takes; prints as a table. See
            :class:`~pylops_distributed.linearoperator.cost.Cost`, and :func:`pylops_distributed.check_memory`.

        Examples
        --------
        >>> from pylops_distributed import FirstDerivative
        >>> FirstDerivative((1000, 500), axis=0).describe(chunks=(250, 500)).forward.tasks
        8
        """
        return describe(self, chunks, data)
