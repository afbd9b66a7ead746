"""Clusters: the name of a file is the value of ``hardware``, its function ``cluster`` starts one."""

from importlib import import_module
from typing import Any


def need(package: str, hardware: str) -> Any:
    """Import a package that only this hardware takes.

    Raises
    ------
    ImportError
        If it is not installed; says how to install it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"hardware={hardware!r} needs the package {package!r}: pip install 'pylops-distributed[cluster]'"
        ) from error
