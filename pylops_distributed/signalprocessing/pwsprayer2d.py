"""Spreading of panels along slopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator
from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, whole


class PlaneWaveOperator(BlockwiseOperator):
    """PyLops' operator on a whole panel with local slopes: what spreading and smoothing share.

    Parameters are those of :class:`PWSprayer2D`.
    """

    local: ClassVar[type[pylops.LinearOperator]]
    follows = (True, True)

    def __init__(
        self,
        dims: Iterable[int],
        sigma: ArrayLike,
        radius: int = 8,
        alpha: float = 0.9,
        dtype: DTypeLike = "float64",
        name: str | None = "P",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        if len(model) != 2:
            raise ValueError(f"dims must be two, got {model}")
        options: dict[str, Any] = {
            "dims": model, "sigma": np.asarray(sigma), "radius": radius, "alpha": alpha, "dtype": dtype,
        }  # fmt: skip
        rules = whole(OperatorFactory(self.local, options), model, model)
        super().__init__(*rules, model, model, dtype=dtype, compute=compute, name=name)


class PWSprayer2D(PlaneWaveOperator):
    r"""Spreading of a panel along local slopes by plane-wave prediction, whole in one task.

    Forward :math:`\mathbf y = \sum_{|k| \le r} \alpha^{|k|} P^k \mathbf x`, with :math:`P^k` the prediction of traces
    from those :math:`k` further on along the slopes; adjoint, its transpose. Each trace needs the one before:
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
    pylops.signalprocessing.PWSprayer2D : the local operator.

    References
    ----------
    .. [1] Fomel, S., 2010, Predictive painting of 3D seismic volumes: Geophysics, 75, A25-A30,
       doi:10.1190/1.3453847.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.signalprocessing.pwsprayer2d import PWSprayer2D
    >>> (PWSprayer2D((5, 4), np.zeros((5, 4)), radius=1) @ da.ones((5, 4), chunks=2)).shape
    (5, 4)
    """

    local = pylops.signalprocessing.PWSprayer2D
