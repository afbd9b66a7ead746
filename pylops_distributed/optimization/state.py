"""What a solver remembers between two iterations, and why it stops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Literal, TypeAlias, TypeVar

import dask
import dask.array as da

from pylops_distributed.space import Blocks, Vector

S = TypeVar("S", bound="State")

# What of a problem a solver takes, as its class attribute ``takes``: the operator and data with the prior's terms as
# further blocks (where it says nothing); their normal equations; the operator alone, its terms apart; the operator
# after the transform, from coefficients; or nothing of the kind.
Takes: TypeAlias = Literal["system", "normal", "terms", "coefficients"] | None


class Reason(StrEnum):
    """Why a solver stopped."""

    CONVERGED = "converged"
    NITER = "reached the maximum number of iterations"
    CALLBACK = "stopped by a callback"
    CONDITION = "the operator seems too ill-conditioned"


def vector(name: str, space: str) -> Any:
    """A dataclass field holding a vector.

    Parameters
    ----------
    name : str
        Name under which the vector is stored and shown.
    space : {"domain", "codomain"}
        Whose labels it takes: those of the model or of the data.
    """
    return field(metadata={"name": name, "space": space})


def scalar(name: str) -> Any:
    """A dataclass field holding a 0-d array, stored under ``name``."""
    return field(metadata={"name": name, "space": None})


@dataclass(frozen=True)
class State:
    """The iterate and everything else needed to go on exactly as if never stopped.

    Subclasses add vectors (:func:`vector`) and 0-d arrays (:func:`scalar`) and nothing else, so that any
    state can be persisted by Dask, written to a checkpoint and read back without knowing its solver.

    Attributes
    ----------
    iteration : int
        Number of steps taken.
    x : dask.array.Array or Blocks
        The current model.
    """

    iteration: int
    x: Vector = vector("model", "domain")


def leaves(state: State) -> list[da.Array]:
    """The arrays of a state, in order, scalars among them."""
    values = [getattr(state, f.name) for f in fields(state) if "space" in f.metadata]
    arrays = (v.arrays if isinstance(v, Blocks) else (v,) for v in values)
    return [a if isinstance(a, da.Array) else da.asarray(a) for group in arrays for a in group]


def rebuild(state: S, arrays: Iterable[Any], iteration: int) -> S:
    """``state`` with other arrays in the place of its own."""
    rest, values = iter(arrays), dict[str, Any]()
    for f in fields(state):
        if "space" in f.metadata:
            old = getattr(state, f.name)
            blocks = isinstance(old, Blocks)
            values[f.name] = Blocks(tuple(next(rest) for _ in old.arrays)) if blocks else next(rest)
    return replace(state, iteration=iteration, **values)


def scalars(state: State) -> dict[str, Any]:
    """The scalars of a state, by field."""
    return {f.name: getattr(state, f.name) for f in fields(state) if f.metadata.get("space", "") is None}


def bare(state: S, iteration: int, numbers: Iterable[Any]) -> S:
    """``state`` with other scalars and without its vectors."""
    values: dict[str, Any] = {f.name: None for f in fields(state) if f.metadata.get("space")}
    values.update(zip(scalars(state), numbers, strict=True))
    return replace(state, iteration=iteration, **values)


def materialise(state: S, **options: Any) -> S:
    """Compute a lazy state with the scheduler or client in use.

    Parameters
    ----------
    state : State
        Lazy state, as a solver's ``init`` or ``step`` gives it.
    **options
        Passed to :func:`dask.persist`.

    Returns
    -------
    State
        The same state, computed: chunked vectors on the workers, scalars as NumPy numbers, so that
        convergence checks and histories cost no further pass.
    """
    (computed,) = dask.persist(state, **options)
    (numbers,) = dask.compute(scalars(computed))
    done: S = replace(computed, **numbers)
    return done
