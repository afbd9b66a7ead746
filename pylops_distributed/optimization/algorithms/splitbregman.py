r"""Split Bregman iterations: least squares with L1 regularisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from math import sqrt
from typing import Any, ClassVar, NamedTuple

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.basicoperators.vstack import VStack
from pylops_distributed.execution.state import Reason, State, Takes, scalar, vector
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.optimization.numerics.recurrence import on_record
from pylops_distributed.optimization.numerics.weights import real_weight, real_weights
from pylops_distributed.vectors.arithmetic import axpy, safe_divide, squared_norm
from pylops_distributed.vectors.elementwise import (
    distance_if,
    elementwise,
    scalar_array,
    scalar_kind,
    scalars,
    square,
    step_length,
    total,
    where,
    zero_model,
)
from pylops_distributed.vectors.joint import parts
from pylops_distributed.vectors.namespace import chunked_like
from pylops_distributed.vectors.space import AnySpace, BlockVector, Vector, arrays_of, reshape
from pylops_distributed.vectors.thresholding import soft
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class SplitBregmanState(State):
    """State of :class:`SplitBregman`: ``x`` is the model of the last outer iteration, ``z`` the one inside."""

    kind: ClassVar[str] = "SplitBregmanState"
    history: ClassVar[tuple[str, ...]] = ("cost", "costdata", "update", "kold", "outer")

    z: Vector = vector("inner_model", "domain")
    c: Vector = vector("search_direction", "domain")
    s: Vector = vector("system_residual", "system")
    d: Vector = vector("split", "split")
    b: Vector = vector("bregman", "split")
    kold: Any = scalar("kold", "never")
    kfirst: Any = scalar("kfirst")
    outer: Any = scalar("outer")
    sweep: Any = scalar("sweep")
    inner: Any = scalar("inner")
    restart: Any = scalar("restart")
    cost: Any = scalar("cost", "always")
    costdata: Any = scalar("costdata", "always")
    update: Any = scalar("update", "always")


@dataclass(frozen=True)
class RestartedState(SplitBregmanState):
    """State of :class:`SplitBregman` with ``restart``: also the initial model and its image."""

    kind: ClassVar[str] = "RestartedState"
    start: Vector = vector("initial_model", "domain")
    image: Vector = vector("initial_image", "system")


@dataclass(frozen=True)
class SplitBregman:
    r"""Least squares with L1 regularisation of transformed models, one forward and one adjoint a step.

    Minimises :math:`\frac{\mu}{2}(\|\mathbf{y}-\mathbf{Op}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}\|_2^2) +
    \frac{1}{2}\sum_i\epsilon_{2,i}\|\mathbf{d}_i-\mathbf{R}_{2,i}\mathbf{x}\|_2^2 +
    \sum_i\epsilon_{1,i}^2\|\mathbf{R}_{1,i}\mathbf{x}\|_1`, whatever the initial model is.

    Parameters
    ----------
    RegsL1 : tuple of LinearOperator
        Operators :math:`\mathbf{R}_{1,i}`.
    epsRL1s : tuple of float
        Square roots :math:`\epsilon_{1,i}` of the weights.
    RegsL2 : tuple of LinearOperator
        Operators :math:`\mathbf{R}_{2,i}`.
    epsRL2s : tuple of float
        Weights :math:`\epsilon_{2,i}`.
    dataregsL2 : tuple of dask.array.Array, optional
        Data :math:`\mathbf{d}_i`, shaped like ``dimsd`` of the operators; zero if not given.
    mu : float
        Weight :math:`\mu` of the data.
    niter_outer, niter_inner : int
        Number of outer iterations, and of least-squares problems in each.
    tol : float
        Stop when the norm of an outer iteration's update is not above this value.
    tau : float
        Factor of the Bregman update.
    niter : int
        Number of CGLS iterations for each least-squares problem.
    inner_tol : float
        Stop these when the squared norm of the gradient is not above this value.
    damp : float
        Damping :math:`\epsilon` of the least-squares problems.
    restart : bool
        Begin each least-squares problem at the initial model, not at the model found last.

    Raises
    ------
    ValueError
        If operators, weights and data differ in number.

    Notes
    -----
    As :class:`pylops.optimization.cls_sparsity.SplitBregman` with ``engine="pylops"``, whose iterations, other than its
    documentation says, find the minimum for the *squares* of ``epsRL1s``: the split is weighted by
    :math:`\epsilon_{1,i}` and shrunk by :math:`\epsilon_{1,i}`. ``cost`` is PyLops', with weights of one. One machine
    for all three loops: nothing is traced anew when the split changes; a checkpoint may fall anywhere. The step that
    ends a least-squares problem applies the system to the model found instead of to a direction.
    Goldstein and Osher, 2009, doi:10.1137/080725891.
    """

    RegsL1: tuple[LinearOperator, ...]
    epsRL1s: tuple[float, ...]
    RegsL2: tuple[LinearOperator, ...] = ()
    epsRL2s: tuple[float, ...] = ()
    dataregsL2: tuple[Vector, ...] | None = None
    mu: float = 1.0
    niter_outer: int = 3
    niter_inner: int = 5
    tol: float = 1e-10
    tau: float = 1.0
    niter: int = 10
    inner_tol: float = 1e-4
    damp: float = 0.0
    restart: bool = False

    takes: ClassVar[Takes] = "terms"
    revision: ClassVar[int] = (
        2  # runs of the first one took the weights of a problem's penalties for their roots
    )
    resumable_settings: ClassVar[tuple[str, ...]] = ("niter_outer", "tol")

    def __post_init__(self) -> None:
        targets = self.RegsL2 if self.dataregsL2 is None else self.dataregsL2
        if len(self.RegsL1) != len(self.epsRL1s) or not len(self.RegsL2) == len(self.epsRL2s) == len(targets):
            raise ValueError("RegsL1, RegsL2, their weights and their data must be as many")
        for name in ("mu", "tau", "damp"):
            real_weight(name, getattr(self, name))
        for name in ("epsRL1s", "epsRL2s"):
            real_weights(name, getattr(self, name))

    @property
    def state(self) -> type[SplitBregmanState]:
        """The class of the states."""
        return RestartedState if self.restart else SplitBregmanState

    @property
    def most(self) -> int:
        """Steps at most, those inside counted."""
        return self.niter_outer * self.niter_inner * (self.niter + 1)

    def init(self, op: LinearOperator, y: Vector, x0: Vector | None = None) -> SplitBregmanState:
        """State before the first step, lazily."""
        terms = _Terms.of(self, op)
        x = zero_model(op, op.apply_adjoint(y)) if x0 is None else op.domain.fit(x0)
        image = terms.apply(x)
        split = BlockVector(tuple(elementwise(np.zeros_like, a) for a in image.arrays[terms.fixed :]))
        targets = (*terms.targets(y, image), *split.arrays)
        s = terms.map(_scaled_difference, targets, image.arrays)
        g = terms.gradient(s, x)
        real, k = scalar_kind(s, g), squared_norm(g)
        numbers = {n: scalar_array(0, real) for n in ("outer", "sweep", "inner")}
        numbers |= dict.fromkeys(("cost", "costdata", "update"), scalar_array(np.inf, real))
        numbers |= {"kfirst": k, "restart": elementwise(_over, k, self.niter, self.inner_tol, dtype=real)}
        more = {"start": x, "image": image} if self.restart else {}
        return self.state(0, x, x, g, s, split, split, k, **numbers, **more)

    def step(self, op: LinearOperator, y: Vector, state: SplitBregmanState) -> SplitBregmanState:
        """State after one more step, lazily."""
        terms, restart, real = _Terms.of(self, op), state.restart, state.kold.dtype
        turn = elementwise(_turn, restart, state.sweep, self.niter_inner, dtype=real)
        image = terms.apply(where(restart, state.z, state.c))
        split, bregman = self._split(terms, turn, image, state)
        fixed = terms.targets(y, image)
        begin, start = (state.image, state.start) if isinstance(state, RestartedState) else (image, state.z)
        curvature = terms.sum(_weighted_square, image.arrays, dtype=real) + self.damp**2 * squared_norm(
            state.c
        )
        a = step_length(state.kold, curvature, state.kfirst, state.c, state.z, y)
        targets = (*fixed, *(elementwise(_difference, d, b) for d, b in zip(split, bregman, strict=True)))
        s = terms.map(
            _residual, targets, arrays_of(state.s), image.arrays, arrays_of(begin), scalars=(restart, a)
        )
        z = elementwise(_inner, restart, a, state.z, state.c, start)
        g = terms.gradient(s, z)
        k = squared_norm(g)
        c = elementwise(_direction, restart, safe_divide(k, state.kold), state.c, g)
        numbers = scalars(
            on_record(_progress, Loops), Loops._fields, k, *(getattr(state, name) for name in Loops._fields),
            settings=(self.niter_inner, self.niter, self.inner_tol), dtype=real,
        )  # fmt: skip
        numbers |= self._costs(terms, turn, image, fixed, state)
        x = where(turn, state.z, state.x)
        more = {"start": start, "image": begin} if self.restart else {}
        return self.state(
            state.iteration + 1, x, z, c, s, BlockVector(split), BlockVector(bregman), k, **numbers, **more
        )

    def done(self, state: SplitBregmanState) -> Reason | None:
        """The reason to stop at a computed state, or None to continue."""
        if state.outer and float(state.update) <= self.tol:
            return Reason.CONVERGED
        return Reason.NITER if state.outer >= self.niter_outer else None

    def _split(
        self, terms: _Terms, turn: da.Array, image: BlockVector, state: SplitBregmanState
    ) -> tuple[tuple[da.Array, ...], tuple[da.Array, ...]]:
        """The split, and what Bregman's method adds to it, when a least-squares problem has been solved."""
        rows = list(
            zip(image.arrays[terms.fixed :], arrays_of(state.d), arrays_of(state.b), terms.eps1, strict=True)
        )
        split = tuple(elementwise(_shrunk, state.restart, r, d, b, e) for r, d, b, e in rows)
        moved = zip(rows, split, strict=True)
        return split, tuple(elementwise(_moved, turn, r, d, b, self.tau) for (r, _, b, _), d in moved)

    def _costs(
        self,
        terms: _Terms,
        turn: da.Array,
        image: BlockVector,
        fixed: tuple[da.Array, ...],
        state: SplitBregmanState,
    ) -> dict[str, da.Array]:
        real = state.kold.dtype
        squares = [
            total(_gated_square, turn, t, a, dtype=real) for t, a in zip(fixed, image.arrays, strict=False)
        ]
        sizes = [total(_gated_size, turn, a, dtype=real) for a in image.arrays[terms.fixed :]]
        data: Any = self.mu / 2 * sum(squares[: terms.data])
        rest: Any = sum(e * v for e, v in zip(terms.eps2, squares[terms.data :], strict=True)) + sum(sizes)
        return {
            "cost": where(turn, (data + rest).astype(real), state.cost),
            "costdata": where(turn, data.astype(real), state.costdata),
            "update": where(turn, distance_if(turn, state.z, state.x, real), state.update),
        }


