"""Scalars that a solver carries from step to step, as one record with names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast


def on_record(
    function: Callable[..., tuple[object, ...]], record: type[NamedTuple]
) -> Callable[..., tuple[object, ...]]:
    """``function``, for :func:`pylops_distributed.vectors.elementwise.scalars`, which knows no records.

    Parameters
    ----------
    function : callable
        A function of a module that takes numbers and, last, a record, and returns numbers and, last, the next record.
    record : type
        A named tuple of numbers.

    Returns
    -------
    callable
        A function that takes and returns the numbers of the record in its place.
    """
    return partial(_call, function=function, record=record)


def _call(
    *values: object, function: Callable[..., tuple[object, ...]], record: type[NamedTuple]
) -> tuple[object, ...]:
    count = len(record._fields)
    *numbers, following = function(*values[:-count], record._make(values[-count:]))
    return *numbers, *cast("NamedTuple", following)
