"""Windows sliding along the first two of three axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pylops.signalprocessing.sliding3d import sliding3d_design

from pylops_distributed.signalprocessing.windows import Taper, Windows
from pylops_distributed.vectors.types import ChunksLike

__all__ = ["Sliding3D", "sliding3d_design"]


class Sliding3D(Windows):
    r"""An operator in overlapping windows along the first two of three axes.

    With the taper :math:`\mathbf w_i` of window :math:`i` and the operator :math:`\mathbf L` of a window,
    forward and adjoint are

    .. math::
        \mathbf d = \sum_i \mathbf R_i^T \mathbf w_i \mathbf L\, \mathbf m_i, \qquad
        \mathbf m_i = \mathbf L^H \mathbf w_i \mathbf R_i\, \mathbf d

    where :math:`\mathbf R_i` cuts the window out of the data. Windows of a chunk share a task; what overlaps with
    another chunk is added there.

    Parameters
    ----------
    Op : LinearOperator
        Operator of a window, of this library or of PyLops, or of all windows together.
    dims, dimsd : tuple of int
        Shapes of the model, of all windows along its first two axes, and of the data, ``(ny, nx, nt)``.
    nwin, nover : tuple of int
        Length and overlap of windows along the first two axes of the data.
    nop : tuple of int
        Shape of the model of a window.
    tapertype : {"hanning", "cosine", "cosinesquare"} or None, optional
        Taper of the windows.
    savetaper : bool, optional
        Taken for compatibility: tapers are products of small ones.
    nproc : int, optional
        Taken for compatibility: Dask's scheduler runs chunks of windows in parallel.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, ``(nwins0, nwins1, *nop)``, as Dask takes them; default those of the array
        that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If a window is longer than its axis, or the shape of the model does not fit the windows.

    See Also
    --------
    pylops.signalprocessing.Sliding3D : the local operator.
    sliding3d_design : finds the shape of the model.

    References
    ----------
    .. [1] Hamming, R. W., 1989, Digital filters, 3rd ed.: Prentice Hall.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity
    >>> from pylops_distributed.signalprocessing.sliding3d import Sliding3D
    >>> S = Sliding3D(Identity(80), (12, 8, 5), (8, 6, 5), nwin=(4, 4), nover=(2, 2), nop=(4, 4, 5))
    >>> (S @ da.ones((3, 2, 4, 4, 5), chunks=(2, 1, 4, 4, 5))).shape
    (8, 6, 5)
    """

    def __init__(
        self,
        Op: object,
        dims: Iterable[int],
        dimsd: Iterable[int],
        nwin: Sequence[int],
        nover: Sequence[int],
        nop: Sequence[int],
        tapertype: Taper = "hanning",
        savetaper: bool = True,
        nproc: int = 1,
        name: str | None = "P",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(Op, dims, dimsd, nwin, nover, tapertype, savetaper, name, chunks, compute)
