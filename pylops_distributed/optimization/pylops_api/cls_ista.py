"""Classes of the shrinkage solvers, with the methods of PyLops' classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import fista, ista
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.optimization.eigs import largest
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.types import NDArray, Options, Results

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector, VectorLike
    from pylops_distributed.vectors.thresholding import Kind


class ISTA(Solver):
    """Iterative shrinkage-thresholding.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.ista.ISTA`.
    """

    algorithm: ClassVar[Any] = ista.ISTA
    initial: ClassVar[bool] = False
    columns: ClassVar[dict[str, str]] = {"r12norm": "cost", "xupdate": "xupdate"}

    def setup(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int | None = None, SOp: LinearOperator | None = None,
        eps: float = 0.1, alpha: float | None = None, eigsdict: Options | None = None,
        tol: float = 1e-10, threshkind: Kind = "soft", perc: float | None = None,
        decay: Sequence[float] | None = None, monitorres: bool = False, preallocate: bool = False,
        show: bool = False,
    ) -> Vector:  # fmt: skip
        """Compute the first state, and before it the step if not given; returns the model."""
        if alpha is None:
            eigenvalue = largest_of_normal(self.Op, eigsdict or {}, lazy=holds_dask(y, x0))
            if not eigenvalue:
                raise ValueError(
                    f"the largest eigenvalue of Op.H @ Op is 0 for {self.Op!r}: the operator is zero or empty, or the "
                    f"squares of its numbers underflow in {self.Op.dtype}; pass alpha, or scale the operator"
                )
            alpha = 1 / eigenvalue
        machine = self.algorithm(
            niter or 0, eps, alpha, tol, threshkind, perc, None if decay is None else tuple(map(float, decay)),
            monitorres, None if SOp is None else aslinearoperator(SOp),
        )  # fmt: skip
        return self.begin(machine, y, x0, niter, show)

    def step(self, x: VectorLike, show: bool = False) -> Results:
        """One step from model ``x``; returns the new one and the norm of the update."""
        return self.advance(x, show), float(self.state.xupdate)

    def run(
        self,
        x: VectorLike,
        niter: int | None = None,
        show: bool = False,
        itershow: Sequence[int] = (10, 10, 10),
    ) -> Vector:
        """Steps from model ``x`` until done; returns the last one."""
        result: Vector = self.iterate(x, niter, show, itershow)
        return result

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, niter: int | None = None, SOp: LinearOperator | None = None,
        eps: float = 0.1, alpha: float | None = None, eigsdict: Options | None = None,
        tol: float = 1e-10, threshkind: Kind = "soft", perc: float | None = None,
        decay: Sequence[float] | None = None, monitorres: bool = False, preallocate: bool = False,
        show: bool = False, itershow: Sequence[int] = (10, 10, 10),
    ) -> tuple[Vector, int, NDArray]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.ista` returns."""
        x = self.setup(
            y=y, x0=x0, niter=niter, SOp=SOp, eps=eps, alpha=alpha, eigsdict=eigsdict, tol=tol,
            threshkind=threshkind, perc=perc, decay=decay, monitorres=monitorres, show=show,
        )  # fmt: skip
        x = self.run(x, niter, show=show, itershow=itershow)
        self.finalize(show)
        return x, self.iiter, self.cost


class FISTA(ISTA):
    """Iterative shrinkage-thresholding with momentum.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.fista.FISTA`.
    """

    algorithm: ClassVar[Any] = fista.FISTA

    def step(  # type: ignore[override]
        self, x: VectorLike, z: VectorLike | None = None, show: bool = False
    ) -> Results:
        """One step from model ``x``; returns the new one, the next point to step from, and the update's norm.

        The point ``z`` is part of the state and need not be given; another one than the last is an error.
        """
        if z is not None and z is not getattr(self, "_z", None) and z is not self._x:
            raise ValueError("z is kept by the solver: give the one that the last step returned, or none")
        x = self.advance(x, show)
        self._z = self.shaped(self.state.z)
        return x, self._z, float(self.state.xupdate)


def largest_of_normal(op: LinearOperator, options: Options, lazy: bool) -> float:
    """The largest eigenvalue of the normal operator, as PyLops finds it.

    Of NumPy vectors by :meth:`~pylops_distributed.LinearOperator.eigs`; otherwise, as of CuPy's in PyLops, by power
    iterations, which need room for one vector.
    """
    normal = op.H @ op
    settings = {k: v for k, v in options.items() if k != "backend"}
    if lazy or normal.holds_dask:
        state = largest(normal, like=None, **{"niter": 50, "tol": 1e-5, "dtype": normal.dtype, **settings})
        return float(abs(state.eigenvalue))
    settings.pop("dtype", None)
    return float(np.abs(normal.eigs(neigs=1, symmetric=True, **settings)).max(initial=0))
