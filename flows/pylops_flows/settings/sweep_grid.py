"""One config with lists where one value is expected, as a config for each combination of their values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from pydantic import ValidationError

from pylops_flows.settings.pipeline import PipelineConfig, merge, validate

Path = tuple[str, ...]
SWEPT = ("problem", "solver")
MOST = 10_000  # runs of a sweep


def swept(raw: dict[str, Any]) -> dict[str, list[Any]]:
    """Settings of problem and solver that are lists where the form expects one value, by their dotted names.

    Lists that a setting takes as they are, such as the samples of a wavelet, are no sweep.
    """
    lists = {path: value for path, value in _lists(raw) if path[0] in SWEPT and value}
    if not lists:
        return {}
    try:
        PipelineConfig.model_validate(raw)
    except ValidationError as error:
        wrong = [
            (*map(str, e["loc"]), *(["name"] if e["type"] == "choice_name" else [])) for e in error.errors()
        ]
        return {
            ".".join(path): value for path, value in lists.items() if any(_within(path, loc) for loc in wrong)
        }
    return {}


def expand(raw: dict[str, Any], what: str) -> tuple[PipelineConfig, dict[str, list[Any]]]:
    """The config of the first values, and the values of each setting that is swept.

    Raises
    ------
    ValueError
        If nothing is swept, or a config of some of the values is not valid.
    """
    values = swept(raw)
    if not values:
        raise ValueError(f"{what} sweeps nothing: give a list where problem or solver take one value")
    number = prod(map(len, values.values()))
    if number > MOST:
        raise ValueError(f"{what} sweeps over {number} combinations of values: expected at most {MOST}")
    for changes in combinations(values):
        validate(merge(raw, nested(changes)), what)
    first = {name: options[0] for name, options in values.items()}
    return validate(merge(raw, nested(first)), what), values


def combinations(values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values of all settings."""
    return [dict(zip(values, row, strict=True)) for row in product(*values.values())]


def configs(config: PipelineConfig, values: dict[str, list[Any]]) -> list[PipelineConfig]:
    """One config for each combination."""
    raw = config.model_dump(mode="json")
    return [validate(merge(raw, nested(changes)), "the sweep") for changes in combinations(values)]


def label(changes: dict[str, Any]) -> str:
    """A combination in few words."""
    return ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in changes.items())


def nested(changes: dict[str, Any]) -> dict[str, Any]:
    """Nested values from dotted names."""
    made: dict[str, Any] = {}
    for name, value in changes.items():
        *path, last = name.split(".")
        place = made
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return made


def _lists(raw: Any, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    if isinstance(raw, list):
        yield path, raw
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield from _lists(value, (*path, str(key)))


def _within(path: Path, loc: Path) -> bool:
    """Whether an error's place is that of a setting: unions add the names of their members in between."""
    rest = iter(loc)
    return all(part in rest for part in path)
