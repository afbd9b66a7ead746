"""Half of each sample."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator, WholeAxisRule
from pylops_distributed.blockwise.arguments import shape_of


class Halve(BlockwiseOperator):
    r"""Half of each sample: forward and adjoint are :math:`y_i = x_i / 2`.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model, and of the data.
    dtype : dtype, optional
        Type of the operator.

    See Also
    --------
    pylops.Identity

    References
    ----------
    .. [1] None.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed.basicoperators import Halve
    >>> (Halve(2) @ da.ones(2)).compute()
    array([0.5, 0.5])
    """

    def __init__(self, dims: Any, dtype: DTypeLike = "float64") -> None:
        rule = WholeAxisRule(partial(np.multiply, np.dtype(dtype).type(0.5)), ())
        super().__init__(rule, rule, shape_of(dims), dtype=dtype)
