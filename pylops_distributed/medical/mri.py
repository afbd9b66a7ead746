"""Magnetic resonance imaging."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.basicoperators.diagonal import Diagonal
from pylops_distributed.basicoperators.restriction import Restriction
from pylops_distributed.blockwise.arguments import engine_among, shape_of
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.bilinear import Bilinear
from pylops_distributed.signalprocessing.fft2d import FFT2D
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.signalprocessing.fourier import Engine

LOCAL = pylops.medical.MRI2D


class MRI2D(LinearOperator):
    r"""Samples of the spectrum of an image, as magnetic resonance imaging takes them.

    Forward :math:`\mathbf y = \mathbf R \mathbf F\, \mathbf x`, adjoint
    :math:`\mathbf x = \mathbf F^H \mathbf R^H\, \mathbf y`, with the Fourier transform :math:`\mathbf F` along two
    axes, frequencies from negative to positive, and the sampling :math:`\mathbf R`. As in PyLops, the origin of the
    image is its first sample: :math:`\mathbf F` is ``fftshift(fft2(x, norm="ortho"))``. Scanners and their formats
    (fastMRI, BART, ISMRMRD) have it in the middle, ``fftshift(fft2(ifftshift(x), norm="ortho"))``: for those give
    ``ifftshift_before=True``, without which images come out with their halves swapped.

    Parameters
    ----------
    dims : tuple of int
        Shape of the image.
    mask : str or array_like
        Weights of all frequencies, of shape ``dims``; or a pattern: ``"vertical-reg"``, ``"vertical-uni"``,
        ``"radial-reg"`` or ``"radial-uni"`` for regular or random columns or rays.
    nlines : int, optional
        Number of lines of a pattern.
    perc_center : float, optional
        Share of columns in the middle that are all taken.
    engine : {"numpy", "cupy", "jax"}, optional
        Taken for compatibility.
    fft_engine : {"numpy", "scipy", "mkl_fft"}, optional
        Library that transforms; see :class:`~pylops_distributed.signalprocessing.FFT2D`.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the image, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    ifftshift_before : bool, optional
        Whether the origin of the image is in its middle, ``n // 2``, instead of its first sample.
    fftshift_after : bool, optional
        Whether frequency zero is in the middle of the spectrum, ``n // 2``, instead of first.
    **kwargs_fft
        Keyword arguments of the library's functions, such as ``workers``.

    Attributes
    ----------
    mask : numpy.ndarray
        Weights, of shape ``dims``; columns, of shape ``(ncolumns,)``; or positions of samples of rays, of shape
        ``(2, nsamples)``.
    ROp : LinearOperator
        The sampling.

    Raises
    ------
    ValueError
        If the pattern is unknown, or what it needs is missing.

    See Also
    --------
    pylops.medical.MRI2D : the local operator, which also draws the patterns of this one.

    References
    ----------
    .. [1] Lustig, M., D. Donoho, and J. M. Pauly, 2007, Sparse MRI: the application of compressed sensing for rapid
       MR imaging: Magnetic Resonance in Medicine, 58, 1182-1195, doi:10.1002/mrm.21391.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.medical.mri import MRI2D
    >>> M = MRI2D((8, 8), "vertical-reg", nlines=4, perc_center=0.0)
    >>> (M @ da.ones((8, 8), chunks=4)).shape
    (32,)
    """

    def __init__(
        self,
        dims: Iterable[int],
        mask: str | ArrayLike,
        nlines: int | None = None,
        perc_center: float | None = 0.1,
        engine: Literal["numpy", "cupy", "jax"] = "numpy",
        fft_engine: Engine = "numpy",
        dtype: DTypeLike = "complex128",
        name: str | None = "M",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        ifftshift_before: bool = False,
        fftshift_after: bool = True,
        **kwargs_fft: Any,
    ) -> None:
        model = shape_of(dims)
        engine_among(fft_engine, ("numpy", "scipy", "mkl_fft"), "fft_engine")
        self.engine, self.fft_engine = engine, fft_engine
        F = FFT2D(
            model,
            nffts=model,
            ifftshift_before=ifftshift_before,
            fftshift_after=fftshift_after,
            engine=fft_engine,
            dtype=dtype,
            chunks=chunks,
            **kwargs_fft,
        )
        if isinstance(mask, str):
            with np.errstate(divide="ignore"):  # of rays along an axis
                drawn = LOCAL(model, mask, nlines, perc_center, fft_engine="scipy", dtype=dtype)
            self.mask = np.asarray(drawn.mask)
        else:
            self.mask = np.asarray(mask)
        self.ROp = self._sampling(mask, model, F.cdtype)
        self.Op = self.ROp @ F
        op = self.Op
        super().__init__(
            domain=op.domain, codomain=op.codomain, dtype=op.dtype, clinear=op.clinear, forceflat=op.forceflat,
            compute=compute, name=name,
        )  # fmt: skip

    def _sampling(self, mask: object, model: tuple[int, ...], dtype: DTypeLike) -> LinearOperator:
        if not isinstance(mask, str):
            return Diagonal(self.mask, dtype=dtype)
        if mask.startswith("vertical"):
            return Restriction(model, self.mask, axis=-1, forceflat=True, dtype=dtype)
        return Bilinear(self.mask, model, dtype=dtype)

    def _matvec(self, x: da.Array) -> da.Array:
        y: da.Array = self.Op.apply(x)
        return y

    def _rmatvec(self, y: da.Array) -> da.Array:
        x: da.Array = self.Op.apply_adjoint(y)
        return x
