"""Fourier transform along one axis."""

from __future__ import annotations

from collections.abc import Iterable

from numpy.typing import DTypeLike

from pylops_distributed.signalprocessing.fourier import Engine, FourierOperator, Norm
from pylops_distributed.vectors.types import ChunksLike


class FFT(FourierOperator):
    r"""Fourier transform along an axis, chunk by chunk.

    With :math:`N` samples of the transform, forward and adjoint are, for the norm ``ortho``,

    .. math::
        y_k = \frac{1}{\sqrt N} \sum_n x_n e^{-2\pi i k n / N}, \qquad
        x_n = \frac{1}{\sqrt N} \sum_k y_k e^{2\pi i k n / N}

    The axis is gathered in one chunk where it is not, and other axes are cut for it where they are in one.
    Single precision stays single, for all engines.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    axis : int, optional
        Axis to transform.
    nfft : int, optional
        Number of samples of the transform; zeros are added to the model, or samples cut off.
    sampling : float, optional
        Distance between samples of the model.
    norm : {"ortho", "none", "1/n"}, optional
        Scaling of forward and adjoint, each by :math:`1/\sqrt N`, by nothing or by :math:`1/N`.
    real : bool, optional
        The model is real: keep only frequencies from zero, scaled by :math:`\sqrt 2` but for zero and
        Nyquist, which makes the adjoint exact.
    ifftshift_before : bool, optional
        The model has its origin in the middle of the axis.
    fftshift_after : bool, optional
        Order frequencies from negative to positive.
    engine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms. The first two are SciPy, and so are the others where they are not installed.
    dtype : dtype, optional
        Type of the model; that of the operator is its complex kind.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Keyword arguments of the library's functions, such as ``workers``.

    Attributes
    ----------
    f : numpy.ndarray
        Frequencies of the data, in cycles per unit of ``sampling``.
    axis, nfft : int
        Axis and number of samples of the transform.
    rdtype, cdtype : dtype
        Types of model and data.

    Raises
    ------
    ValueError
        If ``axis`` is not one of ``dims``, or ``norm`` or ``engine`` is unknown.

    Warns
    -----
    UserWarning
        If ``nfft`` is shorter than the model, or ``fftshift_after`` is asked of a real transform.

    See Also
    --------
    pylops.signalprocessing.FFT : the local operator.

    References
    ----------
    .. [1] Cooley, J. W., and J. W. Tukey, 1965, An algorithm for the machine calculation of complex Fourier
       series: Mathematics of Computation, 19, 297-301, doi:10.2307/2003354.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.fft import FFT
    >>> F = FFT((8, 6), axis=0, real=True, dtype="float32")
    >>> y = F @ da.ones((8, 6), dtype="float32", chunks=(4, 6))
    >>> y.dtype, y.chunks
    (dtype('complex64'), ((5,), (3, 3)))
    """

    def __init__(
        self,
        dims: int | Iterable[int],
        axis: int = -1,
        nfft: int | None = None,
        sampling: float = 1.0,
        norm: Norm = "ortho",
        real: bool = False,
        ifftshift_before: bool = False,
        fftshift_after: bool = False,
        engine: Engine = "numpy",
        dtype: DTypeLike = "complex128",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fft: object,
    ) -> None:
        super().__init__(
            dims, (axis,), nfft, sampling, norm, real, ifftshift_before, fftshift_after, engine, dtype, name,
            chunks, compute, kwargs_fft,
        )  # fmt: skip
        (self.axis,), (self.nfft,), (self.f,), (self.sampling,) = (
            self.axes,
            self.nffts,
            self.fs,
            self.sampling,
        )
        self.ifftshift_before, self.fftshift_after = ifftshift_before, fftshift_after
