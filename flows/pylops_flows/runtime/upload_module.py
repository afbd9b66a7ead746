"""A user's own problem on workers elsewhere, which may not have its module."""

from __future__ import annotations

import inspect
import sysconfig
from pathlib import Path
from typing import Any

from pylops_distributed.problems.base import Problem


def upload_module(problem: Problem, client: Any) -> None:
    """Give the workers of a cluster, those that are still to come too, the module of a problem that is one file.

    What is installed is left alone: packages must be installed where the workers run.

    Parameters
    ----------
    problem : Problem
        Problem.
    client : distributed.Client
        Client of the cluster.
    """
    form = type(problem)
    file = Path(inspect.getfile(form))
    installed = any(file.is_relative_to(place) for place in set(sysconfig.get_paths().values()))
    if "." in form.__module__ or form.__module__ == "__main__" or installed:
        return
    client.upload_file(str(file))
