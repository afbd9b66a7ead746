"""Constants that a user or a maintainer may want to change: chunk sizes, cadences, limits and timeouts.

They are part of Dask's configuration, below ``pylops-distributed``; :data:`TABLE` has their defaults, units, bounds and
reasons. Constants that belong to an algorithm or a file format stay where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pylops_distributed.registry import Registry
from pylops_distributed.tuning.constants import TABLE, Tunable, Unit

__all__ = ["TABLE", "Tunable", "check", "count", "environment_name", "get", "nbytes", "seconds", "share"]

ROOT = "pylops-distributed"
# Imported when the first constant is read: some commands need no Dask.
_DASK: Registry[Callable[..., Any]] = Registry(
    {
        "get": "dask.config:get",
        "parse_bytes": "dask.utils:parse_bytes",
        "parse_timedelta": "dask.utils:parse_timedelta",
    }
)
_EXPECTED = {
    "bytes": "a size such as '64 MiB'",
    "seconds": "a time such as '20s'",
    "count": "a whole number",
    "share": "a number",
}


def get(name: str) -> int | float:
    """Value of a constant: what Dask's configuration says, else its default.

    Read it once a call, never once a block.

    Parameters
    ----------
    name : str
        Name in :data:`TABLE`, such as ``"storage.lease-renewal"``.

    Returns
    -------
    int or float
        Bytes and counts are whole numbers.

    Raises
    ------
    ValueError
        If the value is not of the constant's unit, or out of its bounds.

    Examples
    --------
    >>> import dask
    >>> from pylops_distributed import tuning
    >>> tuning.get("storage.lease-renewal")
    20.0
    >>> with dask.config.set({"pylops-distributed.storage.lease-renewal": "1 m"}):
    ...     tuning.get("storage.lease-renewal")
    60.0
    """
    raw = _DASK["get"](f"{ROOT}.{name}", None)
    return _default(name) if raw is None else _valid(name, raw)


def seconds(name: str) -> float:
    """Value of a constant that is a time; see :func:`get`."""
    return float(_of_unit(name, "seconds"))


def nbytes(name: str) -> int:
    """Value of a constant that is a size; see :func:`get`."""
    return int(_of_unit(name, "bytes"))


def count(name: str) -> int:
    """Value of a constant that is a number of things; see :func:`get`."""
    return int(_of_unit(name, "count"))


def share(name: str) -> float:
    """Value of a constant that is a part of a whole; see :func:`get`."""
    return float(_of_unit(name, "share"))


def environment_name(name: str) -> str:
    """Variable of the environment that sets a constant.

    Examples
    --------
    >>> environment_name("storage.lease-renewal")
    'DASK_PYLOPS_DISTRIBUTED__STORAGE__LEASE_RENEWAL'
    """
    return f"DASK_{ROOT}.{name}".replace("-", "_").replace(".", "__").upper()


def check() -> None:
    """Raise a ``ValueError`` for a value that is set and cannot be, or for a name that does not exist."""
    for name in sorted(_names(_DASK["get"](ROOT, {}))):
        if name not in TABLE:
            raise ValueError(
                f"{ROOT}.{name} is set in Dask's configuration, but there is no such constant. Known in that section: "
                f"{', '.join(_near(name))}"
            )
        get(name)


def _names(settings: object, above: str = "") -> Iterator[str]:
    """Dotted names of nested settings, hyphens for underscores."""
    if not isinstance(settings, Mapping):
        yield above.rstrip(".")
        return
    for key, value in settings.items():
        yield from _names(value, f"{above}{str(key).replace('_', '-')}.")


def _near(name: str) -> list[str]:
    section = name.partition(".")[0]
    sections = {known.partition(".")[0] for known in TABLE}
    return sorted({known for known in TABLE if known.startswith(f"{section}.")} or sections)


def _of_unit(name: str, unit: Unit) -> int | float:
    if TABLE[name].unit != unit:
        raise TypeError(f"{name} is in {TABLE[name].unit}, not in {unit}")
    return get(name)


@cache
def _default(name: str) -> int | float:
    return _parse(TABLE[name].unit, TABLE[name].default)


def _valid(name: str, raw: object) -> int | float:
    row = TABLE[name]
    least, most = (_parse(row.unit, bound) for bound in row.bounds)
    try:
        value = _parse(row.unit, raw)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        value = float("nan")
    if not least <= value <= most:
        raise ValueError(
            f"{ROOT}.{name} is {raw!r}: expected {_EXPECTED[row.unit]}, from {row.bounds[0]} to {row.bounds[1]}; it is "
            f"set by Dask's configuration or the environment ({environment_name(name)})"
        )
    return value


def _parse(unit: Unit, raw: object) -> int | float:
    if isinstance(raw, bool):
        raise TypeError(raw)
    parse: dict[Unit, Callable[[Any], int | float]] = {
        "bytes": _DASK["parse_bytes"],
        "seconds": lambda text: float(_DASK["parse_timedelta"](text)),
        "count": _whole,
        "share": float,
    }
    return parse[unit](raw)


def _whole(raw: str | float) -> int:
    if int(raw) != float(raw):
        raise ValueError(raw)
    return int(raw)
