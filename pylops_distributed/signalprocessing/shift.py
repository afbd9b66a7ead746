"""Shift by any amount along one axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import axes_of, real_type, shape_of
from pylops_distributed.blockwise.precision import in_precision
from pylops_distributed.blockwise.rechunk import rechunk_whole
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.signalprocessing.fourier import Engine, Fourier, engine_of, frequencies
from pylops_distributed.vectors.namespace import as_lazy_array
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ArrayLike, ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class Shift(LinearOperator):
    r"""Shift along an axis by a fraction of samples, in the frequency domain, in one task a chunk.

    With :math:`\mathbf F` the Fourier transform along the axis and :math:`s` the shift, forward and adjoint are

    .. math::
        \mathbf y = \mathbf F^H \mathrm{diag}(e^{-2\pi i f s})\, \mathbf F\, \mathbf x, \qquad
        \mathbf x = \mathbf F^H \mathrm{diag}(e^{2\pi i f s})\, \mathbf F\, \mathbf y

    What leaves at one end of the ``nfft`` samples comes in at the other.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    shift : float or array
        Shift, in the unit of ``sampling``: one, or one for each sample of the other axes, of shape ``dims``
        without ``axis``. Dask and Zarr arrays are read only when computing.
    axis : int, optional
        Axis to shift along; it is gathered in one chunk.
    nfft : int, optional
        Number of samples of the transform.
    sampling : float, optional
        Distance between samples.
    real : bool, optional
        Use the transform of real models.
    engine : {"numpy", "scipy", "fftw", "mkl_fft"}, optional
        Library that transforms; see :class:`FFT`.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.
    **kwargs_fft
        Keyword arguments of the library's functions, such as ``workers``.

    Raises
    ------
    ValueError
        If ``axis`` is not one of ``dims``, ``shift`` has another shape, or ``engine`` is unknown.

    See Also
    --------
    pylops.signalprocessing.Shift : the local operator.

    References
    ----------
    .. [1] Laakso, T. I., et al., 1996, Splitting the unit delay: IEEE Signal Processing Magazine, 13, 30-60,
       doi:10.1109/79.482137.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.shift import Shift
    >>> S = Shift(4, 1.0, real=True, dtype="float64")
    >>> (S @ da.arange(4.0, chunks=2)).compute().round(12)
    array([3., 0., 1., 2.])
    """

    domain: Space

    def __init__(
        self,
        dims: int | Iterable[int],
        shift: ArrayLike,
        axis: int = -1,
        nfft: int | None = None,
        sampling: float = 1.0,
        real: bool = False,
        engine: Engine = "numpy",
        dtype: DTypeLike = "complex128",
        name: str | None = "S",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
        **kwargs_fft: Any,
    ) -> None:
        model = shape_of(dims)
        (self.axis,) = axes_of((axis,), model)
        n = model[self.axis]
        lengths, nffts = (n,), (n if nfft is None else int(nfft),)
        realmodel = real or np.dtype(dtype).kind == "f"
        self.transform = Fourier(
            (self.axis,), lengths, nffts, (False,), (False,), "ortho", real, realmodel,
            engine_of(engine), kwargs_fft,
        )  # fmt: skip
        (self.f,) = frequencies(nffts, (sampling,), real, (False,))
        varies = np.ndim(shift) > 0
        self.narrow = (varies, varies)
        self.shift = _each(as_lazy_array(shift), model, self.axis)
        kind = real_type(dtype) if real else np.dtype(dtype)
        space = Space.of(model, kind, chunks)
        super().__init__(
            domain=space, codomain=space, dtype=dtype, clinear=not realmodel, compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        return self._apply(x, adjoint=False)

    def _rmatvec(self, y: da.Array) -> da.Array:
        return self._apply(y, adjoint=True)

    def _apply(self, x: da.Array, adjoint: bool) -> da.Array:
        kind = np.result_type(self.domain.dtype, x.dtype if self.clinear else real_type(x.dtype))
        x = rechunk_whole(x, (self.axis,))
        shift = self.shift.rechunk(
            tuple(c if n > 1 else (1,) for n, c in zip(self.shift.shape, x.chunks, strict=True))
        )
        y = da.map_blocks(
            in_precision, x, shift, kernel=_shift, kind=kind, transform=self.transform, f=self.f,
            sign=1 if adjoint else -1, chunks=x.chunks, dtype=kind, meta=np.empty((0,) * x.ndim, kind),
        )  # fmt: skip
        return self.domain.fit(y)


def _each(shift: da.Array, model: tuple[int, ...], axis: int) -> da.Array:
    """The shift with the number of axes of the model."""
    rest = model[:axis] + model[axis + 1 :]
    if shift.size == 1:
        return shift.reshape((1,) * len(model))
    if shift.shape != rest:
        raise ValueError(f"shift must be one number or have shape {rest}, got shape {shift.shape}")
    return da.expand_dims(shift, axis)


def _shift(x: Array, shift: Array, transform: Fourier, f: Array, sign: int) -> Array:
    (axis,) = transform.axes
    y = transform(x)
    frequency = np.expand_dims(f, [a for a in range(x.ndim) if a != axis])
    y *= np.exp(sign * 2j * np.pi * frequency * shift).astype(y.dtype)
    return transform(y, adjoint=True)
