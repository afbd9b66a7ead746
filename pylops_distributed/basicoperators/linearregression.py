"""Straight lines at given positions."""

from __future__ import annotations

from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.regression import Regression


class LinearRegression(Regression):
    r"""Values of a straight line at given positions, from its intercept and gradient.

    Forward :math:`y_i = x_0 + x_1 t_i`, adjoint :math:`x_0 = \sum_i y_i` and :math:`x_1 = \sum_i t_i y_i`.

    Parameters
    ----------
    taxis : array
        Positions, of shape ``(n,)``; a chunked array is read only when computing.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    ValueError
        If ``taxis`` is not one-dimensional.

    See Also
    --------
    pylops.LinearRegression

    References
    ----------
    .. [1] Aster, R. C., B. Borchers, and C. H. Thurber, 2018, Parameter estimation and inverse problems, 3rd ed.:
       Elsevier.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import LinearRegression
    >>> (LinearRegression(da.arange(4, chunks=2)) @ da.array([1.0, 2.0])).compute()
    array([1., 3., 5., 7.])
    """

    def __init__(
        self,
        taxis: object,
        dtype: DTypeLike = "float64",
        name: str | None = "L",
        *,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        super().__init__(taxis, order=1, dtype=dtype, name=name, compute=compute)
