"""State of a solver between two iterations, and reasons to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial
from math import isfinite
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

import dask
import dask.array as da
import numpy as np

from pylops_distributed.compat.dask import meta_of
from pylops_distributed.vectors.namespace import blockwise, holds_dask
from pylops_distributed.vectors.space import BlockVector, Vector, one_array
from pylops_distributed.vectors.types import NDArray, Number, Settings

S = TypeVar("S", bound="State")
S_contra = TypeVar("S_contra", bound="State", contravariant=True)

# Settings that a resumed solve may change, where a solver has no class attribute ``resumable_settings`` that names
# them.
EXTENDABLE = ("niter", "tol")

# What of a problem a solver takes, as its class attribute ``takes``: the operator and data with the prior's terms as
# further blocks (where it says nothing); their normal equations; the operator alone, its terms apart; the operator
# after the transform, from coefficients; or nothing of the kind.
Fields: TypeAlias = tuple[Field[Any], ...]
Takes: TypeAlias = Literal["system", "normal", "terms", "coefficients"] | None
# When a scalar of a state may be infinite: before the first step, where it stands for "not yet known"; never; always.
Infinite: TypeAlias = Literal["first", "never", "always"]


ELSEWHERE = "elsewhere"  # in the place of an operator or array that is not sent along


class Reason(StrEnum):
    """Why a solver stopped."""

    CONVERGED = "converged"
    NITER = "reached the maximum number of iterations"
    CALLBACK = "stopped by a callback"
    CONDITION = "the operator seems too ill-conditioned"
    BASIS = "the basis is full: a larger basis= takes more steps"
    NOISE = "the data are no larger than their noise: state its level with noise=, or choose damp= otherwise"
    DISCREPANCY = "the residual is as small as the noise"
    NOT_FINITE = "a number became NaN or infinite"


def vector(name: str, space: str, below: str | None = None) -> Any:
    """A dataclass field holding a vector.

    Parameters
    ----------
    name : str
        Name under which the vector is stored and shown.
    space : {"domain", "codomain"}
        Whose labels it takes: those of the model or of the data.
    below : str, optional
        Whose labels further blocks take, where the vector has more than its space.
    """
    return field(metadata={"name": name, "space": space, "below": below})


def scalar(name: str, infinite: Infinite = "first") -> Any:
    """A dataclass field holding a 0-d array, stored under ``name``.

    Parameters
    ----------
    name : str
        Name under which the number is stored.
    infinite : {"first", "never", "always"}
        When the number may be infinite without ending the solve; NaN always ends it.
    """
    return field(metadata={"name": name, "space": None, "infinite": infinite})


@dataclass(frozen=True)
class State:
    """The iterate and everything else needed to continue exactly as if never stopped.

    Subclasses add vectors (:func:`vector`) and 0-d arrays (:func:`scalar`) and nothing else, so that any
    state can be persisted by Dask, written to a checkpoint and read back without knowing its solver.

    Attributes
    ----------
    iteration : int
        Number of steps taken.
    x : dask.array.Array or Blocks
        The current model.
    kind : str
        Name of the class in checkpoints, which stays what it is when the class is renamed. A custom class may name
        one; by default it is the class's name.
    """

    kind: ClassVar[str] = "State"
    iteration: int
    x: Vector = vector("model", "domain")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = vars(cls).get("kind", cls.__name__)


@lru_cache(256)
def _vectors_of(kind: type) -> Fields:
    return tuple(f for f in fields(kind) if f.metadata.get("space"))


@lru_cache(256)
def _numbers_of(kind: type) -> Fields:
    return tuple(f for f in fields(kind) if f.metadata.get("space", "") is None)


@lru_cache(256)
def _rules_of(kind: type) -> tuple[tuple[str, Infinite], ...]:
    """Names of the scalars of a state, and where each may be infinite."""
    return tuple((f.name, _rule(f)) for f in _numbers_of(kind))


def _vectors(state: State) -> Fields:
    kind: Any = type(state)
    return _vectors_of(kind)


def _numbers(state: State) -> Fields:
    kind: Any = type(state)
    return _numbers_of(kind)


def state_arrays(state: State) -> list[da.Array]:
    """The arrays of a state, in order, scalars among them."""
    values = [getattr(state, f.name) for f in fields(state) if "space" in f.metadata]
    arrays = (v.arrays if isinstance(v, BlockVector) else (v,) for v in values)
    return [a if isinstance(a, da.Array) else _lazy(a) for group in arrays for a in group]


def _lazy(a: NDArray) -> da.Array:
    """A Dask array of one in memory: of a number at a tenth of the price of Dask's own function."""
    number = np.asarray(a)
    if number.ndim:
        return da.asarray(a)
    name = f"number-{number.dtype.str}-{number.tobytes().hex()}"
    return da.Array({(name,): number}, name, (), meta=number)


def vectors_of_blocks(state: State) -> list[list[da.Array]]:
    """The arrays of a state whose blocks are shared out together.

    That is each array; where the model is made of arrays of one block, these are, of each vector: the operator is a
    row, a column or a diagonal of others, and has no other blocks to share out.
    """
    groups = list[list[da.Array]]()
    apart = isinstance(state.x, BlockVector)
    for value in (getattr(state, f.name) for f in _vectors(state)):
        arrays = list(value.arrays) if isinstance(value, BlockVector) else [value]
        single = [a for a in arrays if a.npartitions == 1] if apart else []
        groups += [[a] for a in arrays if not any(a is one for one in single)]
        groups += [single] if single else []
    return groups


def is_numpy(state: State) -> bool:
    """Whether all vectors of a state are NumPy arrays, so that its steps are taken at once."""
    vectors = [getattr(state, f.name) for f in _vectors(state)]
    return not holds_dask(*vectors, *scalars_of(state).values())


