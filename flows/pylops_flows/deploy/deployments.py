"""Work pool, deployments and the automation for dead runs, on a Prefect server."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, DeploymentSchedule, StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType

from pylops_distributed import tuning
from pylops_flows.events import FLOW_RUN_SUSPENDED, FLOWS, HEARTBEAT
from pylops_flows.pipeline import pipeline
from pylops_flows.runtime.working_folder import run_in

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

    from pylops_flows.settings.pipeline import PipelineConfig

POOL = "local"
# Environment variables that the processes of flows need.
FLOW_ENVIRONMENT = (
    "PREFECT_CLIENT_MAX_RETRIES",
    "PREFECT_FLOWS",
    "PREFECT_LOGGING_EXTRA_LOGGERS",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW",
)
ZOMBIES = "zombies"
# States that end the wait for a heartbeat, ours among them.
FINAL_STATES = (
    "Completed",
    "Failed",
    "Crashed",
    "Cancelled",
    "TimedOut",
    "Suspended",
    "Paused",
    "Resumable",
    "Unchanged",
)


@dataclass(frozen=True)
class Deployment:
    """A deployment on the server.

    Attributes
    ----------
    name : str
        ``flow/deployment``.
    id : str
        Its id.
    schedules : list of str
        Its schedules.
    """

    name: str
    id: str
    schedules: list[str]


def ensure_pool(name: str = POOL) -> None:
    """Create the work pool for processes on this machine, unless it exists."""
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return


def deploy_file(file: Path) -> None:
    """Deploy all of a ``prefect.yaml``, as ``prefect deploy --all`` does in its folder.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If Prefect rejects it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file} does not exist: give another with --file, or deploy one CONFIG.yaml")
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", file.name]
    done = subprocess.run(
        command, cwd=file.absolute().parent, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )  # fmt: skip
    if done.returncode:
        raise ValueError(f"{file} was not deployed:\n{done.stdout}{done.stderr}")


def deploy_config(
    config: PipelineConfig,
    name: str | None = None,
    cron: str | None = None,
    every: float | None = None,
    pool: str = POOL,
) -> UUID:
    """Deploy the pipeline of one config; its runs wait for each other.

    Parameters
    ----------
    config : PipelineConfig
        Settings of each run.
    name : str, optional
        Name of the deployment; that of the config if not given.
    cron : str, optional
        When to run, such as ``"0 2 * * *"``.
    every : float, optional
        Seconds between two runs.
    pool : str, optional
        Work pool.

    Returns
    -------
    UUID
        Id of the deployment.
    """
    deployment = cast("RunnerDeployment", pipeline.to_deployment(
        name or config.name, cron=cron, interval=every, work_pool_name=pool,
        parameters={"config": config.model_dump(mode="json")}, entrypoint_type=EntrypointType.MODULE_PATH,
        concurrency_limit=ConcurrencyLimitConfig(limit=1),
        job_variables={"env": {name: os.environ[name] for name in FLOW_ENVIRONMENT}, "stream_output": False},
    ))  # fmt: skip
    # Workers change to this folder, wherever they were started, and find the module of a custom problem there.
    run_in(deployment, Path.cwd())
    return UUID(str(deployment.apply()))


def ensure_automation() -> None:
    """Create the automation that marks a flow run Crashed when its heartbeats stop: its process is gone."""
    silence = tuning.seconds("pipelines.silence")
    trigger = EventTrigger(
        after={HEARTBEAT},
        expect={HEARTBEAT, FLOW_RUN_SUSPENDED, *(f"prefect.flow-run.{name}" for name in FINAL_STATES)},
        match=cast("Any", {"prefect.resource.id": "prefect.flow-run.*"}),
        # Other flows may have fewer heartbeats.
        match_related=cast("Any", {"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=silence),
    )
    action = ChangeFlowRunState(
        name="Crashed",
        force=False,
        state=StateType.CRASHED,
        message=f"no heartbeat for {silence:.0f} s: its process is gone. Retry resumes it",
    )
    automation = AutomationCore(
        name=ZOMBIES, description="Runs whose process was killed become Crashed.", trigger=trigger, actions=[action]
    )  # fmt: skip
    with get_client(sync_client=True) as client:
        for existing in client.read_automations_by_name(ZOMBIES):
            client.delete_automation(existing.id)
        client.create_automation(automation)


def list_deployments() -> list[Deployment]:
    """Return the deployments on the server, by name."""
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        deployments = client.read_deployments()
    return [
        Deployment(
            f"{flows.get(d.flow_id, '?')}/{d.name}", str(d.id), [_schedule_text(s) for s in d.schedules]
        )
        for d in sorted(deployments, key=lambda d: d.name)
    ]


def _schedule_text(scheduled: DeploymentSchedule) -> str:
    schedule = scheduled.schedule
    when = getattr(schedule, "cron", None) or f"every {getattr(schedule, 'interval', schedule)}"
    return str(when) if scheduled.active else f"{when} (paused)"
