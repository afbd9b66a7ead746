"""What a solver remembers between two iterations, and why it stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from pylops_distributed.space import Vector

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
