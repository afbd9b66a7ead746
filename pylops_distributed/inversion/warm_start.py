"""Beginning where an earlier run has ended, when new data of the same kind have come."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING

from pylops_distributed.execution.state import State
from pylops_distributed.storage.results import attrs_if_intact
from pylops_distributed.storage.run import Run, list_runs
from pylops_distributed.storage.state_io import load_checkpoint, verified_checkpoints
from pylops_distributed.vectors.types import Options

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.vectors.space import Vector

START = "start"


def find_warm_start(root: str, name: str, identity: Options) -> tuple[Json, str | None]:
    """The identity of a run that begins at the newest result of the same name, problem and solver on other data.

    Where such a run begins is part of what it is: its numbers depend on it. So a run on these very data, once it was
    begun, is found again whatever has come since.

    Parameters
    ----------
    root : str
        Folder or URL where runs live.
    name : str
        Name of the runs.
    identity : mapping
        Identity of the run, were it begun from nothing.

    Returns
    -------
    identity : dict
        ``identity``, with where to begin if there is such a result.
    url : str or None
        The run to begin at.
    """
    same = [
        run
        for run in list_runs(root)
        if run.attrs.get("name") == name and _kind(run.attrs["identity"]) == _kind(identity)
    ]
    for run in same:
        if run.attrs["identity"]["data"] == identity["data"]:
            return run.attrs["identity"], run.attrs.get(START)
    results = [(attrs_if_intact(run.storage), run) for run in same]
    ended = [(str(attrs["created_at"]), run) for attrs, run in results if attrs is not None]
    for _, run in sorted(ended, key=itemgetter(0), reverse=True):
        if checkpoint := next(verified_checkpoints(run.storage), None):
            return {
                **identity,
                START: {"run": run.attrs["run_id"], "checkpoint": checkpoint.name},
            }, run.storage.url
    return dict(identity), None


def first_model(run: Run) -> Vector | None:
    """The model at which a run begins, lazily; None for nothing.

    Raises
    ------
    FileNotFoundError
        If the run or the checkpoint that it begins at is gone.
    """
    url, start = run.attrs.get(START), run.attrs["identity"].get(START)
    if url is None or start is None:
        return None
    x: Vector = load_checkpoint(Run.open(url).storage, start["checkpoint"], State).state.x
    return x


def _kind(identity: Mapping[str, object]) -> Json:
    return {key: value for key, value in identity.items() if key not in ("data", START)}
