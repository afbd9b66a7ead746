"""Names in messages: lists of them, and the nearest to one that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 10


def listed(names: Sequence[str], conjunction: str = "and") -> str:
    """Return names as one text, the first ten of them."""
    if len(names) > MOST:
        names = [*names[:MOST], f"{len(names) - MOST} more"]
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}" if len(names) > 1 else "".join(names)
