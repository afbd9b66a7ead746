"""Least-squares migration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike

from pylops_distributed.blockwise.arguments import one_of
from pylops_distributed.optimization.pylops_api.scipy_engine import call, lsqr
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.vectors.namespace import of_one_kind
from pylops_distributed.vectors.space import one_array
from pylops_distributed.vectors.types import NDArray, Settings
from pylops_distributed.waveeqprocessing.kirchhoff import Kirchhoff
from pylops_distributed.waveeqprocessing.twoway import AcousticWave2D

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


class LSM:
    r"""Image of reflectors from seismic traces by inverting demigration.

    Finds the image :math:`\mathbf m` that minimises :math:`\|\mathbf d - \mathbf L \mathbf m\|^2`, with
    :math:`\mathbf L` an operator that models scattered waves.

    Parameters
    ----------
    z, x, t, srcs, recs, vel, wav, wavcenter, y : optional
        As of :class:`Kirchhoff`. The kind ``twowayac`` models from the time ``t[0]`` to ``len(t)``, in milliseconds,
        with its internal wavelet.
    kind : {"kirchhoff", "twowayac"}, optional
        Modelling operator: :class:`Kirchhoff` or :class:`AcousticWave2D`.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    **kwargs_mod
        Further arguments of the operator.

    Attributes
    ----------
    Demop : LinearOperator
        The modelling operator.

    Raises
    ------
    ValueError
        If ``kind`` is unknown.

    See Also
    --------
    pylops.waveeqprocessing.LSM

    References
    ----------
    .. [1] Nemeth, T., C. Wu, and G. T. Schuster, 1999, Least-squares migration of incomplete reflection data:
       Geophysics, 64, 208-221, doi:10.1190/1.1444517.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from pylops_distributed.waveeqprocessing.lsm import LSM
    >>> z, x, t = np.arange(4.0), np.arange(5.0), np.arange(9) * 0.002
    >>> points = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    >>> lsm = LSM(z, x, t, points, points, 1000.0, np.ones(3), 1, mode="analytic")
    >>> lsm.solve(lsm.Demop @ da.ones((5, 4)), niter=2).shape
    (5, 4)
    """

    def __init__(
        self,
        z: ArrayLike,
        x: ArrayLike,
        t: ArrayLike,
        srcs: ArrayLike,
        recs: ArrayLike,
        vel: float | ArrayLike,
        wav: ArrayLike,
        wavcenter: int,
        y: ArrayLike | None = None,
        kind: Literal["kirchhoff", "twowayac"] = "kirchhoff",
        dottest: bool = False,
        **kwargs_mod: Any,
    ) -> None:
        one_of("kind", kind, ("kirchhoff", "twowayac"))
        self.Demop: LinearOperator = (
            Kirchhoff(z, x, t, srcs, recs, vel, wav, wavcenter, y=y, **kwargs_mod) if kind == "kirchhoff"
            else _twoway([np.asarray(a) for a in (z, x, t)], np.asarray(srcs), np.asarray(recs), vel, kwargs_mod)
        )  # fmt: skip
        if dottest:
            run_dottest(self.Demop, raiseerror=True, verb=True)

    def solve(self, d: object, solver: Callable[..., object] = lsqr, **kwargs_solver: object) -> da.Array:
        """The image that explains the data best.

        Parameters
        ----------
        d : array
            Data, of shape ``(ns, nr, nt)`` or flat.
        solver : callable, optional
            Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model, by default
            :func:`~pylops_distributed.optimization.pylops_api.scipy_engine.lsqr`. Solvers of SciPy and PyLops are
            called with
            a local operator and NumPy data.
        **kwargs_solver
            Its keyword arguments.

        Returns
        -------
        dask.array.Array
            Image, of shape ``(nx, nz)`` or ``(ny, nx, nz)``.
        """
        (data,) = of_one_kind(d)
        image: Any = call(solver, self.Demop, data.reshape(self.Demop.dimsd), kwargs_solver)
        return one_array(image.reshape(getattr(self.Demop, "image", self.Demop.dims)))


def _twoway(
    axes: list[NDArray], srcs: NDArray, recs: NDArray, vel: float | ArrayLike, options: Settings
) -> AcousticWave2D:
    """PyLops' setting of the two-way operator."""
    z, x, t = axes
    origin, spacing = (x[0], z[0]), (x[1] - x[0], z[1] - z[0])
    (sx, sz), (rx, rz) = srcs[:2], recs[:2]
    return AcousticWave2D((len(x), len(z)), origin, spacing, vel, sx, sz, rx, rz, t[0], len(t), **options)
