"""Common parts of the proximal solvers: the data term, the objective, and the stopping rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike

from pylops_distributed.execution.state import Reason
from pylops_distributed.optimization.proximal.l2 import L2
from pylops_distributed.vectors.elementwise import scalar_array, scalars
from pylops_distributed.vectors.space import BlockSpace, BlockVector, Space, Vector, arrays_of, reshape
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.optimization.proximal.proxoperator import ProxOperator


class ObjectiveState(Protocol):
    """A state that knows its objective."""

    @property
    def cost(self) -> da.Array: ...  # noqa: D102

    @property
    def change(self) -> da.Array: ...  # noqa: D102


def data_term(f: ProxOperator | None, op: LinearOperator, y: Vector, inner: int = 0) -> ProxOperator:
    """``f``, or half the squared norm of the data residual where there is none.

    ``inner`` is the number of conjugate gradient steps that its proximal operator takes.
    """
    return L2(op, y, niter=inner) if f is None else f


def start(op: LinearOperator, y: Vector, x0: Vector | None, **lengths: float | None) -> Vector:
    """The initial model: the one given, or zero; step lengths by their names are checked first."""
    for name, length in lengths.items():
        if length is not None and not length > 0:
            raise ValueError(f"{name}={length!r}: expected a step length above zero, such as 0.1")
    back = op.apply_adjoint(op.codomain.fit(y))
    return back * 0.0 if x0 is None else op.domain.fit(x0)


def match_layout(x: Vector, like: Vector) -> Vector:
    """``x`` laid out and chunked like another vector: transforms may pin other chunks."""
    members = tuple(Space(a.shape, a.dtype, getattr(a, "chunks", None)) for a in arrays_of(like))
    space = BlockSpace(members) if isinstance(like, BlockVector) else members[0]
    return space.fit(reshape(x, space))


def unknown(dtype: DTypeLike) -> dict[str, da.Array]:
    """The objective before it is computed."""
    return dict.fromkeys(("cost", "change"), scalar_array(np.inf, dtype))


def objective(value: da.Array, state: ObjectiveState) -> dict[str, da.Array]:
    """The objective, and how much of it has changed."""
    return scalars(_change, ("cost", "change"), value, state.cost, dtype=state.cost.dtype)


def _change(value: NDArray, before: NDArray) -> tuple[object, ...]:
    comparable = np.isfinite(value) and np.isfinite(before) and before
    # An indicator is infinite outside of its set; NaN stays in the objective itself.
    return value, abs(1 - value / before) if comparable else np.inf


def reason(state: ObjectiveState, taken: float, niter: int, tol: float | None) -> Reason | None:
    """The reason to stop at a computed state, or None to continue."""
    if tol is not None and float(state.change) < tol:
        return Reason.CONVERGED
    return Reason.NITER if taken >= niter else None
