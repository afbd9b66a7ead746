"""A run as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylops_distributed.storage.run import Run, Status


def run_record(run: Run, status: Status) -> dict[str, object]:
    """Return how a run stands, as ``--json`` prints it.

    Parameters
    ----------
    run : Run
        A run.
    status : Status
        Its status.
    """
    solver = (run.attrs.get("params") or {}).get("solver") or {}
    niter, iteration = status.niter or solver.get("niter"), status.iteration
    owner = status.owner
    return {
        "name": run.name,
        "place": run.storage.place,
        "run_id": status.run_id,
        "state": status.state,
        "reason": status.reason,
        "advice": status.advice,
        "iteration": iteration,
        "niter": max(niter, iteration or 0) if niter else None,
        "metrics": dict(status.metrics),
        "figures": dict(status.figures),
        "result_iteration": status.result_iteration,
        "attempts": status.attempts,
        "bytes": status.size,
        "created_at": status.created_at,
        "updated_at": status.updated_at,
        "process": {"host": owner.host, "pid": owner.pid} if owner is not None and owner.alive else None,
    }
