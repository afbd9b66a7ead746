"""Calls in the style of PyLops 1 and of pylops-distributed 0.x, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

# Arguments that are called otherwise now.
RENAMED = {"dir": "axis", "dirs": "axes"}
GONE = ("N", "todask", "usedelayed")
SHAPES = (list, tuple)


def reject_old_call(operator: type, args: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Raise for a call of an operator as in PyLops 1: number of samples first, ``dir``, ``todask``.

    Raises
    ------
    TypeError
        With the call to write.
    """
    old = (RENAMED.keys() | set(GONE)) & options.keys()
    sizes = (
        bool(args)
        and isinstance(args[0], int)
        and ("dims" in options or (len(args) > 1 and isinstance(args[1], SHAPES)))
    )
    if not (old or sizes):
        return
    names = [
        p.name for p in signature(operator).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD
    ]
    # A number of samples, and the shape again: by name, or in the place of the axis.
    twice = sizes and names[0] == "dims" and (
        "dims" in options or (names[1] == "axis" and isinstance(args[1], SHAPES))
    )  # fmt: skip
    if not (old - set(names) or twice):
        return
    kept = list(args[1:] if twice else args)
    new = {RENAMED.get(n, n): v for n, v in options.items() if n not in GONE}
    if twice and "dims" in new:
        kept.insert(0, new.pop("dims"))
    if "N" in options and "dims" in names:
        new = {"dims": options["N"]} | new
    raise TypeError(
        f"{_call(operator, args, options)} is a call of PyLops 1 or pylops-distributed 0.x; "
        f"write {_call(operator, kept, new)}"
    )


def _call(operator: type, args: Any, options: Mapping[str, Any]) -> str:
    given = [*map(_short, args), *(f"{name}={_short(value)}" for name, value in options.items())]
    return f"{operator.__name__}({', '.join(given)})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 and "\n" not in text else "..."
