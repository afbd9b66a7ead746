"""Secrets in settings: only the names of the environment variables that hold them."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic_core import PydanticCustomError

from pylops_distributed.storage.secrets import find_secrets, is_secret_name, may_be

FLAG = re.compile(r"--?[\w-]+")  # its value is the next argument
NAME = re.compile(r"\$\{?(\w+)\}?")


def reject_secrets(value: object, key: str = "") -> None:
    """Raise an error if a setting holds a secret; the message does not repeat it."""
    for name, inner in _parts(value, key):
        reject_secrets(inner, name)
        _raise_if(next(find_secrets(name), None) if name != key else None, key)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        _raise_if(next(find_secrets(value), None), key)
    if isinstance(value, str | int | float) and not isinstance(value, bool) and may_be(key, str(value)):
        _raise_if(None if NAME.fullmatch(str(value)) else key, key)


def _raise_if(name: str | None, key: str) -> None:
    if name is None:
        return
    if name == "address":
        raise PydanticCustomError(
            "secret",
            "{name} is a secret, an address with a password, which would be stored with the run and shown: remove the "
            "password, and set it as an environment variable where the pipeline runs; for S3, the keys go in "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            {"name": key or "a setting"},
        )
    name = (key or "a setting") if name == "text" else name
    raise PydanticCustomError(
        "secret",
        "{name} is a secret, which would be stored with the run and shown: give the name of an environment "
        "variable instead, as ${upper}, and set that variable where the pipeline runs",
        {"name": name, "upper": re.sub(r"\W+", "_", name).strip("_").upper()},
    )


def _parts(value: object, key: str) -> list[tuple[str, object]]:
    """Return the parts of a setting, each with the key that says what it is."""
    if isinstance(value, dict):
        if value.keys() == {"name", "value"}:  # as Kubernetes writes variables
            return [(str(value["name"]), value["value"])]
        return [(str(name), inner) for name, inner in value.items()]
    if isinstance(value, list | tuple):
        before = [key, *(v if isinstance(v, str) and FLAG.fullmatch(v) else key for v in value[:-1])]
        return list(zip(before, value, strict=False))
    return []


def fill_secrets(value: object, key: str = "") -> Any:
    """Return a value with secrets in place of their environment variables.

    Raises
    ------
    ValueError
        If a variable is not set.
    """
    if isinstance(value, dict) and value.keys() == {"name", "value"}:
        return {"name": value["name"], "value": fill_secrets(value["value"], str(value["name"]))}
    if isinstance(value, dict):
        return {name: fill_secrets(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill_secrets(inner, name) for name, inner in _parts(value, key)]
    match = NAME.fullmatch(value) if isinstance(value, str) and is_secret_name(key) else None
    if match is None:
        return value
    if match[1] not in os.environ:
        raise ValueError(
            f"the option {key} of the cluster names the environment variable {match[1]}, which is not set"
        )
    return os.environ[match[1]]
