r"""Proof, before a resumed solve takes a step, that operator and data are those the checkpoint was made with.

A fingerprint is a guess at what a run depends on. The residual is the proof: whatever has changed (a helper module, a
file read by path, a library, a processor that computes wrong), the numbers that are stored no longer come out.

Three checks, all on the operator, data and solver at hand:

- *The witness*: what operator and data make of fixed vectors, kept since the solve began.
- *The checkpoint*, of solvers whose state determines a residual: cg, cgls, lsqr and lsmr without damping, fista, irls,
  omp, mp, spgl1. For CGLS the stored :math:`\mathbf{s}` is compared with :math:`\mathbf{y}-\mathbf{Op}\,\mathbf{x}`:
  as vectors, for one changed trace hardly moves a norm.
- *The first steps*, of the other solvers, and of runs that have no witness. The states of the first one or two steps
  are computed again from the start, and their costs and other numbers compared with those of the history: no
  recurrence has drifted yet.

The price of a resume is one forward and one adjoint for the witness, as when the solve begins; and two forwards and
one adjoint for the checkpoint, or the first two steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeVar

import dask
import dask.array as da
import numpy as np

from pylops_distributed.errors import RunMismatchError
from pylops_distributed.execution.state import State
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.optimization.algorithms.cg import CG, CGState
from pylops_distributed.optimization.algorithms.cgls import CGLSState
from pylops_distributed.optimization.algorithms.fista import FISTAState
from pylops_distributed.optimization.algorithms.irls import IRLSState
from pylops_distributed.optimization.algorithms.lsmr import LSMR, LSMRState
from pylops_distributed.optimization.algorithms.lsqr import LSQR, LSQRState
from pylops_distributed.optimization.algorithms.mp import MPState
from pylops_distributed.optimization.algorithms.omp import OMPState
from pylops_distributed.optimization.algorithms.spgl1 import SPGL1State
from pylops_distributed.vectors.arithmetic import axpy, norm, vdot
from pylops_distributed.vectors.elementwise import elementwise, real_dtype
from pylops_distributed.vectors.noise import noise
from pylops_distributed.vectors.space import AnySpace, BlockVector, Vector, one_array
from pylops_distributed.vectors.types import NDArray, Settings

if TYPE_CHECKING:
    from pylops_distributed.execution.tracing import Steps

S = TypeVar("S", bound=State)
History = Mapping[str, np.ndarray[Any, Any]]
Witness = Mapping[str, float]
# Of the history, what counts something: one rounding more or less moves it by a whole.
COUNTS = frozenset({"outer", "inner", "niters", "seconds", "bytes"})
FLOOR = np.finfo(float).tiny


def prove(
    solver: Steps[LinearOperator, S], op: LinearOperator, y: Vector, x0: Vector | None, state: S, history: History,
    stored_witness: Witness | None = None, *, start: bool = True,
) -> None:  # fmt: skip
    r"""Raise unless a checkpoint was made with this operator, these data and this solver.

    Parameters
    ----------
    solver, op, y, x0
        As the solve takes them.
    state : State
        State of the checkpoint.
    history : mapping
        History of the checkpoint.
    stored_witness : mapping, optional
        The :func:`witness` of what it was made with, if that is kept.
    start : bool, optional
        Whether ``x0`` is known; if it is not, the first steps cannot be checked.

    Raises
    ------
    RunMismatchError
        If they are not; it shows the number stored and the one computed.

    Notes
    -----
    Witness and first steps may differ by :math:`\sqrt{u}`, half of the digits of the type, relative to the largest
    number of the kind. Another processor, chunking or number of threads changes a sum of :math:`n` terms by about
    :math:`u\sqrt{n}`, a few of the last digits. Residuals of recurrences drift from the true ones by about
    :math:`k\,u\,\|\mathbf{Op}\|\max_j\|\mathbf{x}_j\|` in :math:`k` steps (Greenbaum, 1997,
    doi:10.1137/S0895479895284944); they may differ by :math:`\sqrt{u}\,(1 + 10\,k\sqrt{u})` relative to
    :math:`\|\mathbf{y}\| + g\,\|\mathbf{x}\|`, in which :math:`g` is the largest gain of the operator that is seen.
    """
    if stored_witness is not None:
        _check_witness(stored_witness, witness(solver, op, y), state)
    pair = _residuals(state, solver, op, op.codomain.fit(y))
    if start and history and (stored_witness is None or pair is None):
        _check_steps(solver, op, y, x0, state, history, 2 if pair is None else 1)
    if pair is not None:
        _check_residual(*pair, op, y, state)


def witness(solver: object, op: LinearOperator, y: Vector) -> Witness:
    r"""Numbers that tell an operator and data from others, up to rounding.

    With fixed vectors :math:`\mathbf{v}`, :math:`\mathbf{w}` of numbers that look random, these are the norms of
    :math:`\mathbf{Op}\,\mathbf{v}`, :math:`\mathbf{Op}^H\mathbf{w}` and :math:`\mathbf{y}`, and the inner products
    of the first and the last with :math:`\mathbf{w}`: one forward and one adjoint. Also those of the operators that
    the solver holds, such as a preconditioner or a sparsifying transform.

    Parameters
    ----------
    solver, op, y
        As the solve takes them.

    Returns
    -------
    dict of str to float
        Independent of chunks.
    """
    held = [(f.name, getattr(solver, f.name)) for f in fields(solver)] if is_dataclass(solver) else []
    members = [(name, v) for name, value in held for v in (value if isinstance(value, tuple) else (value,))]
    operators = [("operator", op)]
    operators += [(f"{n}_{k}", v) for k, (n, v) in enumerate(members) if isinstance(v, LinearOperator)]
    lazy: dict[str, Any] = {}
    for name, operator in operators:
        like = y if operator is op else None
        lazy |= {f"{name}.{key}": value for key, value in _probe(operator, like).items()}
    w = _noise(op.codomain, op, y)
    lazy |= {"data.norm": norm(y), "data.scale": norm(y) * norm(w)}
    lazy |= _parts("data.product", vdot(w, op.codomain.fit(y)))
    (numbers,) = dask.compute(lazy)
    return {name: float(value) for name, value in numbers.items()}


def _probe(op: LinearOperator, like: Vector | None) -> Settings:
    """Numbers of an operator; in chunks like those of its data, and what its adjoint makes of them."""
    w = _noise(op.codomain, op, like)
    back = op.apply_adjoint(w)
    image = op.apply(_noise(op.domain, op, back))
    numbers = {"forward": norm(image), "adjoint": norm(back), "scale": norm(image) * norm(w)}
    return numbers | _parts("product", vdot(w, image))


def _parts(name: str, value: da.Array) -> Settings:
    return {f"{name}_real": value.real, f"{name}_imag": value.imag}


def _noise(space: AnySpace, op: LinearOperator, like: Vector | None) -> Vector:
    """Fixed numbers around zero: a mean would drown the result of an operator that takes differences."""
    numbers = noise(space, op.dtype, like)
    return numbers.map(_centred) if isinstance(numbers, BlockVector) else _centred(one_array(numbers))


def _centred(x: da.Array) -> da.Array:
    half = x.dtype.type(0.5 + 0.5j if x.dtype.kind == "c" else 0.5)
    result: da.Array = x - half
    return result


def _check_witness(stored: Witness, computed: Witness, state: State) -> None:
    root = _precision(state.x) ** 0.5
    for name in sorted(stored.keys() | computed.keys()):
        kept, now = stored.get(name, np.nan), computed.get(name, np.nan)
        scale = abs(kept) if "product" not in name else stored.get(f"{name.rpartition('.')[0]}.scale", 0.0)
        if not (abs(kept - now) <= root * scale + FLOOR or kept == now):
            deviation = (
                "of the data"
                if name.startswith("data")
                else f"of the {name.partition('.')[0]} on fixed vectors"
            )
            raise _mismatch(f"the number {name.partition('.')[2]!r} {deviation}", kept, now, state.iteration)


def _check_steps(
    solver: Steps[LinearOperator, S],
    op: LinearOperator,
    y: Vector,
    x0: Vector | None,
    state: S,
    history: History,
    steps: int,
) -> None:
    """Compare the first numbers of the history with those of the first steps, taken again."""
    first = [solver.init(op, y, x0)]
    for _ in range(min(steps, state.iteration)):
        first.append(solver.step(op, y, first[-1]))
    names = [n for n in getattr(state, "history", ()) if n in history and n not in COUNTS]
    (again,) = dask.compute([{n: getattr(s, n) for n in names} for s in first])
    tolerance = _precision(first[0].x) ** 0.5
    for name in names:
        stored, computed = history[name][: len(again)], np.array([float(row[name]) for row in again])
        scale = np.abs(stored[np.isfinite(stored)]).max(initial=0.0)
        for k, (a, b) in enumerate(zip(stored, computed, strict=False)):
            if not (a == b or abs(a - b) <= tolerance * scale + FLOOR or (np.isnan(a) and np.isnan(b))):
                raise _mismatch(f"{name!r} of iteration {k}", a, b, state.iteration)


def _check_residual(stored: Any, again: Any, op: LinearOperator, y: Vector, state: State) -> None:
    """Compare the residual that the state holds, or its norm, with that of its model."""
    vectors = isinstance(stored, da.Array | BlockVector)
    apart = norm(elementwise(_minus, stored, again)) if vectors else abs(stored - again)
    sizes = [norm(stored), norm(again)] if vectors else [stored, again]
    back = op.apply_adjoint(y)
    numbers = dask.compute(apart, *sizes, norm(y), norm(state.x), norm(back), norm(op.apply(state.x)))
    difference, kept, computed, data, size, adjoint, image = map(float, numbers)
    gain = max(adjoint / data if data else 0.0, image / size if size else 0.0)
    root = _precision(state.x) ** 0.5
    allowed = root * (1 + 10 * state.iteration * root) * (data + gain * size)
    if not difference <= allowed + FLOOR:
        raise _mismatch("the norm of the residual", kept, computed, state.iteration, difference)


def _precision(x: Vector) -> float:
    return float(np.finfo(real_dtype(x)).eps)


def _mismatch(
    quantity: str, stored: float, computed: float, iteration: int, difference: float | None = None
) -> RunMismatchError:
    apart = "" if difference is None else f" (the residuals are {difference:.6g} apart)"
    return RunMismatchError(
        f"{quantity} is {stored:.9g} in the checkpoint of iteration {iteration}, and {computed:.9g} with the operator, "
        f"data and code at hand{apart}: one of them has changed since the run began, and nothing was computed "
        "further. Restore them, or begin another run in another place"
    )


@singledispatch
def _residuals(state: State, solver: object, op: LinearOperator, y: Vector) -> tuple[Vector, Vector] | None:
    """A residual, or its norm, as the state holds it, and that of its model; None where it holds none."""
    return None


@_residuals.register
def _(state: CGState, solver: CG, op: LinearOperator, y: Vector) -> tuple[Vector, Vector]:
    image = op.apply(state.x)
    return state.r, y - (axpy(solver.damp, state.x, image) if solver.damp else image)


@_residuals.register
def _(state: CGLSState, solver: object, op: LinearOperator, y: Vector) -> tuple[Vector, Vector]:
    return state.s, y - op.apply(state.x)


@_residuals.register(FISTAState)
@_residuals.register(MPState)
@_residuals.register(SPGL1State)
def _(
    state: FISTAState | MPState | SPGL1State, solver: object, op: LinearOperator, y: Vector
) -> tuple[Vector, Vector]:
    return state.r, y - op.apply(state.x)


@_residuals.register
def _(state: OMPState, solver: object, op: LinearOperator, y: Vector) -> tuple[Vector, Vector]:
    return state.s, y - op.apply(state.z)


@_residuals.register
def _(state: IRLSState, solver: object, op: LinearOperator, y: Vector) -> tuple[Vector, Vector]:
    return state.s, elementwise(_times, state.w, y - op.apply(state.z))


@_residuals.register
def _(state: LSQRState, solver: LSQR, op: LinearOperator, y: Vector) -> tuple[Vector, Vector] | None:
    # With damping, an estimate that lags behind separates the norm of the residual from that of the model.
    return None if solver.damp else (state.r1norm, norm(y - op.apply(state.x)))


@_residuals.register
def _(state: LSMRState, solver: LSMR, op: LinearOperator, y: Vector) -> tuple[Vector, Vector] | None:
    return None if solver.damp else (state.normr, norm(y - op.apply(state.x)))


def _minus(a: NDArray, b: NDArray) -> NDArray:
    return a - b


def _times(w: NDArray, s: NDArray) -> NDArray:
    return w * s
