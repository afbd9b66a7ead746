"""Radon transform of volumes in the frequency domain."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, whole

LOCAL = pylops.signalprocessing.FourierRadon3D


class FourierRadon3D(TwinOperator):
    r"""Linear or parabolic Radon transform in the frequency domain, whole in one task.

    Forward and adjoint, at each frequency :math:`\omega`, are

    .. math::
        D(\mathbf h, \omega) = \sum_{\mathbf p} e^{-i \omega \mathbf p \cdot \mathbf h} M(\mathbf p, \omega), \qquad
        M(\mathbf p, \omega) = \sum_{\mathbf h} e^{i \omega \mathbf p \cdot \mathbf h} D(\mathbf h, \omega)

    with squared offsets for parabolic curves. All samples mix: PyLops' operator takes the volume whole, on one
    worker.

    Parameters
    ----------
    taxis, hyaxis, hxaxis, pyaxis, pxaxis : array_like
        Axes of time, offsets and slownesses, of shapes ``(nt,)``, ``(nhy,)``, ``(nhx,)``, ``(npy,)`` and ``(npx,)``.
    nfft : int
        Number of samples of the Fourier transform in time.
    flims : tuple of int, optional
        First frequency to use, and the one after the last; default all.
    kind : tuple of str, optional
        Curves along y and x: ``"linear"`` or ``"parabolic"``.
    engine : {"numpy", "numba", "cuda"}, optional
        How PyLops computes.
    num_threads_per_blocks : tuple of int, optional
        As PyLops takes it, for the engine ``cuda``.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If ``engine`` is unknown.

    See Also
    --------
    pylops.signalprocessing.FourierRadon3D : the local operator.

    References
    ----------
    .. [1] Sacchi, M. D., and T. J. Ulrych, 1995, High-resolution velocity gathers and offset space
       reconstruction: Geophysics, 60, 1169-1177, doi:10.1190/1.1443845.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.fourierradon3d import FourierRadon3D
    >>> h, p = np.arange(5.0), np.linspace(-0.1, 0.1, 3)
    >>> (FourierRadon3D(np.arange(8) * 0.1, h, h, p, p, nfft=16) @ da.ones((3, 3, 8))).shape
    (5, 5, 8)
    """

    narrow = (True, True)

    from_twin = (
        "taxis",
        "hyaxis",
        "hxaxis",
        "nhy",
        "nhx",
        "nt",
        "py",
        "px",
        "npy",
        "npx",
        "nfft",
        "dt",
        "dhy",
        "dhx",
        "f",
        "nfft2",
        "cdtype",
        "flims",
    )

    def __init__(
        self,
        taxis: ArrayLike,
        hyaxis: ArrayLike,
        hxaxis: ArrayLike,
        pyaxis: ArrayLike,
        pxaxis: ArrayLike,
        nfft: int,
        flims: tuple[int, int] | None = None,
        kind: tuple[str, str] = ("linear", "linear"),
        engine: Literal["numpy", "numba", "cuda"] = "numpy",
        num_threads_per_blocks: tuple[int, int, int] = (2, 16, 16),
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        engine_among(engine, ("numpy", "numba", "cuda"))
        t, hy, hx, py, px = (np.asarray(a) for a in (taxis, hyaxis, hxaxis, pyaxis, pxaxis))
        axes = {"taxis": t, "hyaxis": hy, "hxaxis": hx, "pyaxis": py, "pxaxis": px}
        how = {"engine": engine, "num_threads_per_blocks": num_threads_per_blocks}
        options = {**axes, **how, "nfft": nfft, "flims": flims, "kind": kind, "dtype": dtype}
        self.twin = OperatorFactory(LOCAL, options)
        dims, dimsd = (py.size, px.size, t.size), (hy.size, hx.size, t.size)
        p, h = py.size * px.size, hy.size * hx.size
        # PyLops' kernel makes a matrix from p to h for all frequencies at once.
        self.workspace = 4.5 + 4 * nfft / t.size * p * h / (p + h)
        super().__init__(*whole(self.twin, dims, dimsd), dims, dimsd, dtype=dtype, compute=compute, name=name)
