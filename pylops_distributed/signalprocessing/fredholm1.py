"""Fredholm integral of the first kind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.contraction import contract
from pylops_distributed.linearoperator.held_arrays import as_chunked, as_held
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.pieces import pieces_of, share_out
from pylops_distributed.vectors.space import Space, one_array
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Fredholm1(LinearOperator):
    r"""Fredholm integral of the first kind: a matrix product for each slice.

    Forward :math:`d_{kxz} = \sum_y G_{kxy} m_{kyz}`, adjoint :math:`m_{kyz} = \sum_x G^*_{kxy} d_{kxz}`: one
    batch of products a chunk of the kernel. Chunks of slices need nothing of each other; where the kernel is
    cut along its other axes too, partial products are summed. It is neither transposed nor conjugated in
    memory.

    Parameters
    ----------
    G : array
        Kernel of shape ``(nsl, nx, ny)``. NumPy, Dask and Zarr arrays are read only when computing.
    nz : int, optional
        Length of the last axis of model and data.
    saveGt, usematmul : bool, optional
        Taken for compatibility: the adjoint is as fast without a copy of the kernel, and the products of a
        chunk are always one call.
    dtype : dtype, optional
        Type of the operator; made complex if ``G`` is.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them, which the kernel follows; default those of the kernel, and
        along the last axis those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    G : dask.array.Array
        The kernel.
    nsl, nx, ny, nz : int
        Number of slices, rows and columns of the kernel, and length of the last axis.

    Raises
    ------
    ValueError
        If ``G`` does not have three axes.

    See Also
    --------
    pylops.signalprocessing.Fredholm1 : the local operator.

    References
    ----------
    .. [1] Wapenaar, K., et al., 2011, Seismic interferometry by crosscorrelation and by multidimensional
       deconvolution: a systematic comparison: Geophysical Journal International, 185, 1335-1364,
       doi:10.1111/j.1365-246X.2011.05007.x.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.fredholm1 import Fredholm1
    >>> F = Fredholm1(da.ones((4, 2, 3), chunks=(2, 2, 3)), nz=5)
    >>> (F @ da.ones((4, 3, 5))).chunks
    ((2, 2), (2,), (5,))
    """

    workspace = 2.0
    takes_numpy: ClassVar[bool] = True

    def __init__(
        self,
        G: object,
        nz: int = 1,
        saveGt: bool = True,
        usematmul: bool = True,
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        kernel = as_held(G)
        if kernel.ndim != 3:
            raise ValueError(f"G must have three axes, got an array of shape {kernel.shape}")
        (self.nsl, self.nx, self.ny), self.nz = kernel.shape, int(nz)
        kind = np.result_type(dtype, kernel.dtype) if kernel.dtype.kind == "c" else np.dtype(dtype)
        domain = Space.of((self.nsl, self.ny, self.nz), kind, chunks)
        codomain = Space.of((self.nsl, self.nx, self.nz), kind)
        self.cut = getattr(kernel, "chunks", None)
        if self.cut is None:
            self.cut = da.core.normalize_chunks("auto", kernel.shape, dtype=kernel.dtype)
        if domain.chunks is not None:
            self.cut = (domain.chunks[0], self.cut[1], domain.chunks[1])
            codomain = Space(codomain.shape, kind, (domain.chunks[0], self.cut[1], domain.chunks[2]))
            kernel = kernel.rechunk(self.cut) if isinstance(kernel, da.Array) else kernel
        self.G, self.held = kernel, kernel.dtype
        super().__init__(domain=domain, codomain=codomain, compute=compute, name=name)

    def _on_numpy(self, x: Array, adjoint: bool) -> da.Array:
        """The products with a NumPy array, slices shared out to threads."""
        held: Any = self.G
        cuts = pieces_of(self.nsl, held.nbytes)
        if len(cuts) == 1:
            whole: Any = multiply_slices(held, x, adjoint).astype(self.result_dtype(x.dtype), copy=False)
            return one_array(whole)
        length = self.ny if adjoint else self.nx
        y = np.empty((self.nsl, length, self.nz), self.result_dtype(x.dtype))

        def multiply(rows: slice) -> None:
            y[rows] = multiply_slices(held[rows], x[rows], adjoint)

        share_out(multiply, cuts)
        product: Any = y
        return one_array(product)

    def _matvec(self, x: da.Array) -> da.Array:
        dtype = self.result_dtype(x.dtype)
        if isinstance(x, np.ndarray):
            return self._on_numpy(x, adjoint=False)
        return contract(
            multiply_slices,
            [(as_chunked(self, self.G, self.cut), (0, 1, 2)), (x, (0, 2, 3))],
            (0, 1, 3),
            dtype,
        )

    def _rmatvec(self, y: da.Array) -> da.Array:
        dtype = self.result_dtype(y.dtype)
        if isinstance(y, np.ndarray):
            return self._on_numpy(y, adjoint=True)
        kernel = partial(multiply_slices, adjoint=True)
        return contract(
            kernel, [(as_chunked(self, self.G, self.cut), (0, 1, 2)), (y, (0, 1, 3))], (0, 2, 3), dtype
        )


def multiply_slices(g: Array, x: Array, adjoint: bool = False, conj: bool = False) -> Array:
    """Product of each slice of a kernel, of its adjoint, or of the conjugate of either, with one of ``x``.

    It is the vector, smaller than the kernel, that is conjugated, and a real kernel sees a complex vector
    as twice as many real columns.
    """
    matrix: Any = g.swapaxes(1, 2) if adjoint else g
    if np.iscomplexobj(g) and adjoint != conj:
        y = np.matmul(matrix, x.conj())
        np.conjugate(y, out=y)
    elif np.iscomplexobj(x) and not np.iscomplexobj(g):
        columns = np.ascontiguousarray(x)
        y = np.matmul(matrix, columns.view(columns.real.dtype)).view(columns.dtype)
    else:
        y = np.matmul(matrix, x)
    return np.asarray(y)
