"""Nested settings: by dotted names, merged, flattened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json


def nested(changes: Mapping[str, object]) -> Json:
    """Return nested values of dotted names.

    Raises
    ------
    ValueError
        If a name is both a value and a group of values.
    """
    root: dict[str, Any] = {}
    for name, value in changes.items():
        *path, last = name.split(".")
        parent = root
        for part in path:
            parent = parent.setdefault(part, {})
            if not isinstance(parent, dict):
                raise ValueError(
                    f"{name!r} is set, and {part!r} above it has another value: give one of them"
                )
        parent[last] = value
    return root


def flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted names and values of nested values."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def merge(values: Mapping[str, Any], changes: Mapping[str, object]) -> Json:
    """Return nested values, with those of ``changes`` taking precedence."""
    merged = dict(values)
    for key, value in changes.items():
        merged[key] = merge(merged.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged
