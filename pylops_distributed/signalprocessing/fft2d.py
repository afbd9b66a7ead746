"""Fourier transform along two axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from numpy.typing import DTypeLike

from pylops_distributed.signalprocessing.fourier import Engine, FourierOperator, Norm
from pylops_distributed.vectors.types import ChunksLike


class FFT2D(FourierOperator):
    r"""Fourier transform along two axes, chunk by chunk.

    With :math:`N_1` and :math:`N_2` samples of the transform, forward and adjoint are, for the norm ``ortho``,

    .. math::
        y_{kl} = \frac{1}{\sqrt{N_1 N_2}} \sum_{nm} x_{nm} e^{-2\pi i (kn/N_1 + lm/N_2)}, \qquad
        x_{nm} = \frac{1}{\sqrt{N_1 N_2}} \sum_{kl} y_{kl} e^{2\pi i (kn/N_1 + lm/N_2)}

    Where another axis can be cut into as many pieces, all are gathered at once; else the transform goes along the
    axes that lie in one chunk, then, after a rechunk, along the others. The data keep the last chunks.
    Single precision stays single, for all engines.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model.
    axes : tuple of int, optional
        Axes to transform; with ``real`` the last of them is the one that becomes shorter.
    nffts : int or tuple of int or None, optional
        Number of samples of the transform along each axis; zeros are added to the model, or samples cut off.
    sampling : float or tuple of float, optional
        Distance between samples of the model along each axis.
    norm : {"ortho", "none", "1/n"}, optional
        Scaling of forward and adjoint, each by :math:`1/\sqrt N`, by nothing or by :math:`1/N`, with
        :math:`N` the product of ``nffts``.
    real : bool, optional
        The model is real: keep only frequencies from zero along the last of the axes, scaled by
        :math:`\sqrt 2` but for zero and Nyquist, which makes the adjoint exact.
    ifftshift_before : bool or tuple of bool, optional
        The model has its origin in the middle of the axis.
    fftshift_after : bool or tuple of bool, optional
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
    f1, f2 : numpy.ndarray
        Frequencies of the data along the two axes, in cycles per unit of ``sampling``.
    axes, nffts : tuple of int
        Axes and numbers of samples of the transform.
    rdtype, cdtype : dtype
        Types of model and data.

    Raises
    ------
    ValueError
        If ``axes`` are not two different ones of ``dims``, or ``norm`` or ``engine`` is unknown.

    Warns
    -----
    UserWarning
        If one of ``nffts`` is shorter than the model, or ``fftshift_after`` is asked of the real axis.

    See Also
    --------
    pylops.signalprocessing.FFT2D : the local operator; its SciPy engine scales by the square root of the norms.

    References
    ----------
    .. [1] Pekurovsky, D., 2012, P3DFFT: a framework for parallel computations of Fourier transforms in three
       dimensions: SIAM Journal on Scientific Computing, 34, C192-C209, doi:10.1137/11082748X.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.fft2d import FFT2D
    >>> F = FFT2D((8, 6), real=True, dtype="float32")
    >>> y = F @ da.ones((8, 6), dtype="float32", chunks=(4, 6))
    >>> y.dtype, y.chunks
    (dtype('complex64'), ((8,), (2, 2)))
    """

    def __init__(
        self,
        dims: Iterable[int],
        axes: Iterable[int] = (-2, -1),
        nffts: int | Sequence[int | None] | None = None,
        sampling: float | Sequence[float] = 1.0,
        norm: Norm = "ortho",
        real: bool = False,
        ifftshift_before: bool | Sequence[bool] = False,
        fftshift_after: bool | Sequence[bool] = False,
        engine: Engine = "numpy",
        dtype: DTypeLike = "complex128",
        name: str | None = "F",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fft: object,
    ) -> None:
        along = tuple(axes)
        if len(along) != 2:
            raise ValueError(f"axes must be two, got {along}")
        super().__init__(
            dims, along, nffts, sampling, norm, real, ifftshift_before, fftshift_after, engine, dtype, name,
            chunks, compute, kwargs_fft,
        )  # fmt: skip
        self.f1, self.f2 = self.fs
        longer = any(n > self.domain.shape[a] for n, a in zip(self.nffts, self.axes, strict=True))
        self.follows = (not longer, not longer)  # PyLops pads in the precision of the operator
