"""Flow runs that a server believes to be running, and whose processes may be gone.

The automation for dead runs waits for a sign of life to be followed by another. What it has seen goes with the
automation, which `pld up` makes anew; so each run of before gets a heartbeat in its name. If the process sends none
within ``pipelines.silence``, it is marked Crashed, and no longer holds its deployment's only slot.
"""

from __future__ import annotations

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events import emit_event

from pylops_flows.events import FLOWS, HEARTBEAT

PAGE = 200  # runs that a server lists at a time


def expect_heartbeats() -> int:
    """Have all of our flow runs that are said to run give a sign of life, or be marked Crashed.

    Returns
    -------
    int
        Number of these runs.
    """
    ours = FlowFilter(name=FlowFilterName(any_=list(FLOWS)))
    with get_client(sync_client=True) as client:
        names = {flow.id: flow.name for flow in client.read_flows(flow_filter=ours)}
        runs = _running(client, ours)
    for run in runs:
        emit_event(
            HEARTBEAT, {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
            related=[{
                "prefect.resource.id": f"prefect.flow.{run.flow_id}", "prefect.resource.role": "flow",
                "prefect.resource.name": names[run.flow_id],
            }],
        )  # fmt: skip
    return len(runs)


def _running(client: SyncPrefectClient, flows: FlowFilter) -> list[FlowRun]:
    kinds = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING])
    states = FlowRunFilter(state=FlowRunFilterState(type=kinds))
    found: list[FlowRun] = []
    while page := client.read_flow_runs(
        flow_filter=flows, flow_run_filter=states, limit=PAGE, offset=len(found)
    ):
        found += page
    return found
