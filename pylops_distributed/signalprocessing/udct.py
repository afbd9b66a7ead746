"""Uniform discrete curvelet transform."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import dask.array as da
import pylops
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import real_type, shape_of
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory, TwinOperator, method, whole
from pylops_distributed.linearoperator.linear_map import ArrayLike as Result
from pylops_distributed.linearoperator.linear_map import compute_if

LOCAL = pylops.signalprocessing.UDCT


class UDCT(TwinOperator):
    r"""Uniform discrete curvelet transform, whole in one task, by the package curvelets.

    Coefficients :math:`c_{jlk} = \langle x, \varphi_{jlk} \rangle` with curvelets of scale :math:`j`, direction
    :math:`l` and place :math:`k`, which are a tight frame. All samples mix: PyLops' operator takes the model whole,
    on one worker.

    Parameters
    ----------
    dims : tuple of int
        Shape of the model.
    num_scales, wedges_per_direction, window_overlap, radial_frequency_params, window_threshold : optional
        Design of the frame, as the package takes it.
    high_frequency_mode : {"curvelet", "wavelet"}, optional
        Kind of the finest scale.
    transform_kind : {"real", "complex"}, optional
        Type of the model.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    NotImplementedError
        If the package is not installed.

    See Also
    --------
    pylops.signalprocessing.UDCT : the local operator.

    References
    ----------
    .. [1] Nguyen, T. T., and H. Chauris, 2010, Uniform discrete curvelet transform: IEEE Transactions on Signal
       Processing, 58, 3618-3634, doi:10.1109/TSP.2010.2047666.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.signalprocessing.udct import UDCT
    >>> (UDCT((16, 16)) @ da.ones((16, 16), chunks=8)).dtype
    dtype('complex128')
    """

    workspace = 6.0

    from_twin = ("transform",)

    def __init__(
        self,
        dims: Iterable[int],
        num_scales: int | None = None,
        wedges_per_direction: int | None = None,
        window_overlap: float | None = None,
        radial_frequency_params: tuple[float, float, float, float] | None = None,
        window_threshold: float = 1e-5,
        high_frequency_mode: Literal["curvelet", "wavelet"] = "curvelet",
        transform_kind: Literal["real", "complex"] = "real",
        dtype: DTypeLike = "complex128",
        name: str | None = "C",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        model = shape_of(dims)
        options: dict[str, Any] = {
            "dims": model, "num_scales": num_scales, "wedges_per_direction": wedges_per_direction,
            "window_overlap": window_overlap, "radial_frequency_params": radial_frequency_params,
            "window_threshold": window_threshold, "high_frequency_mode": high_frequency_mode,
            "transform_kind": transform_kind, "dtype": dtype,
        }  # fmt: skip
        self.twin = OperatorFactory(LOCAL, options)
        data = shape_of(self.twin.build().dimsd)
        kind = real_type(dtype) if transform_kind == "real" else dtype
        super().__init__(
            *whole(self.twin, model, data), model, data, dtype=dtype, dtypes=(kind, dtype),
            clinear=transform_kind != "real", compute=compute, name=name,
        )  # fmt: skip

    def inverse(self, x: object) -> Result:
        """The model, of shape ``(shape[1],)``, that has coefficients of shape ``(shape[0],)``."""
        model = method(self.twin, "inverse", self.dims, self.dimsd)(da.asarray(x), self.domain.dtype)
        return compute_if(model.reshape(-1), not isinstance(x, da.Array))
