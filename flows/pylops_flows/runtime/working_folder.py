"""Where workers run the flows of deployments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prefect.runner.storage import LocalStorage

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


def run_in(deployment: RunnerDeployment, folder: Path) -> None:
    """Have workers run a deployment's flow in a folder of this machine, wherever they were started.

    Relies on: a deployment whose ``storage`` is a ``LocalStorage`` gets the pull step ``set_working_directory``, also
    where its entrypoint is a module.
    """
    deployment.storage = LocalStorage(str(folder))
