"""Identity of a run's solve, stored next to its checkpoints: tokens of operator, data and solver, and a witness."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pylops_distributed.errors import CorruptionError, RunMismatchError, UnidentifiedContentError
from pylops_distributed.execution.state import EXTENDABLE
from pylops_distributed.storage.checkpoint_keys import ROOT
from pylops_distributed.storage.content_digest import token
from pylops_distributed.storage.group_metadata import Json, encode, metadata_key, read_attrs
from pylops_distributed.storage.provenance import differences

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

logger = logging.getLogger(__name__)


def describe_solve(solver: Any, op: object, y: object, x0: object) -> Json:
    """Tokens of all that the numbers of a solve depend on, by their content.

    Limits of steps and tolerances, which a later solve may extend, are left out. Of what has no token, None is kept,
    and a warning logged: there the residual is the only proof.
    """
    extendable = getattr(solver, "resumable_settings", EXTENDABLE)
    settings = {f.name: getattr(solver, f.name) for f in fields(solver) if f.name not in extendable}
    revision = getattr(solver, "revision", None)  # other numbers from the same settings
    parts = {"operator": op, "data": y, "x0": x0, "solver": (type(solver), revision, settings)}
    return {name: None if value is None else _token(name, value) for name, value in parts.items()}


def check_claim(storage: Storage, claim: Mapping[str, object]) -> None:
    """Compare what a solve is with what the checkpoints were made with.

    Raises
    ------
    RunMismatchError
        If they differ.
    """
    kept = read_claim(storage).get("solve")
    if kept is None:
        return
    unlike = [
        name for name, value in claim.items()
        if value != kept.get(name) and UNKNOWN not in (value, kept.get(name))
    ]  # fmt: skip
    if unlike:
        listed = "\n  ".join(differences({n: kept.get(n) for n in unlike}, {n: claim[n] for n in unlike}))
        raise RunMismatchError(
            f"the checkpoints of {storage.place} were made with another {', another '.join(unlike)}:\n  {listed}\n"
            "Nothing was computed. Restore them, or give another place"
        )


def read_claim(storage: Storage) -> Json:
    """The claim stored next to the checkpoints; empty for runs of older versions."""
    try:
        return read_attrs(storage, ROOT)
    except (FileNotFoundError, CorruptionError):
        return {}


def keep_claim(storage: Storage, **parts: object) -> None:
    """Keep parts of what the checkpoints are made with; those of the same names are replaced."""
    kept = read_claim(storage)
    if kept == {**kept, **parts}:
        return
    storage.put(metadata_key(ROOT), encode({**kept, **parts}))
    storage.sync(metadata_key(ROOT))


UNKNOWN = "unknown"


def _token(name: str, value: object) -> str:
    try:
        return token(value)
    except UnidentifiedContentError as error:
        logger.warning("the %s has no token (%s): a resume is proven by the residual alone", name, error)
        return UNKNOWN
