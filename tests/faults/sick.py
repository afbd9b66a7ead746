"""A problem whose operator misbehaves on one chunk once a file exists."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from pylops_distributed import LinearOperator
from pylops_distributed.compat.dask import meta_of
from pylops_flows.cli.problem_template import Template

held: list[Any] = []


class Spoilt(LinearOperator):
    """Another operator, spoilt."""

    def __init__(self, op: LinearOperator, flag: str, how: str) -> None:
        super().__init__(domain=op.domain, codomain=op.codomain)
        self.op, self.flag, self.how = op, flag, how

    def _matvec(self, x: Any) -> Any:
        return self.op._matvec(x).map_blocks(strike, self.flag, self.how, meta=meta_of(x))

    def _rmatvec(self, y: Any) -> Any:
        return self.op._rmatvec(y)


def strike(block: Any, flag: str, how: str) -> Any:
    """Whoever comes first takes the file away; those that strike always leave it there."""
    time.sleep(0.005)
    try:
        Path(flag).stat() if how.endswith("always") else Path(flag).unlink()
    except FileNotFoundError:
        return block
    if how == "sleeps":
        time.sleep(10**6)
    elif how == "never releases Python's lock":
        re.match(r"(a+)+$", "a" * 60 + "b")
    elif how.startswith("memory"):
        held.append(np.ones(10**8))  # 800 MB
        time.sleep(5)
    return block


class Sick(Template):
    """Traces behind a filter."""

    flag: str = Field(default="no such file", description="the file")
    how: str = Field(default="sleeps", description="what it then does")

    def operator(self, ds: Any) -> LinearOperator:
        """As the template's, spoilt."""
        return Spoilt(super().operator(ds), self.flag, self.how)

    def data(self, ds: Any) -> Any:
        """Two chunks."""
        return super().data(ds).rechunk((20, -1))
