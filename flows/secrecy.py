"""Secrets in settings: only the names of the environment variables that hold them."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic_core import PydanticCustomError

SECRET = re.compile(
    r"secret|pass(w|phrase|$)|token|credential|authorization|(access|api)[_-]?key", re.IGNORECASE
)
PUBLIC = re.compile(
    r"(file|path|dir|id|name|secrets|credentials)$", re.IGNORECASE
)  # where it is, but not what
# A line of a job script or an argument that sets something to anything but a variable.
LINE = re.compile(r"""(?P<name>\w+(?=\s*=)|--[\w-]+)(\s*=\s*|\s+)["']?[^$`=\s"']""")
URL = re.compile(r"\w+://[^/\s:@]+:[^/\s@$]+@")
FLAG = re.compile(r"--?[\w-]+")  # its value is the next argument
NAME = re.compile(r"\$\{?(\w+)\}?")


def refuse_secrets(value: Any, key: str = "") -> None:
    """Raise if a setting holds a secret itself; the words do not repeat it."""
    for name, inner in _inside(value, key):
        refuse_secrets(inner, name)
    named = None
    if isinstance(value, str):
        named = next((found["name"] for found in LINE.finditer(value) if _is_secret(found["name"])), None)
        named = key if URL.search(value) else named
    if _is_secret(key) and not isinstance(value, dict | list | tuple | bool | None):
        named = named if isinstance(value, str) and NAME.fullmatch(value) else key
    if named is not None:
        raise PydanticCustomError(
            "secret",
            "{name} is a secret, which would be kept with the run and shown: give the name of an environment "
            "variable with a dollar before it, ${upper}, and set that where the pipeline runs",
            {"name": named, "upper": re.sub(r"\W+", "_", named).strip("_").upper()},
        )


def _is_secret(key: str) -> bool:
    return SECRET.search(key) is not None and PUBLIC.search(key) is None


def _inside(value: Any, key: str) -> list[tuple[str, Any]]:
    """What a setting is made of, each under the key that tells what it is."""
    if isinstance(value, dict):
        if value.keys() == {"name", "value"}:  # as Kubernetes writes variables
            return [(str(value["name"]), value["value"])]
        return [(str(name), inner) for name, inner in value.items()]
    if isinstance(value, list | tuple):
        before = [key, *(v if isinstance(v, str) and FLAG.fullmatch(v) else key for v in value[:-1])]
        return list(zip(before, value, strict=False))
    return []


def fill_secrets(value: Any, key: str = "") -> Any:
    """The value with secrets in place of the names of their variables.

    Raises
    ------
    ValueError
        If there is no such variable.
    """
    if isinstance(value, dict) and value.keys() == {"name", "value"}:
        return {"name": value["name"], "value": fill_secrets(value["value"], str(value["name"]))}
    if isinstance(value, dict):
        return {name: fill_secrets(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill_secrets(inner, name) for name, inner in _inside(value, key)]
    found = NAME.fullmatch(value) if isinstance(value, str) and _is_secret(key) else None
    if found is None:
        return value
    if found[1] not in os.environ:
        raise ValueError(
            f"the option {key} of the cluster names the environment variable {found[1]}, which is not set"
        )
    return os.environ[found[1]]
