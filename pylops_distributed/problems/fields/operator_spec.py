"""Operators named in settings: by where they are imported from, with their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dask.array as da
import pylops
from pydantic import BaseModel, ConfigDict, Field

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.problems.fields.packages import ENVIRONMENT, packages
from pylops_distributed.problems.fields.variables import variable

if TYPE_CHECKING:
    import xarray as xr


class OperatorSpec(BaseModel):
    """An operator, by where it is imported from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str = Field(
        pattern=r"^\w+(\.\w+)+$",
        description="such as pylops_distributed.signalprocessing.Convolve1D; a class of operators, or a function that "
        "makes one. Packages other than pylops_distributed and pylops must be named in the environment variable "
        f"{ENVIRONMENT}, with commas between them",
    )
    args: tuple[Any, ...] = Field(default=(), description="arguments")
    kwargs: dict[str, Any] = Field(
        default_factory=dict, description="keyword arguments; {variable: NAME} is an array of the dataset"
    )

    def build(self, ds: xr.Dataset) -> LinearOperator:
        """The operator.

        Raises
        ------
        ValueError
            If it is not allowed, is no operator, or does not take the arguments.
        """
        make = self.find()
        try:
            instance = make(
                *(_value(v, ds) for v in self.args), **{k: _value(v, ds) for k, v in self.kwargs.items()}
            )
        except (TypeError, ValueError, NotImplementedError) as error:
            raise ValueError(f"{self.path} does not take these arguments: {error}") from error
        operator: LinearOperator = aslinearoperator(instance)
        return operator

    def find(self) -> Callable[..., LinearOperator]:
        """The class or function that makes the operator."""
        module, _, name = self.path.rpartition(".")
        allowed = packages()
        if module.split(".")[0] not in allowed:
            raise ValueError(
                f"{self.path} is not in one of the packages that are allowed: {', '.join(allowed)}. Name others in "
                f"the environment variable {ENVIRONMENT}"
            )
        try:
            target: Callable[..., LinearOperator] = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"there is no operator {self.path}: {error}") from error
        if not _makes_operators(target) or target.__module__.split(".")[0] not in allowed:
            raise ValueError(
                f"{self.path} is no class of operators, and no function that says it returns one"
            )
        return target


def _makes_operators(target: object) -> bool:
    """Whether calling something can only make an operator: other functions of a package may do anything."""
    if isinstance(target, type):
        return issubclass(target, LinearOperator | pylops.LinearOperator)
    return inspect.isfunction(target) and "LinearOperator" in str(target.__annotations__.get("return", ""))


def _value(setting: object, ds: xr.Dataset) -> object:
    """An argument: lists, which YAML has, stand for tuples."""
    if isinstance(setting, dict) and set(setting) == {"variable"}:
        return da.asarray(variable(ds, setting["variable"]).data)
    if isinstance(setting, dict) and set(setting) == {"values"}:
        return variable(ds, setting["values"]).values
    return tuple(_value(v, ds) for v in setting) if isinstance(setting, list | tuple) else setting
