"""Weights of the terms of an objective: finite real numbers, or an error that names the value."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np


def real_weight(name: str, value: object) -> float:
    """The number that a weight, such as a damping, is given as: of any type that is real, and of either sign.

    Parameters
    ----------
    name : str
        Name of the argument.
    value : object
        Number, or an array without axes.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is not finite.
    """
    number: Any = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if not issubclass(type(number), Real):
        raise TypeError(f"{name}={reprlib.repr(value)}: expected one real number, such as 0.1")
    if not math.isfinite(number):
        raise ValueError(f"{name}={value!r}: expected a finite number, such as 0.1")
    result: float = number
    return result


def real_weights(name: str, values: object) -> list[float]:
    """The numbers of a list or of an array with one axis, each as :func:`real_weight` takes it."""
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray) or np.ndim(values) == 0:
        raise TypeError(f"{name}={reprlib.repr(values)}: expected a list of numbers, such as [0.1]")
    return [real_weight(f"{name}[{i}]", value) for i, value in enumerate(values)]
