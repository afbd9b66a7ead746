"""Sweeps: settings with lists of values, and a pipeline for each combination of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pylops_distributed import tuning
from pylops_flows.settings.nested import merge, nested
from pylops_flows.settings.pipeline import PipelineConfig, validate

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json

Path = tuple[str, ...]
SWEPT = ("problem", "solver")
TABLE = "sweep.csv"


def swept(raw: Json) -> dict[str, list[object]]:
    """Return the settings of problem and solver that are lists where one value is expected, by dotted names.

    Settings that take a list, such as the samples of a wavelet, are not swept.
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


def expand(raw: Json, origin: str) -> tuple[PipelineConfig, dict[str, list[object]]]:
    """Return the pipeline of the first values, and the values of each swept setting.

    Raises
    ------
    ValueError
        If nothing is swept, or a combination of values is invalid.
    """
    values = swept(raw)
    if not values:
        raise ValueError(f"{origin} sweeps nothing: give a list for a setting of problem or solver")
    number = prod(map(len, values.values()))
    most = tuning.count("pipelines.sweep-runs")
    if number > most:
        raise ValueError(f"{origin} sweeps over {number} combinations of values: expected at most {most}")
    for changes in combinations(values):
        validate(merge(raw, nested(changes)), origin)
    first = {name: options[0] for name, options in values.items()}
    return validate(merge(raw, nested(first)), origin), values


def combinations(values: dict[str, list[object]]) -> list[Json]:
    """Return every combination of the values."""
    return [dict(zip(values, row, strict=True)) for row in product(*values.values())]


def configs(config: PipelineConfig, values: dict[str, list[object]]) -> list[PipelineConfig]:
    """Return a pipeline for each combination."""
    raw = config.model_dump(mode="json")
    return [validate(merge(raw, nested(changes)), "the sweep") for changes in combinations(values)]


def combination_label(changes: Json) -> str:
    """Return a short label of a combination."""
    return ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in changes.items())


def _lists(raw: object, path: Path = ()) -> Iterator[tuple[Path, list[object]]]:
    if isinstance(raw, list):
        yield path, raw
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield from _lists(value, (*path, str(key)))


def _within(path: Path, loc: Path) -> bool:
    """Return whether an error is about a setting: unions add the names of their members in between."""
    rest = iter(loc)
    return all(part in rest for part in path)
