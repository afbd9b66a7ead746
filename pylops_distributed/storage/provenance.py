"""Identity of a run, and provenance: commit, packages and machine."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_info

from pylops_distributed.compat.linux import processor_model
from pylops_distributed.compat.numpy import cpu_features
from pylops_distributed.errors import CorruptionError
from pylops_distributed.storage.group_metadata import Json, canonical, digest, read_attrs

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

logger = logging.getLogger(__name__)

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
    "numba",
    "PyWavelets",
)


def fingerprint(identity: Mapping[str, object]) -> str:
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


def differences(ours: object, theirs: object, path: str = "") -> Iterator[str]:
    """Every key path at which two JSON values differ, with both values."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in sorted({*ours, *theirs}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in ours or key not in theirs:
                yield f"{inner}: {_as_text(ours, key)} in the run, {_as_text(theirs, key)} given"
            else:
                yield from differences(ours[key], theirs[key], inner)
    elif canonical(ours) != canonical(theirs):
        yield f"{path}: {json.dumps(ours)} in the run, {json.dumps(theirs)} given"


def environment() -> Json:
    """Versions of software and machine, and the commit of the working directory, if it has one."""
    return {**machinery(), "platform": platform.platform(), "git": _git()}


def machinery() -> Json:
    """Sources of different rounding: versions of software, and the kind of processor with its BLAS kernels."""
    return {"software": dict(_software()), "python": platform.python_version(), "processor": processor()}


def processor() -> Json:
    """Kind of processor: its model, what of it NumPy uses, and the kernels that BLAS has chosen for it."""
    features = sorted(name for name, on in cpu_features().items() if on)
    blas = [
        " ".join(str(lib.get(key)) for key in ("internal_api", "version", "architecture"))
        for lib in threadpool_info() if lib.get("user_api") == "blas"
    ]  # fmt: skip
    return {"model": _model(), "features": features, "blas": sorted(set(blas))}


def warn_of_changes(storage: Storage, name: str, attempt: int) -> None:
    """Say so where a checkpoint was made with other software, or on another kind of processor, than now."""
    before = _read_or_empty(storage, f"attempts/a{attempt:04d}")
    if "software" not in before:  # of older versions, which kept it once for the run
        before = _read_or_empty(storage, "")
    now = machinery()
    changed = list(_changes(before, now))
    if changed:
        logger.warning(
            "%s of %s was made with other software or on another processor: %s. The solve is resumed if operator and "
            "data still give the numbers stored; the last digits may differ from an undisturbed run",
            name, storage.place, "; ".join(changed),
        )  # fmt: skip


def _changes(before: Json, now: Json) -> Iterator[str]:
    for key in ("software", "processor"):
        kept, current = before.get(key), now[key]
        if isinstance(kept, dict):
            for name in sorted({*kept, *current}):
                if kept.get(name) != current.get(name) and name in kept:
                    yield f"{name} {_short(kept[name])}, now {_short(current.get(name))}"
    if before.get("python") not in (None, now["python"]):
        yield f"Python {before['python']}, now {now['python']}"


def _short(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_or_empty(storage: Storage, path: str) -> Json:
    try:
        return read_attrs(storage, path)
    except (FileNotFoundError, CorruptionError):
        return {}


@cache
def _software() -> tuple[tuple[str, str], ...]:
    return tuple((name, v) for name in PACKAGES if (v := _version(name)) is not None)


@cache
def _model() -> str:
    """Name of the processor's model."""
    return processor_model()


def _as_text(values: Mapping[str, object], key: str) -> str:
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
