"""Seislet transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import dask.array as da
import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, method, whole
from pylops_distributed.linearoperator.linear_map import ArrayLike as Result
from pylops_distributed.linearoperator.linear_map import compute_if
from pylops_distributed.vectors.types import NDArray

LOCAL = pylops.signalprocessing.Seislet


def _predict_trace(
    trace: NDArray, t: NDArray, dt: float, dx: float, slope: NDArray, adj: bool = False
) -> NDArray:
    """A trace at times moved along slopes, by sinc interpolation; PyLops' gallery imports it by this name."""
    weights = np.sinc(np.subtract.outer(t - dx * slope, t).T / dt)
    moved: NDArray = trace @ (weights.T if adj else weights)
    return moved


class Seislet(TwinOperator):
    r"""Wavelet-like transform along the slopes of seismic events, whole in one task.

    Traces are split in even and odd ones, the odd ones predicted from the even ones along the slopes, and the even
    ones updated with what the prediction lacks:

    .. math::
        \mathbf r = \mathbf o - P[\mathbf e], \qquad \mathbf c = \mathbf e + U[\mathbf r]

    and so on with :math:`\mathbf c`; the data are all :math:`\mathbf r` and the last :math:`\mathbf c`. All traces
    mix: PyLops' operator takes the panel whole, on one worker.

    Parameters
    ----------
    slopes : array_like
        Slopes, of shape ``(nx, nt)``.
    sampling : sequence of float, optional
        Sampling of space and time.
    level : int, optional
        Number of scales; default all but one.
    kind : {"haar", "linear"}, optional
        Kind of prediction.
    inv : bool, optional
        Apply the inverse in the place of the adjoint.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If there are not two samplings.
    NotImplementedError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.signalprocessing.Seislet : the local operator.

    References
    ----------
    .. [1] Fomel, S., and Y. Liu, 2010, Seislet transform and seislet frame: Geophysics, 75, V25-V38,
       doi:10.1190/1.3380591.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.seislet import Seislet
    >>> (Seislet(np.zeros((8, 16))) @ da.ones((8, 16), chunks=8)).shape
    (8, 16)
    """

    workspace = 12.0
    narrow = (True, True)

    from_twin = (
        "predict",
        "pad",
        "nx",
        "nt",
        "level",
        "levels_size",
        "levels_cum",
        "dx",
        "dt",
        "slopes",
        "inv",
    )

    def __init__(
        self,
        slopes: ArrayLike,
        sampling: Sequence[float] = (1.0, 1.0),
        level: int | None = None,
        kind: Literal["haar", "linear"] = "haar",
        inv: bool = False,
        dtype: DTypeLike = "float64",
        name: str | None = "S",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        options = {
            "slopes": np.asarray(slopes), "sampling": tuple(sampling), "level": level, "kind": kind, "inv": inv,
            "dtype": dtype,
        }  # fmt: skip
        built = LOCAL(**options)
        self.twin = OperatorFactory(LOCAL, options)
        dims, dimsd = shape_of(built.dims), shape_of(built.dimsd)
        super().__init__(*whole(self.twin, dims, dimsd), dims, dimsd, dtype=dtype, compute=compute, name=name)

    def inverse(self, x: object) -> Result:
        """The inverse transform of data, flat or shaped like ``dimsd``, laid out as that."""
        data = da.asarray(x)
        shape = (self.shape[1],) if data.ndim == 1 else self.dims
        model = method(self.twin, "inverse", self.dims, self.dimsd)(data.reshape(self.dimsd), self.dtype)
        return compute_if(model.reshape(shape), not isinstance(x, da.Array))
