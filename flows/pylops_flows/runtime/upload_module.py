"""Send the module of a custom problem to workers on other machines."""

from __future__ import annotations

import inspect
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

    from pylops_distributed.problems.base import Problem


def upload_module(problem: Problem, client: Client) -> None:
    """Send the module of a problem, if that is a single file, to the workers of a cluster, and to later ones.

    Installed modules are not sent: packages must be installed where the workers run.

    Parameters
    ----------
    problem : Problem
        Problem whose module to send.
    client : distributed.Client
        Client of the cluster.
    """
    cls = type(problem)
    file = Path(inspect.getfile(cls))
    installed = any(file.is_relative_to(folder) for folder in set(sysconfig.get_paths().values()))
    if "." in cls.__module__ or cls.__module__ == "__main__" or installed:
        return
    client.upload_file(str(file))
