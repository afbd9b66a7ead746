"""Secrets in settings: only the names of the environment variables that hold them."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic_core import PydanticCustomError

SECRET = re.compile(r"secret|passw|passphrase|token|credential|access_?key", re.IGNORECASE)
# A line of a job script that sets one to anything but a variable.
LINE = re.compile(rf"(?P<name>\w*(?:{SECRET.pattern})\w*)\s*=\s*[\"']?[^$\s\"']", re.IGNORECASE)
NAME = re.compile(r"\$(\w+)")


def refuse_secrets(value: Any, key: str = "") -> None:
    """Raise if a setting holds a secret itself; the words do not repeat it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            refuse_secrets(inner, str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_secrets(inner, key)
    elif isinstance(value, str):
        named = key if SECRET.search(key) and not NAME.fullmatch(value) else None
        if named is None and (found := LINE.search(value)):
            named = found["name"]
        if named is not None:
            raise PydanticCustomError(
                "secret",
                "{name} is a secret, which would be kept with the run and shown: give the name of an environment "
                "variable with a dollar before it, ${upper}, and set that where the pipeline runs",
                {"name": named, "upper": named.upper()},
            )


def fill_secrets(value: Any, key: str = "") -> Any:
    """The value with secrets in place of the names of their variables.

    Raises
    ------
    ValueError
        If there is no such variable.
    """
    if isinstance(value, dict):
        return {name: fill_secrets(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill_secrets(inner, key) for inner in value]
    found = NAME.fullmatch(value) if isinstance(value, str) and SECRET.search(key) else None
    if found is None:
        return value
    if found[1] not in os.environ:
        raise ValueError(
            f"the option {key} of the cluster names the environment variable {found[1]}, which is not set"
        )
    return os.environ[found[1]]
