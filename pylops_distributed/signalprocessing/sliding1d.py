"""Windows sliding along one axis."""

from __future__ import annotations

from collections.abc import Iterable

from pylops.signalprocessing.sliding1d import sliding1d_design

from pylops_distributed.signalprocessing.windows import Taper, Windows
from pylops_distributed.vectors.types import ChunksLike

__all__ = ["Sliding1D", "sliding1d_design"]


class Sliding1D(Windows):
    r"""An operator in overlapping windows along a signal.

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
    dim : int or tuple of int
        Number of model samples of all windows.
    dimd : int or tuple of int
        Number of data samples.
    nwin, nover : int
        Length and overlap of windows.
    tapertype : {"hanning", "cosine", "cosinesquare"} or None, optional
        Taper of the windows.
    savetaper : bool, optional
        Taken for compatibility: tapers are products of small ones.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, ``(nwins, nop)``, as Dask takes them; default those of the array
        that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If a window is longer than its axis, or the shape of the model does not fit the windows.

    See Also
    --------
    pylops.signalprocessing.Sliding1D : the local operator.
    sliding1d_design : finds the shape of the model.

    References
    ----------
    .. [1] Hamming, R. W., 1989, Digital filters, 3rd ed.: Prentice Hall.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity
    >>> from pylops_distributed.signalprocessing.sliding1d import Sliding1D
    >>> S = Sliding1D(Identity(4), 12, 8, nwin=4, nover=2)
    >>> (S @ da.ones((3, 4), chunks=(2, 4))).compute()
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    """

    def __init__(
        self,
        Op: object,
        dim: int | Iterable[int],
        dimd: int | Iterable[int],
        nwin: int,
        nover: int,
        tapertype: Taper = "hanning",
        savetaper: bool = True,
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(Op, dim, dimd, nwin, nover, tapertype, savetaper, name, chunks, compute)
