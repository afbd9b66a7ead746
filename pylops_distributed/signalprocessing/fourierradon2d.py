"""Radon transform of panels in the frequency domain."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import engine_among
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, whole

LOCAL = pylops.signalprocessing.FourierRadon2D


class FourierRadon2D(TwinOperator):
    r"""Linear or parabolic Radon transform in the frequency domain, whole in one task.

    Forward and adjoint, at each frequency :math:`\omega`, are

    .. math::
        D(h, \omega) = \sum_p e^{-i \omega p h} M(p, \omega), \qquad
        M(p, \omega) = \sum_h e^{i \omega p h} D(h, \omega)

    with :math:`h^2` in the place of :math:`h` for parabolic curves. All samples mix: PyLops' operator takes
    the panel whole, on one worker.

    Parameters
    ----------
    taxis, haxis, pxaxis : array_like
        Axes of time, offset and slowness, of shapes ``(nt,)``, ``(nh,)`` and ``(npx,)``.
    nfft : int
        Number of samples of the Fourier transform in time.
    flims : tuple of int, optional
        First frequency to use, and the one after the last; default all.
    kind : {"linear", "parabolic"}, optional
        Curves.
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
    pylops.signalprocessing.FourierRadon2D : the local operator.

    References
    ----------
    .. [1] Sacchi, M. D., and T. J. Ulrych, 1995, High-resolution velocity gathers and offset space
       reconstruction: Geophysics, 60, 1169-1177, doi:10.1190/1.1443845.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.fourierradon2d import FourierRadon2D
    >>> R = FourierRadon2D(np.arange(8) * 0.1, np.arange(5.0), np.linspace(-0.1, 0.1, 3), nfft=16)
    >>> (R @ da.ones((3, 8))).shape
    (5, 8)
    """

    narrow = (True, True)

    from_twin = (
        "taxis",
        "haxis",
        "nh",
        "nt",
        "px",
        "npx",
        "nfft",
        "dt",
        "dh",
        "f",
        "nfft2",
        "cdtype",
        "flims",
    )

    def __init__(
        self,
        taxis: ArrayLike,
        haxis: ArrayLike,
        pxaxis: ArrayLike,
        nfft: int,
        flims: tuple[int, int] | None = None,
        kind: Literal["linear", "parabolic"] = "linear",
        engine: Literal["numpy", "numba", "cuda"] = "numpy",
        num_threads_per_blocks: tuple[int, int] = (32, 32),
        dtype: DTypeLike = "float64",
        name: str | None = "R",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        engine_among(engine, ("numpy", "numba", "cuda"))
        t, h, p = (np.asarray(a) for a in (taxis, haxis, pxaxis))
        axes = {"taxis": t, "haxis": h, "pxaxis": p}
        how = {"engine": engine, "num_threads_per_blocks": num_threads_per_blocks}
        options = {**axes, **how, "nfft": nfft, "flims": flims, "kind": kind, "dtype": dtype}
        self.twin = OperatorFactory(LOCAL, options)
        dims, dimsd = (p.size, t.size), (h.size, t.size)
        # PyLops' kernel makes a matrix from p to h for all frequencies at once.
        self.workspace = 4.5 + 4 * nfft / t.size * p.size * h.size / (p.size + h.size)
        super().__init__(*whole(self.twin, dims, dimsd), dims, dimsd, dtype=dtype, compute=compute, name=name)
