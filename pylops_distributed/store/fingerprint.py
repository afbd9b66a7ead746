"""What makes a run the same run, and what is worth remembering of how it was made."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pylops_distributed.store.group import Json, canonical, digest

PACKAGES = (
    "pylops-distributed",
    "pylops",
    "numpy",
    "scipy",
    "dask",
    "distributed",
    "zarr",
    "obstore",
    "xarray",
)


def fingerprint(identity: Mapping[str, Any]) -> str:
    """SHA-256 of what a run's numbers depend on.

    Parameters
    ----------
    identity : mapping
        JSON values; NaN and infinities are not.

    Returns
    -------
    str
        64 hexadecimal digits, the same for any order of keys.

    Raises
    ------
    TypeError, ValueError
        If JSON cannot carry a value.
    """
    return digest(dict(identity))


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Every key path at which two JSON values differ, with both values."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in sorted({*ours, *theirs}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in ours or key not in theirs:
                yield f"{inner}: {_shown(ours, key)} in the run, {_shown(theirs, key)} given"
            else:
                yield from differences(ours[key], theirs[key], inner)
    elif canonical(ours) != canonical(theirs):
        yield f"{path}: {json.dumps(ours)} in the run, {json.dumps(theirs)} given"


def environment() -> Json:
    """Versions of software and machine, and the commit of the working directory, if it has one."""
    return {
        "software": {name: v for name in PACKAGES if (v := _version(name)) is not None},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "git": _git(),
    }


def _shown(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key]) if key in values else "nothing"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git() -> Json | None:
    """Commit of the working directory, and whether files differ from it."""
    try:
        commit, changed = (
            subprocess.run(
                ["git", *command], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "dirty": bool(changed)}
