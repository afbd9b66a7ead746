"""Secrets in settings: only the names of the environment variables that hold them."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic_core import PydanticCustomError

from pylops_distributed.storage.secrets import find_secrets, is_secret_name, may_be

FLAG = re.compile(r"--?[\w-]+")  # its value is the next argument
NAME = re.compile(r"\$\{?(\w+)\}?")


def reject_secrets(value: Any, key: str = "") -> None:
    """Raise if a setting holds a secret itself; the words do not repeat it."""
    for name, inner in _inside(value, key):
        reject_secrets(inner, name)
        _refuse(next(find_secrets(name), None) if name != key else None, key)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        _refuse(next(find_secrets(value), None), key)
    if isinstance(value, str | int | float) and not isinstance(value, bool) and may_be(key, str(value)):
        _refuse(None if NAME.fullmatch(str(value)) else key, key)


def _refuse(named: str | None, key: str) -> None:
    if named is None:
        return
    if named == "address":
        raise PydanticCustomError(
            "secret",
            "{name} is a secret, an address with a password in it, which would be kept with the run and shown: leave "
            "the password out; it belongs in an environment variable, keys of S3 in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, set where the pipeline runs",
            {"name": key or "a setting"},
        )
    name = (key or "a setting") if named == "text" else named
    raise PydanticCustomError(
        "secret",
        "{name} is a secret, which would be kept with the run and shown: give the name of an environment "
        "variable with a dollar before it, ${upper}, and set that where the pipeline runs",
        {"name": name, "upper": re.sub(r"\W+", "_", name).strip("_").upper()},
    )


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
    found = NAME.fullmatch(value) if isinstance(value, str) and is_secret_name(key) else None
    if found is None:
        return value
    if found[1] not in os.environ:
        raise ValueError(
            f"the option {key} of the cluster names the environment variable {found[1]}, which is not set"
        )
    return os.environ[found[1]]
