r"""Iterative shrinkage-thresholding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np

from pylops_distributed.execution.state import Reason, State, scalar
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.algorithms.power import largest_eigenvalue
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm
from pylops_distributed.vectors.elementwise import (
    distance,
    elementwise,
    norm1,
    scalar_array,
    scalar_kind,
    scalars,
    zero_model,
)
from pylops_distributed.vectors.thresholding import KINDS, Kind, threshold
from pylops_distributed.vectors.types import NDArray, Scalar

if TYPE_CHECKING:
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class ISTAState(State):
    """State of :class:`ISTA`; ``cost`` is infinite before the first step, for it costs a pass."""

    kind: ClassVar[str] = "ISTAState"
    history: ClassVar[tuple[str, ...]] = ("cost", "xupdate")

    alpha: Any = scalar("alpha", "never")
    count: Any = scalar("count")
    normres: Any = scalar("normres")
    grown: Any = scalar("grown")
    # May overflow: a solve that diverges ends with the cost, as in PyLops, which does so a step later.
    xupdate: Any = scalar("xupdate", "always")
    cost: Any = scalar("cost")


@dataclass(frozen=True)
class ISTA:
    r"""Iterative shrinkage-thresholding, with one forward and one adjoint a step.

    Minimises :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon\|\mathbf{S}^H\mathbf{x}\|_p^p`.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    eps : float
        Weight :math:`\epsilon` of the sparsity term.
    alpha : float, optional
        Step, below the inverse of the largest eigenvalue of :math:`\mathbf{Op}^H\mathbf{Op}`; by default that
        inverse, found by power iteration before the first step.
    tol : float
        Stop when the norm of the update is not above this value.
    threshkind : str
        One of :data:`~pylops_distributed.vectors.thresholding.KINDS`.
    perc : float, optional
        For the percentile kinds, how many percent of the coefficients are kept.
    decay : tuple of float, optional
        Factors of the threshold, one an iteration; beyond the last, the last.
    monitorres : bool
        Raise an error when the norm of the residual grows.
    SOp : LinearOperator, optional
        Sparsifying transform :math:`\mathbf{S}`, from coefficients to models.
    eigsdict : mapping, optional
        Settings of the power iteration, ``niter`` and ``tol``.

    Raises
    ------
    ValueError
        If the kind is unknown or its percentile missing.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.ISTA`. Daubechies et al., 2004, doi:10.1002/cpa.20042.
    """

    niter: int = 10
    eps: float = 0.1
    alpha: float | None = None
    tol: float = 1e-10
    threshkind: Kind = "soft"
    perc: float | None = None
    decay: tuple[float, ...] | None = None
    monitorres: bool = False
    SOp: LinearOperator | None = None
    eigsdict: Mapping[str, Any] = field(default_factory=dict)

    state: ClassVar[type[ISTAState]] = ISTAState

    def __post_init__(self) -> None:
        if self.threshkind not in KINDS:
            raise ValueError(f"`threshkind` must be one of {', '.join(KINDS)}, got {self.threshkind!r}")
        if self.threshkind.endswith("percentile") and self.perc is None:
            raise ValueError(f"Provide a percentile perc for {self.threshkind} thresholding")

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> ISTAState:
        """State before the first step, lazily."""
        x = zero_model(op, op.apply_adjoint(y)) if x0 is None else op.domain.fit(x0)
        return ISTAState(0, x, **self.begin(op, x))

    def step(self, op: LinearOperator, y: Vector, state: ISTAState) -> ISTAState:
        """State after one more step, lazily."""
        residual = y - op.apply(state.x)
        misfit = squared_norm(residual)
        x = self.shrink(op, state.x, residual, state)
        return ISTAState(state.iteration + 1, x, **self.measure(state, x, misfit, misfit))

    def done(self, state: ISTAState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue.

        Raises
        ------
        ValueError
            If the residual is monitored and has grown.
        """
        if self.monitorres and state.grown:
            raise ValueError(
                f"{type(self).__name__} stopped at iteration {state.iteration} due to residual increasing: "
                "change eps or alpha"
            )
        if float(state.xupdate) <= self.tol:
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None

    def begin(self, op: LinearOperator, x: Vector) -> dict[str, da.Array]:
        """Scalars before the first step to a model of shape ``op.dims``, each a 0-d array by its name."""
        real = scalar_kind(x)
        if self.alpha is not None:
            alpha = scalar_array(self.alpha, real)
        else:
            alpha = safe_divide(scalar_array(1, real), largest_eigenvalue(op.H @ op, x, **self.eigsdict))
        unknown = dict.fromkeys(("normres", "xupdate", "cost"), scalar_array(np.inf, real))
        return {"alpha": alpha, "count": scalar_array(0, real), "grown": scalar_array(0, real), **unknown}

    def shrink(self, op: LinearOperator, point: Vector, residual: Vector, state: ISTAState) -> Vector:
        """The model, shaped like ``point``, after a gradient step from there and the thresholding of coefficients."""
        moved = axpy(state.alpha, op.apply_adjoint(residual), point)
        coefficients = moved if self.SOp is None else self.SOp.apply_adjoint(moved)
        if self.threshkind.endswith("percentile"):
            assert self.perc is not None  # checked when the settings were made
            shrunk = threshold(coefficients, self.threshkind, 100 - self.perc)
        else:
            weight = elementwise(
                _weight, state.alpha, state.count, self.eps, self.decay, dtype=state.alpha.dtype
            )
            shrunk = threshold(coefficients, self.threshkind, weight)
        return shrunk if self.SOp is None else self.SOp.apply(shrunk)

    def measure(self, state: ISTAState, x: Vector, monitored: Scalar, misfit: Scalar) -> dict[str, da.Array]:
        """0-d arrays after a step to ``x``, of the shape of ``state.x``: from squared norms to watch and to count."""
        measures = scalars(
            _measure, ("count", "normres", "grown", "cost"), state.count, state.normres, monitored, misfit,
            norm1(x), settings=(self.eps,), dtype=scalar_kind(x),
        )  # fmt: skip
        return {"alpha": state.alpha, "xupdate": distance(x, state.x), **measures}


def _weight(alpha: NDArray, count: NDArray, eps: float, decay: tuple[float, ...] | None) -> NDArray:
    factor = 1.0 if decay is None else float(decay[min(int(count), len(decay) - 1)])
    return (0.5 * eps * factor * alpha).astype(alpha.dtype)


def _measure(
    eps: float, count: NDArray, before: NDArray, monitored: NDArray, misfit: NDArray, size: NDArray
) -> tuple[object, ...]:
    normres = np.sqrt(monitored)
    return count + 1, normres, float(normres > before), 0.5 * misfit + eps * size
