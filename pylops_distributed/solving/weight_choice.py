r"""The weight of any regularisation by the discrepancy principle: a few solves, each from the model before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask
import numpy as np

from pylops_distributed.linearoperator.operator import aslinearoperator
from pylops_distributed.optimization.noise_stop import NoiseStop
from pylops_distributed.optimization.numerics.systems import regularized_system, vector_of
from pylops_distributed.solving.front_door import solve
from pylops_distributed.vectors.arithmetic import norm
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.solving.solve_result import SolveResult
    from pylops_distributed.vectors.space import VectorLike

REACH = 1e8  # of weights, above and below the first
STRIDE = math.log(10)  # between weights until one is on either side
SolveAt = Callable[[float, Any, int], Any]


@dataclass(frozen=True, eq=False)
class WeightChoice:
    """A weight that was chosen, with its model.

    Attributes
    ----------
    x : numpy.ndarray, dask.array.Array or BlockVector
        The model.
    weight : float
        The weight.
    target : float
        Norm of the residual that was looked for.
    reached : bool
        Whether the residual is that; if not, no weight within reach has it, and the nearest one is taken.
    weights, residuals : numpy.ndarray
        All weights that were tried, in order, and the norms of their residuals.
    iterations : int
        Steps of all solves.
    """

    x: Any
    weight: float
    target: float
    reached: bool
    weights: NDArray = field(repr=False)
    residuals: NDArray = field(repr=False)
    iterations: int = 0


def choose_weight(
    op: LinearOperator,
    y: VectorLike,
    Regs: Sequence[LinearOperator] | LinearOperator | None = None,
    *,
    noise: float,
    tau: float = 1.0,
    start: float = 1.0,
    ratios: Sequence[float] | None = None,
    solve_at: SolveAt | None = None,
    rtol: float = 0.01,
    most: int = 20,
    niter: int = 200,
    checkpoint: str | Path | None = None,
) -> WeightChoice:
    r"""Find the weight for which the residual is as large as the noise, of one or several regularisation terms.

    Of :math:`\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|^2+\lambda^2\sum_i\rho_i^2\|\mathbf{R}_i\mathbf{x}\|^2`, or of any
    other objective whose model ``solve_at`` finds, such as one with an L1 norm or total variation.

    Parameters
    ----------
    op : LinearOperator
        Operator, of this library or of PyLops.
    y : array_like, dask.array.Array or BlockVector
        Data, flat or shaped like ``op.dimsd``.
    Regs : list of LinearOperator, optional
        Regularisation operators :math:`\mathbf{R}_i`.
    noise : float
        Standard deviation of a sample's noise, in the units of the data.
    tau : float, optional
        Safety factor of the noise.
    start : float, optional
        First weight.
    ratios : list of float, optional
        Weights :math:`\rho_i` of the terms relative to each other; one each if not given.
    solve_at : callable, optional
        In place of ``Regs``: from a weight, a model to begin with (None at first) and the number of the solve, to a
        :class:`~pylops_distributed.solving.solve_result.SolveResult` or a model.
    rtol : float, optional
        How close the norm of the residual comes to that of the noise, relative to it.
    most : int, optional
        Most solves.
    niter : int, optional
        Most steps of a solve with ``Regs``.
    checkpoint : str or Path, optional
        Folder of the checkpoints of the solves with ``Regs``: the same call, after a kill, reads those that have ended,
        resumes the one that has not, and ends with the same bits.

    Returns
    -------
    WeightChoice
        With ``x``, ``weight``, and all ``weights`` with their ``residuals``.

    Raises
    ------
    ValueError
        If neither or both of ``Regs`` and ``solve_at`` are given, or a number is not above zero.

    Notes
    -----
    The residual grows with the weight (for convex objectives). Its logarithm over that of the weight is bracketed, in
    strides of ten, and its root found by regula falsi with the Illinois rule (Dowell and Jarratt, 1971,
    doi:10.1007/BF01934364). Where solves are not exact, so that an end of the bracket turns out wrong, it is looked for
    anew, in shorter strides. One weight alone can be found so: of several terms the ``ratios`` are given.

    Examples
    --------
    >>> import numpy as np
    >>> import pylops_distributed as pld
    >>> truth = np.sin(np.arange(80) / 9)
    >>> y = truth + 0.1 * np.random.default_rng(0).standard_normal(80)
    >>> choice = pld.choose_weight(pld.Identity(80), y, [pld.SecondDerivative(80)], noise=0.1)
    >>> bool(np.std(choice.x - truth) < 0.08), choice.reached
    (True, True)
    """
    operator: Any = aslinearoperator(op)
    if (Regs is None) == (solve_at is None):
        raise ValueError(
            "choose_weight needs either Regs, the regularisation operators, or solve_at, a function"
        )
    if not start > 0:
        raise ValueError(f"start must be a weight above 0, got {start!r}")
    terms: Any = Regs if isinstance(Regs, list | tuple) else [Regs]
    solves = solve_at or _tikhonov(operator, y, terms, ratios, niter, checkpoint)
    stop = NoiseStop.of(vector_of(y, operator.codomain), noise, tau)
    search = _Search(operator, y, solves, stop.target, rtol, most)
    search.run(math.log(start))
    return search.choice()


def _tikhonov(
    op: LinearOperator, y: VectorLike, terms: Sequence[LinearOperator], ratios: Sequence[float] | None, niter: int,
    checkpoint: str | Path | None,
) -> SolveAt:  # fmt: skip
    """Solves of the system stacked on the terms, by LSQR."""
    rho = [1.0] * len(terms) if ratios is None else list(ratios)

    def solve_at(weight: float, x0: object, number: int) -> SolveResult:
        system, data = regularized_system(op, y, terms, epsRs=[weight * r for r in rho])
        place = None if checkpoint is None else f"{str(checkpoint).rstrip('/')}/weight-{number:02d}.zarr"
        settings: Any = {"atol": 1e-7, "btol": 1e-7, "conlim": 0.0, "calc_var": False}
        return solve(system, data, "lsqr", x0, niter=niter, checkpoint=place, progress=False, **settings)

    return solve_at


@dataclass
class _Bracket:
    """Logarithms of weights on either side of a root, with their gaps; which side came last."""

    low: tuple[float, float] = (-math.inf, 0.0)
    high: tuple[float, float] = (math.inf, 0.0)
    side: int = 0

    def take(self, t: float, gap: float) -> None:
        """Move an end; the other's gap is halved where it was left twice, or it would stay for ever."""
        if gap < 0:  # the residual is too small, and so is the weight
            self.high = (self.high[0], self.high[1] / 2) if self.side < 0 else self.high
            self.low, self.side = (t, gap), -1
        else:
            self.low = (self.low[0], self.low[1] / 2) if self.side > 0 else self.low
            self.high, self.side = (t, gap), 1

    @property
    def width(self) -> float:
        """Distance of the ends."""
        return self.high[0] - self.low[0]

    def root(self) -> float:
        """Where the line between both ends is zero."""
        (a, below), (b, above) = self.low, self.high
        return (a * above - b * below) / (above - below)