def replace_arrays(state: S, arrays: Iterable[da.Array], iteration: int) -> S:
    """``state`` with its arrays replaced."""
    rest, values = iter(arrays), dict[str, Any]()
    for f in fields(state):
        if "space" in f.metadata:
            old = getattr(state, f.name)
            blocks = isinstance(old, BlockVector)
            values[f.name] = BlockVector(tuple(next(rest) for _ in old.arrays)) if blocks else next(rest)
    return replace(state, iteration=iteration, **values)


def scalars_of(state: State) -> Settings:
    """The scalars of a state, by field."""
    kind: Any = type(state)
    values = vars(state)
    return {name: values[name] for name, _ in _rules_of(kind)}


def not_finite(state: State) -> list[str]:
    """Names of the scalars of a computed state that are NaN, or infinite where they may not be."""
    kind: Any = type(state)
    numbers, bad = vars(state), list[str]()
    for name, rule in _rules_of(kind):  # once a step: a call for each number takes as long as the arithmetic
        value = numbers[name]
        if not (isinstance(value, float) and isfinite(value)) and _bad(value, rule, not state.iteration):
            bad.append(name)
    return bad


class Stops(Protocol[S_contra]):
    """A solver as the rules for stopping see it."""

    def done(self, state: S_contra, /) -> Reason | None:
        """The reason to stop at a computed state, or None."""


def reason_to_stop(solver: Stops[S], state: S) -> Reason | None:
    """Reason of a solver to stop at a computed state, or None; a number that is not finite stops every solver."""
    if not_finite(state):
        return Reason.NOT_FINITE
    return solver.done(state)


def stopping(solver: Stops[S]) -> Callable[[S], Reason | None]:
    """:func:`reason_to_stop` of a solver, as small as can be: it goes to a worker, where operators are held once.

    A preconditioner or the operators of a prior have no say in when to stop: solvers of this package go without.
    """
    if is_dataclass(solver) and type(solver).__module__.startswith(__name__.partition(".")[0] + "."):
        small = copy(solver)
        for f in fields(solver):
            value = getattr(solver, f.name)
            if any(map(_heavy, value if isinstance(value, tuple) else (value,))):
                object.__setattr__(small, f.name, ELSEWHERE)  # not None: its presence may matter
        solver = small
    return partial(reason_to_stop, solver)


def _heavy(value: object) -> bool:
    return hasattr(value, "matvec") or isinstance(value, da.Array | BlockVector | np.ndarray)


def as_nan(state: S) -> S:
    """``state`` with a model of NaN: no zeros or earlier numbers stand for lost ones."""
    return replace(state, x=state.x * np.nan)


def nan_unless_finite(state: S) -> S:
    """A lazy state whose vectors are NaN if one of its scalars is not finite."""
    rules = tuple(map(_rule, _numbers(state)))
    numbers = list(scalars_of(state).values())
    if not numbers:
        return state
    lost = blockwise(
        _is_lost, "", *(p for n in numbers for p in (n, "")), first=not state.iteration,
        rules=rules, dtype=bool, meta=np.zeros((), bool),
    )  # fmt: skip
    vectors = {f.name: getattr(state, f.name) for f in _vectors(state)}
    values: dict[str, Any] = {name: _masked(v, lost) for name, v in vectors.items()}
    return replace(state, **values)


def _rule(f: Field[object]) -> Infinite:
    rule: Infinite = f.metadata.get("infinite", "first")
    return rule


def _is_lost(*numbers: object, first: bool, rules: tuple[Infinite, ...]) -> NDArray:
    return np.asarray(any(map(partial(_bad, first=first), numbers, rules)))


def _bad(value: Number, infinite: Infinite, first: bool) -> bool:
    """Whether a scalar is NaN, or infinite where it may not be."""
    return bool(
        np.isnan(value) or (np.isinf(value) and not (infinite == "always" or (infinite == "first" and first)))
    )


def _masked(x: Vector, lost: da.Array) -> Vector:
    if isinstance(x, BlockVector):
        return x.map(lambda a: one_array(_masked(a, lost)))
    axes = tuple(range(x.ndim))
    return blockwise(_nan_if, axes, x, axes, lost, (), dtype=x.dtype, meta=meta_of(x))


def _nan_if(x: object, lost: object) -> object:
    return np.full_like(x, np.nan) if lost else x


def without_vectors(state: S, iteration: int, numbers: Iterable[object]) -> S:
    """``state`` with other scalars and without its vectors."""
    values: dict[str, Any] = {f.name: None for f in _vectors(state)}
    values.update(zip(scalars_of(state), numbers, strict=True), iteration=iteration)
    # Once a step: dataclasses.replace, and copy too, take as long as the arithmetic of a small step.
    bare: S = object.__new__(type(state))
    vars(bare).update(vars(state))
    vars(bare).update(values)
    return bare


def numbers_of(state: S) -> S:
    """A computed state without its vectors."""
    kind: Any = type(state)
    bare: S = object.__new__(kind)
    vars(bare).update(vars(state))
    for f in _vectors_of(kind):
        vars(bare)[f.name] = None
    return bare


def materialise(state: S, **options: object) -> S:
    """Compute a lazy state with the scheduler or client in use.

    Parameters
    ----------
    state : State
        Lazy state, as a solver's ``init`` or ``step`` returns it.
    **options
        Passed to :func:`dask.persist`.

    Returns
    -------
    State
        The same state, computed: chunked vectors on the workers, scalars as NumPy numbers, so that
        convergence checks and histories cost no further pass.
    """
    if is_numpy(state):
        return state
    (computed,) = dask.persist(state, **options)
    (numbers,) = dask.compute(scalars_of(computed))
    done: S = replace(computed, **numbers)
    return done
