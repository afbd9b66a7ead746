"""Settings of a pipeline from what a run has stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.settings.solver_settings import SOLVERS

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.storage.run import Run


def settings_of(run: Run) -> Json:
    """Return the settings that resume a run: those it was made with, or those of its identity for a run made in Python.

    Raises
    ------
    ValueError
        If only the script that made it knows its operator.
    """
    identity, params = run.attrs["identity"], run.attrs.get("params") or {}
    if "dataset" not in run.attrs or not {"problem", "solver"} <= identity.keys():
        raise ValueError(
            f"{run.storage.place} was made by a script with solve(..., store=...), and only that script knows its "
            "operator: run that script again, and it resumes"
        )
    solver = dict(identity["solver"])
    known = SOLVERS[solver["name"]].model_fields if solver.get("name") in SOLVERS else solver
    settings = {name: value for name, value in solver.items() if name in known}
    if niter := run.status().niter:
        settings |= {"niter": niter} if "niter" in known else {}
    name = run.attrs.get("name") or "run"
    return {"name": name, "problem": run.attrs["problem"], "solver": settings, **params}
