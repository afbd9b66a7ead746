"""Names of flow runs: those that a person gave are kept, and those that Prefect made up say what the run is of.

Relies on undocumented behaviour of Prefect, tested in ``tests/compat/test_flow_run_names.py``: it makes names up of
words of coolname, and calls the function for the name of a flow run when its first name and its parameters are in
``prefect.runtime``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from coolname import data
from prefect.runtime import flow_run

from pylops_distributed.ingest.models import FINGERPRINT


def name_from(template: str) -> Callable[[], str]:
    """Return a function for ``flow_run_name`` of a flow.

    Parameters
    ----------
    template : str
        Name in place of one that Prefect made up, such as ``"invert {config.name}"``, with parameters of the flow; of
        paths the last part.
    """

    def flow_run_name() -> str:
        first = flow_run.name
        if first and not is_made_up(first):
            return str(first)
        return template.format(**{name: _last_part(value) for name, value in flow_run.parameters.items()})

    return flow_run_name


def is_made_up(name: str) -> bool:
    """Return whether Prefect has made a name up."""
    return "-" in name and all(word in _words() for word in name.split("-"))


def _last_part(value: object) -> object:
    if not isinstance(value, str):
        return value
    return value.replace(f"-{FINGERPRINT}", "").rstrip("/").rpartition("/")[-1].removesuffix(".zarr")


@cache
def _words() -> frozenset[str]:
    """All words that names are made up of."""
    return frozenset(_texts(data.config))


def _texts(entry: object) -> Iterator[str]:
    if isinstance(entry, Mapping):
        for value in entry.values():
            yield from _texts(value)
    elif isinstance(entry, list | tuple):
        for value in entry:
            yield from _texts(value)
    elif isinstance(entry, str):
        yield from entry.split()
