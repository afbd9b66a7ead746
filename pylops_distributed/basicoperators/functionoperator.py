"""Functions as operators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.operator import LeadingAxesRule
from pylops_distributed.graph.purity import detached, guarded, read_only
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import NDArray


class FunctionOperator(LinearOperator):
    r"""A linear function of a vector as an operator, with another function as its adjoint.

    Forward :math:`\mathbf y = f(\mathbf x)`, adjoint :math:`\mathbf x = f_c(\mathbf y)`. A function of NumPy
    vectors takes the vector whole, in one task; with ``chunked`` it takes, and must lazily return, Dask arrays.

    Parameters
    ----------
    f : callable
        Function for the forward.
    *args
        ``n``, ``n, m``, ``fc, n`` or ``fc, n, m``: function for the adjoint, number of data samples, and of
        model samples where they differ.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunked : bool, optional
        The functions work on Dask arrays.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If there are other arguments.
    NotImplementedError
        If the adjoint is applied and there is none.

    See Also
    --------
    pylops.FunctionOperator

    References
    ----------
    .. [1] Ravasi, M., and I. Vasconcelos, 2020, PyLops - A linear-operator Python library for scalable algebra and
       optimization: SoftwareX, 11, 100361, doi:10.1016/j.softx.2019.100361.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed import FunctionOperator
    >>> (FunctionOperator(np.flip, np.flip, 3) @ da.arange(3.0)).compute()
    array([2., 1., 0.])
    """

    follows = (True, True)

    def __init__(
        self,
        f: Callable[..., object],
        *args: Any,
        dtype: DTypeLike = "float64",
        name: str | None = "F",
        chunked: bool = False,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        fc, sizes = (args[0], args[1:]) if args and callable(args[0]) else (None, args)
        if len(sizes) not in (1, 2):
            raise ValueError(f"expected n; n, m; fc, n; or fc, n, m, got {args}")
        self.f, self.fc, self.chunked = f, fc, chunked
        super().__init__(
            domain=Space.of(sizes[-1], dtype), codomain=Space.of(sizes[0], dtype), compute=compute, name=name
        )

    def _matvec(self, x: da.Array) -> da.Array:
        return self._call(self.f, x, self.codomain.size)

    def _rmatvec(self, y: da.Array) -> da.Array:
        if self.fc is None:
            raise NotImplementedError(f"Adjoint not implemented: {self!r} was given no function for it")
        return self._call(self.fc, y, self.domain.size)

    def _call(self, function: Callable[..., object], x: da.Array, n: int) -> da.Array:
        if self.chunked:
            return da.asarray(function(guarded(x)))
        return LeadingAxesRule(partial(_flat, function=function), 1, (n,))(x, self.result_dtype(x.dtype))


def _flat(block: NDArray, function: Callable[..., Any]) -> NDArray:
    """Result of a function of a vector, which may have more axes."""
    flat: NDArray = np.ravel(detached(function(read_only(block))))
    return flat
