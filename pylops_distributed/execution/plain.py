"""Running states on Dask: vectors stay where they are computed, scalars come to the driver."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import dask

from pylops_distributed.optimization.state import State

S = TypeVar("S", bound=State)


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
    lazy: dict[str, Any] = {
        f.name: getattr(computed, f.name) for f in fields(computed) if f.metadata.get("space", "") is None
    }
    (scalars,) = dask.compute(lazy)
    done: S = replace(computed, **scalars)
    return done
