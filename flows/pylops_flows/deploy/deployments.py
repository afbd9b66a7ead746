"""What a server must know to run flows by itself: a work pool, deployments, and what becomes of dead runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType

from pylops_flows.runtime.heartbeat import SIGN
from pylops_flows.runtime.stages import RESTS
from pylops_flows.runtime.working_folder import run_in
from pylops_flows.settings.pipeline import PipelineConfig

POOL = "local"
# What the flows' processes must know, and seconds without a sign of life, given every 30, until they count as dead.
TOLD = (
    "PREFECT_FLOWS",
    "PREFECT_LOGGING_EXTRA_LOGGERS",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW",
)
DEAD = 90
# Without `watch`, which is over before its first sign of life is read.
FLOWS = ("pipeline", "sweep", "ingest", "invert", "forward", "postprocess")
ZOMBIES = "zombies"
# What ends the wait for a sign of life. Events carry the names of states, ours among them.
ENDS = (
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
class Deployed:
    """A deployment on the server.

    Attributes
    ----------
    name : str
        ``flow/deployment``.
    id : str
        Its id.
    schedules : list of str
        When it runs by itself.
    """

    name: str
    id: str
    schedules: list[str]


def ensure_pool(name: str = POOL) -> None:
    """Make the work pool for processes on this machine, unless it is there."""
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
        If there is none.
    ValueError
        If Prefect refuses it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"there is no {file}: name one with --file, or deploy a CONFIG.yaml")
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
) -> None:
    """Deploy the pipeline of one config; runs of it wait for each other.

    Parameters
    ----------
    config : PipelineConfig
        Settings, the parameters of each run.
    name : str, optional
        Name of the deployment; that of the config if not given.
    cron : str, optional
        When to run, such as ``"0 2 * * *"``.
    every : float, optional
        Seconds between two runs.
    pool : str, optional
        Work pool.
    """
    from pylops_flows.pipeline import pipeline

    deployment = cast(RunnerDeployment, pipeline.to_deployment(
        name or config.name, cron=cron, interval=every, work_pool_name=pool,
        parameters={"config": config.model_dump(mode="json")}, entrypoint_type=EntrypointType.MODULE_PATH,
        concurrency_limit=ConcurrencyLimitConfig(limit=1),
        job_variables={"env": {name: os.environ[name] for name in TOLD}, "stream_output": False},
    ))  # fmt: skip
    run_in(deployment, Path.cwd())  # a problem's own module is found there
    deployment.apply()


def ensure_automation() -> None:
    """Have the server call a run crashed that gives no sign of life any more: its process is gone."""
    trigger = EventTrigger(
        after={SIGN},
        expect={SIGN, RESTS, *(f"prefect.flow-run.{name}" for name in ENDS)},
        match=cast(Any, {"prefect.resource.id": "prefect.flow-run.*"}),
        # Flows of others may tell less often that they are alive.
        match_related=cast(Any, {"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=DEAD),
    )
    action = ChangeFlowRunState(
        name="Crashed",
        force=False,
        state=StateType.CRASHED,
        message=f"no sign of life for {DEAD} s: its process is gone. Retry goes on",
    )
    wanted = AutomationCore(
        name=ZOMBIES, description="Runs whose process was killed become Crashed.", trigger=trigger, actions=[action]
    )  # fmt: skip
    with get_client(sync_client=True) as client:
        for there in client.read_automations_by_name(ZOMBIES):
            client.delete_automation(there.id)
        client.create_automation(wanted)


def deployed() -> list[Deployed]:
    """The deployments there are."""
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows()}
        found = client.read_deployments()
    return [
        Deployed(f"{flows.get(d.flow_id, '?')}/{d.name}", str(d.id), [_words(s) for s in d.schedules])
        for d in sorted(found, key=lambda d: d.name)
    ]


def _words(scheduled: Any) -> str:
    schedule = scheduled.schedule
    when = getattr(schedule, "cron", None) or f"every {getattr(schedule, 'interval', schedule)}"
    return str(when) if scheduled.active else f"{when} (paused)"
