"""Errors in settings in plain words: where each was given, and the probable meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from pylops_distributed.problems.registry import find_problem
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_flows.settings.nested import flat

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# Settings whose form follows from their name, which their annotation does not say.
Find = Callable[[str], type[BaseModel]]
NAMED: dict[str, tuple[Find, str]] = {
    "problem": (find_problem, "poststack"),
    "solver": (SOLVERS.__getitem__, "cgls"),
}


def explain(
    error: ValidationError,
    form: type[BaseModel],
    raw: Mapping[str, object],
    origin: str,
    changes: Mapping[str, Any],
) -> str:
    """Return the words about wrong settings, one line for each.

    Parameters
    ----------
    error : ValidationError
        Error of the settings.
    form : type
        Model that they were validated with.
    raw : mapping
        The settings.
    origin : str
        Where they come from.
    changes : mapping
        Those of them that were set on the command line.
    """
    details = error.errors()
    changed = [name for name, _ in flat(changes)]
    blamed = [_is_changed(_key(one, raw), changed) for one in details]
    lines = [
        f"  {'--set ' * blame}{_key(one, raw) or 'config'}: {_message(one, form, raw)}"
        for one, blame in zip(details, blamed, strict=True)
    ]
    where = "the values of --set" if all(blamed) else origin
    return "\n".join([f"{where} cannot be used:", *lines])


def near(name: str, names: Sequence[str]) -> str:
    """Return a question after the name that was probably meant; empty where none is similar."""
    found = get_close_matches(name, names, 1)
    return f"; did you mean {found[0]}?" if found else ""


def _key(error: ErrorDetails, raw: object) -> str:
    """Return the dotted name of a setting: as it is written, without what Pydantic adds for the forms of unions."""
    parts, last = [], len(error["loc"]) - 1
    for n, part in enumerate(error["loc"]):
        if n == last or not isinstance(raw, Mapping) or part in raw:
            parts.append(str(part))
            raw = raw.get(part) if isinstance(raw, Mapping) else None
    return ".".join([*parts, *(["name"] if error["type"] == "choice_name" else [])])


def _is_changed(key: str, changed: Sequence[str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.") for name in changed)


def _message(error: ErrorDetails, form: type[BaseModel], raw: Mapping[str, object]) -> str:
    loc, words = error["loc"], str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = sorted(_fields(form, loc[:-1], raw))
        return "unknown key" + (
            near(str(loc[-1]), known) or (f"; expected one of {', '.join(known)}" if known else "")
        )
    if error["type"] == "union_tag_invalid":
        about = error["ctx"]
        question = near(about["tag"], re.findall(r"'([^']*)'", about["expected_tags"]))
        return f"{about['discriminator']} is {about['tag']!r}, expected one of {about['expected_tags']}{question}"
    if error["type"] in ("choice_name", "secret") or not loc:  # the input would be all settings
        return words
    return f"{error['msg']}, got {error['input']!r:.200}" if error["type"] != "missing" else "missing"


def _fields(form: type[BaseModel], loc: Sequence[int | str], raw: Mapping[str, Any]) -> set[str]:
    """The names of the settings at a place."""
    forms: list[type[BaseModel]] = [form]
    if loc and loc[0] in NAMED:
        find, default = NAMED[str(loc[0])]
        forms, loc = [find((raw.get(str(loc[0])) or {}).get("name", default))], loc[1:]
    for part in loc:
        below = [one.model_fields[part].annotation for one in forms if part in one.model_fields]
        tagged = [one for one in forms if part in _tags(one)]  # the form that a union's tag chose
        forms = [found for annotation in below for found in _models(annotation)] or tagged or forms
    return {name for one in forms for name in one.model_fields}


def _tags(form: type[BaseModel]) -> list[object]:
    return [field.default for field in form.model_fields.values()]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """All models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