@dataclass(frozen=True)
class _Terms:
    """The system of all terms: which of its arrays belong to which term, and their weights.

    The first ``data`` arrays are those of the data; the next, up to ``fixed``, those of the L2 terms, with the weights
    ``eps2``; the rest those of the L1 terms, with ``eps1``.
    """

    solver: SplitBregman
    system: LinearOperator
    domain: AnySpace
    data: int
    fixed: int
    eps2: tuple[float, ...]
    eps1: tuple[float, ...]

    @classmethod
    def of(cls, solver: SplitBregman, op: LinearOperator) -> _Terms:
        """The terms of a solver's objective for an operator."""
        members = [op, *map(aslinearoperator, (*solver.RegsL2, *solver.RegsL1))]
        data, *counts = [len(parts(m.codomain)) for m in members]
        weights = (*solver.epsRL2s, *solver.epsRL1s)
        each = [(e,) * n for e, n in zip(weights, counts, strict=True)]
        eps2 = tuple(chain.from_iterable(each[: len(solver.RegsL2)]))
        eps1 = tuple(chain.from_iterable(each[len(solver.RegsL2) :]))
        return cls(solver, VStack(members), op.domain, data, data + len(eps2), eps2, eps1)

    @property
    def weights(self) -> list[float]:
        """Roots of the weights of all arrays, compared with that of the data."""
        return [1.0] * self.data + [sqrt(e / self.solver.mu) for e in (*self.eps2, *self.eps1)]

    def targets(self, y: Vector, image: BlockVector) -> tuple[da.Array, ...]:
        """Data of the first arrays, in the chunks of ``image``; those of the last are the split."""
        vectors: list[Any] = [y]
        if self.solver.dataregsL2 is None:
            vectors += [elementwise(np.zeros_like, a) for a in image.arrays[self.data : self.fixed]]
        else:
            regs = zip(self.solver.dataregsL2, self.solver.RegsL2, strict=True)
            vectors += [reshape(d, aslinearoperator(r).codomain) for d, r in regs]
        arrays = [a for v in vectors for a in (v.arrays if isinstance(v, BlockVector) else (v,))]
        return tuple(chunked_like(a, b) for a, b in zip(arrays, image.arrays, strict=False))

    def apply(self, x: Vector) -> BlockVector:
        """The system's forward, without weights."""
        return BlockVector(arrays_of(self.system.apply(reshape(x, self.system.domain))))

    def map(
        self,
        function: Callable[..., object],
        *columns: tuple[da.Array, ...],
        scalars: tuple[da.Array, ...] = (),
    ) -> BlockVector:
        """``function`` of the weight, the scalars and the arrays of each term."""
        rows = zip(self.weights, *columns, strict=True)
        return BlockVector(tuple(elementwise(function, w, *scalars, *row) for w, *row in rows))

    def sum(
        self, function: Callable[..., object], arrays: tuple[da.Array, ...], dtype: DTypeLike
    ) -> da.Array:
        """Sum of ``function`` of the weight and the elements of all terms."""
        weighted: Any = sum(
            total(function, w, a, dtype=dtype) for w, a in zip(self.weights, arrays, strict=True)
        )
        summed: da.Array = weighted
        return summed

    def gradient(self, s: BlockVector, z: Vector) -> Vector:
        """Gradient of the least-squares problem, from its residual and model."""
        g: Any = reshape(self.system.apply_adjoint(self.map(_times, s.arrays)), self.domain)
        return axpy(-(self.solver.damp**2), z, g) if self.solver.damp else g


