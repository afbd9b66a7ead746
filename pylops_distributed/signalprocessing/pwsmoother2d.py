"""Smoothing of panels along slopes."""

from __future__ import annotations

import pylops

from pylops_distributed.signalprocessing.pwsprayer2d import PlaneWaveOperator


class PWSmoother2D(PlaneWaveOperator):
    r"""Smoothing of a panel along local slopes by plane-wave prediction, whole in one task.

    Forward and adjoint are :math:`\mathbf y = \mathbf S^H \mathbf S \mathbf x`, with :math:`\mathbf S` the spreading of
    :class:`PWSprayer2D`. Each trace needs the one before:
    PyLops' operator takes the panel whole, on one worker.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model, and of the data, ``(nx, nz)``.
    sigma : array_like
        Slopes, of that shape, in samples a trace.
    radius : int, optional
        Number :math:`r` of traces to each side.
    alpha : float, optional
        Weight :math:`\alpha` from trace to trace.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If there are not two axes.

    See Also
    --------
    pylops.signalprocessing.PWSmoother2D : the local operator.

    References
    ----------
    .. [1] Fomel, S., 2010, Predictive painting of 3D seismic volumes: Geophysics, 75, A25-A30,
       doi:10.1190/1.3453847.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.pwsmoother2d import PWSmoother2D
    >>> (PWSmoother2D((5, 4), np.zeros((5, 4)), radius=1) @ da.ones((5, 4), chunks=2)).shape
    (5, 4)
    """

    local = pylops.signalprocessing.PWSmoother2D
