"""Operators as text, and as tables in notebooks."""

from __future__ import annotations

from html import escape
from typing import Any, Protocol

MEMBERS = 20  # how many members a table lists


class Shown(Protocol):
    """An operator as this module shows it."""

    name: str | None
    dtype: Any
    domain: Any
    codomain: Any

    @property
    def shape(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def dims(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dimsd(self) -> tuple[int, ...]: ...  # noqa: D102


def in_one_line(op: Shown) -> str:
    """An operator in one line: its size, class, shapes of model and data where these have axes, type and chunks."""
    shapes = "" if len(op.dims) == len(op.dimsd) == 1 else f"dims={op.dims}, dimsd={op.dimsd}, "
    chunks = getattr(op.domain, "chunks", None)
    pinned = "" if chunks is None else f", chunks={chunks}"
    return f"<{op.shape[0]}x{op.shape[1]} {type(op).__name__} with {shapes}dtype={op.dtype}{pinned}>"


def as_table(op: Shown) -> str:
    """An operator as a table of HTML, with its members."""
    rows = {"name": op.name, "shape": op.shape, "dims": op.dims, "dimsd": op.dimsd, "dtype": op.dtype}
    rows |= {"chunks of the model": getattr(op.domain, "chunks", None)}
    rows |= {"chunks of the data": getattr(op.codomain, "chunks", None)}
    lines = "".join(_row(name, str(value)) for name, value in rows.items() if value is not None)
    members = listed_members(op)
    listed = "".join(f"<li>{escape(in_one_line(member))}</li>" for member in members[:MEMBERS])
    more = f"<li>and {len(members) - MEMBERS} more</li>" if len(members) > MEMBERS else ""
    inside = f"<details open><summary>{len(members)} members</summary><ol>{listed}{more}</ol></details>"
    return f"<b>{escape(type(op).__name__)}</b><table>{lines}</table>{inside if members else ''}"


def listed_members(op: object) -> list[Shown]:
    """The operators that an operator is made of."""
    held = vars(op)
    found = (
        list(held["ops"])
        if "ops" in held
        else [held[name] for name in ("op", "Op", "Op1", "Op2") if name in held]
    )
    return [member for member in found if hasattr(member, "dimsd")]


def _row(name: str, value: str) -> str:
    return f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