def _over(k: NDArray, niter: int, tol: float) -> NDArray:
    return np.asarray(k <= tol or niter <= 0, k.dtype)


def _turn(restart: NDArray, sweep: NDArray, last: int) -> NDArray:
    return np.asarray(restart and sweep + 1 >= last, sweep.dtype)


class Loops(NamedTuple):
    """How far the three loops are, the first gradient's squared norm in the innermost, and whether that begins anew."""

    outer: Any
    sweep: Any
    inner: Any
    kfirst: Any
    restart: Any


def _progress(sweeps: int, niter: int, tol: float, k: NDArray, loops: Loops) -> tuple[Loops]:
    if not loops.restart:
        loops = loops._replace(inner=loops.inner + 1)
    else:
        loops = loops._replace(sweep=loops.sweep + 1, inner=np.zeros_like(loops.inner), kfirst=k)
        if loops.sweep >= sweeps:
            loops = loops._replace(outer=loops.outer + 1, sweep=np.zeros_like(loops.sweep))
    return (loops._replace(restart=float(loops.inner >= niter or k <= tol)),)


def _times(w: float, s: NDArray) -> NDArray:
    return w * s


def _difference(d: NDArray, b: NDArray) -> NDArray:
    return d - b


def _scaled_difference(w: float, target: NDArray, image: NDArray) -> NDArray:
    return w * (target - image)


def _weighted_square(w: float, image: NDArray) -> NDArray:
    return square(w * image)


def _residual(
    w: float, restart: NDArray, a: NDArray, target: NDArray, s: NDArray, image: NDArray, begin: NDArray
) -> NDArray:
    return w * (target - begin) if restart else s - a * (w * image)


def _inner(restart: NDArray, a: NDArray, z: NDArray, c: NDArray, start: NDArray) -> NDArray:
    return start if restart else z + a * c


def _direction(restart: NDArray, b: NDArray, c: NDArray, g: NDArray) -> NDArray:
    return g if restart else g + b * c


def _shrunk(restart: NDArray, r: NDArray, d: NDArray, b: NDArray, eps: float) -> NDArray:
    return soft(r + b, eps) if restart else d


def _moved(turn: NDArray, r: NDArray, d: NDArray, b: NDArray, tau: float) -> NDArray:
    return b + tau * (r - d) if turn else b


def _gated_square(turn: NDArray, target: NDArray, image: NDArray) -> NDArray:
    return square(target - image) if turn else np.zeros(1, image.real.dtype)


def _gated_size(turn: NDArray, image: NDArray) -> NDArray:
    return np.abs(image) if turn else np.zeros(1, image.real.dtype)
