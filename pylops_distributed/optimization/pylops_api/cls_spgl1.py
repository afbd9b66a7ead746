"""Class of basis pursuit denoising, with the methods of PyLops' class."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pylops_distributed.execution.state import Reason, reason_to_stop
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.algorithms import spgl1
from pylops_distributed.optimization.basesolver import Solver
from pylops_distributed.vectors.space import Space, Vector, VectorLike, reshape
from pylops_distributed.vectors.types import Settings


class SPGL1(Solver):
    """Spectral projected gradients for L1 problems.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.spgl1.SPGL1`.
    """

    algorithm: ClassVar[Any] = spgl1.SPGL1
    tracked: ClassVar[dict[str, str]] = {
        "cost": "rnorm",
        "_niters": "niters",
        "_xnorm": "xnorm",
        "_gnorm": "gnorm",
    }
    columns: ClassVar[dict[str, str]] = {"r2norm": "rnorm", "gap": "rgap", "gnorm": "gnorm", "tau": "tau"}

    def setup(
        self,
        y: VectorLike,
        SOp: LinearOperator | None = None,
        tau: float = 0.0,
        sigma: float = 0.0,
        show: bool = False,
    ) -> None:
        """Keep the settings."""
        self.y, self.tau, self.sigma, self._show = y, tau, sigma, show
        self.SOp = None if SOp is None else aslinearoperator(SOp)

    def step(self, *_: object, **__: object) -> None:
        """Not there, as in PyLops: use run or solve."""
        raise NotImplementedError("SPGL1 has no step: use run or solve")

    def run(
        self, x: VectorLike | None, show: bool = False, **kwargs_spgl1: object
    ) -> tuple[Vector, Vector, Settings]:
        """Steps from coefficients ``x`` until done; returns the model, its coefficients and the solver's numbers."""
        op = self.Op if self.SOp is None else self.Op @ self.SOp.H
        machine = self.algorithm(self.tau, self.sigma, **kwargs_spgl1)
        p = self.begin(machine, self.y, x, None, self._show, op)
        self.reason = reason_to_stop(machine, self.state)
        try:
            if self.reason is None and self.unwatched(show):
                p = self.in_batches(p, machine)
            while self.reason is None:
                p = self.advance(p, show)
                self.callback(p)
                self.reason = reason_to_stop(machine, self.state)
        finally:
            self.leave()
        if self.reason is Reason.NOT_FINITE:
            p = self._nan_model()
        model = self.state.x if self.SOp is None else self.SOp.apply_adjoint(self.state.x)
        return super().shaped(model), p, self._info()

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, SOp: LinearOperator | None = None, tau: float = 0.0,
        sigma: float = 0.0,
        show: bool = False, **kwargs_spgl1: object,
    ) -> tuple[Vector, Vector, Settings]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.spgl1` returns."""
        self.setup(y=y, SOp=SOp, tau=tau, sigma=sigma, show=show)
        xinv, pinv, info = self.run(x0, show=show, **kwargs_spgl1)
        self.finalize(show)
        return xinv, pinv, info

    def shaped(self, x: Vector) -> Vector:
        """Coefficients in the layout that the data came in: those of ``SOp``, where there is one."""
        if self.SOp is None or self._flat or self.flat is None:
            return super().shaped(x)
        return reshape(x, Space(self.SOp.dimsd, self.SOp.dtype))

    def _info(self) -> Settings:
        """The original's numbers, with a trial of the line search counted as one product with each operator."""
        state = self.state
        collected = vars(self)
        _, first = np.unique(collected["_niters"], return_index=True)
        curves = {"rnorm2": collected["cost"], "xnorm1": collected["_xnorm"], "lambdaa": collected["_gnorm"]}
        return {
            "stat": int(state.stat), "niters": int(state.niters), "n_newton": int(state.newton),
            "nprodA": state.iteration + 1, "nprodAt": state.iteration + 1,
            **{name: float(getattr(state, name)) for name in ("tau", "rnorm", "rgap", "gnorm")},
            **{name: np.array(curve)[first][: int(state.niters)] for name, curve in curves.items()},
        }  # fmt: skip
