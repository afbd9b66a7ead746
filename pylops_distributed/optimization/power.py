r"""The eigenvalue of largest magnitude, by power iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import dask.array as da
import numpy as np

from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.optimization.bidiagonal import unit
from pylops_distributed.optimization.fuse import number, real_dtype
from pylops_distributed.optimization.state import Reason, State, Takes, scalar
from pylops_distributed.space import AnySpace, Blocks, BlockSpace, Vector, norm, vdot


@dataclass(frozen=True)
class PowerIterationState(State):
    """State of :class:`PowerIteration`; ``x`` has norm one."""

    history: ClassVar[tuple[str, ...]] = ("size",)

    eigenvalue: Any = scalar("eigenvalue")
    size: Any = scalar("size")
    change: Any = scalar("change")


@dataclass(frozen=True)
class PowerIteration:
    """Power iteration on a square operator, with one forward a step.

    Parameters
    ----------
    niter : int
        Maximum number of iterations.
    tol : float
        Stop when the eigenvalue changes by less than this part of itself.

    Notes
    -----
    As :func:`pylops.optimization.eigs.power_iteration`. Golub and Van Loan, 2013, Matrix Computations, 7.3.1.
    """

    niter: int = 50
    tol: float = 1e-5

    state: ClassVar[type[PowerIterationState]] = PowerIterationState
    takes: ClassVar[Takes] = None

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> PowerIterationState:
        """State before the first step, lazily; the start is ``x0`` or else ``y``."""
        if op.shape[0] != op.shape[1]:
            raise ValueError(f"power iteration needs a square operator, got {op!r}")
        x = op.domain.fit(y if x0 is None else x0)
        x = unit(x, norm(x))
        real = real_dtype(x)
        return PowerIterationState(0, x, vdot(x, x) * 0, number(0, real), number(np.inf, real))

    def step(self, op: LinearOperator, y: Vector, state: PowerIterationState) -> PowerIterationState:
        """State after one more step, lazily."""
        image = op.apply(state.x)
        value = vdot(state.x, image)
        x = unit(image, norm(image))
        change = abs(value - state.eigenvalue)
        return PowerIterationState(state.iteration + 1, x, value, abs(value), change)

    def done(self, state: PowerIterationState) -> Reason | None:
        """Why to stop at a computed state, or None to go on."""
        # The eigenvalue of the step before is as large as this one, up to the change that is compared.
        if state.iteration > 1 and float(state.change) < self.tol * float(state.size):
            return Reason.CONVERGED
        return Reason.NITER if state.iteration >= self.niter else None


def largest_eigenvalue(op: LinearOperator, like: Vector, **settings: Any) -> Any:
    """Magnitude of the largest eigenvalue as a lazy 0-d array, after all ``niter`` steps."""
    from pylops_distributed.optimization.solver import unroll  # the drivers build on the algorithms

    solver = PowerIteration(**settings)
    return unroll(solver, op, noise(op.domain, op.dtype, like), solver.niter).size


def noise(space: AnySpace, dtype: Any, like: Vector | None = None, offset: int = 0) -> Any:
    """A vector of fixed numbers between 0 and 1 (and as many imaginary ones) that look random.

    They depend on the position alone, so that every chunking gives the same.
    """
    if isinstance(space, BlockSpace):
        starts = np.cumsum([offset, *(s.size for s in space.spaces)])
        likes = like.arrays if isinstance(like, Blocks) else (None,) * len(space.spaces)
        return Blocks(
            tuple(noise(s, dtype, m, int(k)) for s, m, k in zip(space.spaces, likes, starts, strict=False))
        )
    chunks = space.chunks or (like.chunks if isinstance(like, da.Array) else "auto")
    chunks = da.core.normalize_chunks(chunks, space.shape, dtype=dtype)
    axes = tuple(range(len(space.shape)))
    strides = [int(np.prod(space.shape[a + 1 :], dtype=np.int64)) for a in axes]
    pairs = [p for a in axes for p in (da.arange(space.shape[a], chunks=(chunks[a],)) * strides[a], (a,))]
    kind = np.result_type(np.float32, dtype)
    return da.blockwise(
        _noise, axes, *pairs, offset=offset, kind=kind, dtype=kind, meta=np.zeros((0,) * len(axes), kind)
    )


def _noise(*positions: Any, offset: int, kind: np.dtype[Any]) -> Any:
    index = sum(np.ix_(*positions)[1:], start=np.ix_(*positions)[0]) + offset
    values = _mixed(index, 0x9E3779B97F4A7C15)
    return (values + 1j * _mixed(index, 0xD1B54A32D192ED03) if kind.kind == "c" else values).astype(kind)


def _mixed(index: Any, increment: int) -> Any:
    """Numbers from 0 to 1 of the splitmix64 sequence (Steele et al., 2014, doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        bits = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(increment)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(11)).astype(float) / 2.0**53
