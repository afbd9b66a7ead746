"""Linear Radon transform of volumes by chirps."""

from __future__ import annotations

from typing import Literal

import dask.array as da
import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, method, whole
from pylops_distributed.linearoperator.linear_map import ArrayLike as Result
from pylops_distributed.linearoperator.linear_map import compute_if

LOCAL = pylops.signalprocessing.ChirpRadon3D


class ChirpRadon3D(TwinOperator):
    r"""Linear Radon transform of volumes by chirp transforms, whole in one task.

    Forward and adjoint, for offsets :math:`\mathbf x` and slownesses :math:`\mathbf p` of the same number, are

    .. math::
        g(\mathbf p, \tau) = \sum_{\mathbf x} f(\mathbf x, \tau + \mathbf p \cdot \mathbf x), \qquad
        f(\mathbf x, t) = \sum_{\mathbf p} g(\mathbf p, t - \mathbf p \cdot \mathbf x)

    All samples mix: PyLops' operator takes the volume whole, on one worker.

    Parameters
    ----------
    taxis, hyaxis, hxaxis : array_like
        Time and offset axes, of shapes ``(nt,)``, ``(nhy,)`` and ``(nhx,)``.
    pmax : array_like
        Largest slownesses along y and x, of shape ``(2,)``, times the ratio of offset to time sampling.
    engine : {"numpy", "fftw"}, optional
        Library that transforms.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fftw
        Keyword arguments of the library's functions.

    Raises
    ------
    ValueError
        If ``engine`` is unknown.

    See Also
    --------
    pylops.signalprocessing.ChirpRadon3D : the local operator.

    References
    ----------
    .. [1] Andersson, F., and J. O. A. Robertsson, 2019, Fast tau-p transforms by chirp modulation:
       Geophysics, 84, A13-A17, doi:10.1190/geo2018-0380.1.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.chirpradon3d import ChirpRadon3D
    >>> h = np.arange(5.0)
    >>> (ChirpRadon3D(np.arange(8) * 0.1, h, h, (0.5, 0.5)) @ da.ones((5, 5, 8))).shape
    (5, 5, 8)
    """

    workspace = 16.0

    follows = (True, True)

    from_twin = ("ny", "nx", "nt", "dt", "dy", "dx", "pmax", "engine", "kwargs_fftw")

    def __init__(
        self,
        taxis: ArrayLike,
        hyaxis: ArrayLike,
        hxaxis: ArrayLike,
        pmax: ArrayLike,
        engine: Literal["numpy", "fftw"] = "numpy",
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fftw: object,
    ) -> None:
        engine_among(engine, ("numpy", "fftw"))
        t, hy, hx = (np.asarray(a) for a in (taxis, hyaxis, hxaxis))
        axes = {"taxis": t, "hyaxis": hy, "hxaxis": hx, "pmax": np.asarray(pmax)}
        options = {**axes, "engine": engine, "dtype": dtype, **kwargs_fftw}
        self.twin = OperatorFactory(LOCAL, options)
        dims, dimsd = (hy.size, hx.size, t.size), (hy.size, hx.size, t.size)
        super().__init__(*whole(self.twin, dims, dimsd), dims, dimsd, dtype=dtype, compute=compute, name=name)

    def inverse(self, x: object) -> Result:
        """The inverse transform of data, flat or shaped like ``dimsd``, laid out as that."""
        data = da.asarray(x)
        shape = (self.shape[1],) if data.ndim == 1 else self.dims
        model = method(self.twin, "inverse", self.dims, self.dimsd)(data.reshape(self.dimsd), self.dtype)
        return compute_if(model.reshape(shape), not isinstance(x, da.Array))
