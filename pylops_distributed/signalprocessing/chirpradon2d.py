"""Linear Radon transform of panels by chirps."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, method, whole
from pylops_distributed.linearoperator.linear_map import ArrayLike as Result
from pylops_distributed.linearoperator.linear_map import compute_if

LOCAL = pylops.signalprocessing.ChirpRadon2D


class ChirpRadon2D(TwinOperator):
    r"""Linear Radon transform by chirp transforms, whole in one task.

    Forward and adjoint, for offsets :math:`x` and slownesses :math:`p` of the same number, are

    .. math::
        g(p, \tau) = \sum_x f(x, \tau + p x), \qquad f(x, t) = \sum_p g(p, t - p x)

    All samples mix: PyLops' operator takes the panel whole, on one worker.

    Parameters
    ----------
    taxis, haxis : array_like
        Time and offset axes, of shapes ``(nt,)`` and ``(nh,)``.
    pmax : float
        Largest slowness, times the ratio of offset to time sampling.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    See Also
    --------
    pylops.signalprocessing.ChirpRadon2D : the local operator.

    References
    ----------
    .. [1] Andersson, F., and J. O. A. Robertsson, 2019, Fast tau-p transforms by chirp modulation:
       Geophysics, 84, A13-A17, doi:10.1190/geo2018-0380.1.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.chirpradon2d import ChirpRadon2D
    >>> (ChirpRadon2D(np.arange(8) * 0.1, np.arange(5.0), 0.5) @ da.ones((5, 8), chunks=3)).shape
    (5, 8)
    """

    workspace = 16.0

    follows = (True, True)

    from_twin = ("nh", "nt", "dt", "dh", "pmax")

    def __init__(
        self,
        taxis: ArrayLike,
        haxis: ArrayLike,
        pmax: float,
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        t, h = np.asarray(taxis), np.asarray(haxis)
        options = {"taxis": t, "haxis": h, "pmax": pmax, "dtype": dtype}
        self.twin = OperatorFactory(LOCAL, options)
        dims, dimsd = (h.size, t.size), (h.size, t.size)
        super().__init__(*whole(self.twin, dims, dimsd), dims, dimsd, dtype=dtype, compute=compute, name=name)

    def inverse(self, x: object) -> Result:
        """The inverse transform of data, flat or shaped like ``dimsd``, laid out as that."""
        data = da.asarray(x)
        shape = (self.shape[1],) if data.ndim == 1 else self.dims
        model = method(self.twin, "inverse", self.dims, self.dimsd)(data.reshape(self.dimsd), self.dtype)
        return compute_if(model.reshape(shape), not isinstance(x, da.Array))
