"""Least-squares migration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import dask.array as da
from numpy.typing import ArrayLike

from pylops_distributed.lift.arguments import one_of
from pylops_distributed.optimization.basesolver import renamed
from pylops_distributed.optimization.basic import cgls
from pylops_distributed.utils.dottest import dottest as run_dottest
from pylops_distributed.waveeqprocessing.kirchhoff import Kirchhoff


class LSM:
    r"""Image of reflectors from seismic traces by inverting demigration.

    Finds the image :math:`\mathbf m` that minimises :math:`\|\mathbf d - \mathbf L \mathbf m\|^2`, with
    :math:`\mathbf L` the operator of :class:`Kirchhoff` modelling.

    Parameters
    ----------
    z, x, t, srcs, recs, vel, wav, wavcenter, y : optional
        As of :class:`Kirchhoff`.
    kind : {"kirchhoff"}, optional
        Modelling operator. PyLops' ``twowayac`` needs an engine that this library does not wrap yet.
    dottest : bool, optional
        Test the operator first, which evaluates it.
    **kwargs_mod
        Further arguments of :class:`Kirchhoff`.

    Attributes
    ----------
    Demop : Kirchhoff
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
        vel: Any,
        wav: ArrayLike,
        wavcenter: int,
        y: ArrayLike | None = None,
        kind: Literal["kirchhoff"] = "kirchhoff",
        dottest: bool = False,
        **kwargs_mod: Any,
    ) -> None:
        one_of("kind", kind, ("kirchhoff",))
        self.Demop = Kirchhoff(z, x, t, srcs, recs, vel, wav, wavcenter, y=y, **kwargs_mod)
        if dottest:
            run_dottest(self.Demop, raiseerror=True, verb=True)

    def solve(self, d: Any, solver: Callable[..., Any] = cgls, **kwargs_solver: Any) -> da.Array:
        """The image that explains the data best.

        Parameters
        ----------
        d : array
            Data, of shape ``(ns, nr, nt)`` or flat.
        solver : callable, optional
            Solver ``solver(Op, d, **kwargs_solver)`` whose first result is the model.
        **kwargs_solver
            Its keyword arguments; ``iter_lim`` is ``niter``.

        Returns
        -------
        dask.array.Array
            Image, of shape ``(nx, nz)`` or ``(ny, nx, nz)``.
        """
        data = da.asarray(d).reshape(self.Demop.dimsd)
        image = da.asarray(solver(self.Demop, data, **renamed(kwargs_solver))[0])
        return image.reshape(self.Demop.image)
