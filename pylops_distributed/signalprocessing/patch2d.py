"""Windows sliding along two axes."""

from __future__ import annotations

from pylops.signalprocessing.patch2d import patch2d_design

from pylops_distributed.signalprocessing.windows import Patches

__all__ = ["Patch2D", "patch2d_design"]


class Patch2D(Patches):
    r"""An operator in overlapping windows along two axes.

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
        Shapes of the model, of all windows along each axis, and of the data.
    nwin, nover : tuple of int
        Length and overlap of windows along each axis of the data.
    nop : tuple of int
        Shape of the model of a window.
    tapertype : {"hanning", "cosine", "cosinesquare"} or None, optional
        Taper of the windows.
    savetaper : bool, optional
        Taken for compatibility: tapers are products of small ones.
    scalings : sequence of float, optional
        Taken for compatibility: PyLops does not use it either.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, ``(*nwins, *nop)``, as Dask takes them; default those of the array
        that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If a window is longer than its axis, or the shape of the model does not fit the windows.

    See Also
    --------
    pylops.signalprocessing.Patch2D : the local operator.
    patch2d_design : finds the shape of the model.

    References
    ----------
    .. [1] Hamming, R. W., 1989, Digital filters, 3rd ed.: Prentice Hall.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import Identity
    >>> from pylops_distributed.signalprocessing.patch2d import Patch2D
    >>> P = Patch2D(Identity(16), (12, 8), (8, 6), nwin=(4, 4), nover=(2, 2), nop=(4, 4))
    >>> (P @ da.ones((3, 2, 4, 4), chunks=(2, 1, 4, 4))).shape
    (8, 6)
    """