class _Search:
    """The search for a weight: all that was tried, and the two weights between which the root lies."""

    def __init__(
        self, op: LinearOperator, y: VectorLike, solve_at: SolveAt, target: float, rtol: float, most: int
    ) -> None:
        self.op, self.data, self.solve_at = op, vector_of(y, op.codomain), solve_at
        self.target, self.rtol, self.most = target, rtol, most
        self.weights: list[float] = []
        self.residuals: list[float] = []
        self.iterations = 0
        self.newest: object = None
        self.best: object = None

    def run(self, first: float) -> None:
        """Bracket the root from the logarithm of a first weight, and close in on it."""
        t, ends, stride = first, _Bracket(), STRIDE
        while len(self.weights) < self.most:
            gap = self.gap(t)
            if abs(gap) <= self.rtol or abs(t - first) > math.log(REACH):
                return
            ends.take(t, gap)
            if ends.width < self.rtol / 2:  # it holds no root: its solves were not exact
                ends, stride = _Bracket(), STRIDE / 5
                ends.take(t, gap)
            t = t - math.copysign(stride, gap) if math.isinf(ends.width) else ends.root()

    def gap(self, t: float) -> float:
        """Logarithm of the residual of a weight over the target."""
        weight = math.exp(t)
        result = self.solve_at(weight, self.newest, len(self.weights))
        x: Any = getattr(result, "x", result)
        self.iterations += int(getattr(result, "iteration", 0))
        (size,) = dask.compute(norm(self.data - self.op.apply(vector_of(x, self.op.domain))))
        self.weights.append(weight)
        self.residuals.append(float(size))
        gaps = [abs(self._off(k)) for k in range(len(self.weights))]
        self.best = x if gaps[-1] <= min(gaps) else self.best
        self.newest = x
        return self._off(-1)

    def _off(self, k: int) -> float:
        return math.log(max(self.residuals[k], 1e-300) / self.target)

    def choice(self) -> WeightChoice:
        """The weight whose residual is nearest to the target."""
        gaps = [abs(self._off(k)) for k in range(len(self.weights))]
        k = max(n for n, gap in enumerate(gaps) if gap == min(gaps))
        return WeightChoice(
            self.best, self.weights[k], self.target, gaps[k] <= self.rtol, np.array(self.weights),
            np.array(self.residuals), self.iterations,
        )  # fmt: skip
