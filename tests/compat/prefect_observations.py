"""What Prefect does, printed as JSON: run by test_prefect.py as a process with a server at PREFECT_API_URL."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from copy import copy
from pathlib import Path
from types import SimpleNamespace

from distributed import LocalCluster
from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.context import FlowRunContext, refresh_global_settings_context
from prefect.events import emit_event
from prefect.events.worker import EventsWorker
from prefect.exceptions import Pause, TerminationSignal
from prefect.flow_engine import FlowRunTimeoutError
from prefect.logging.handlers import APILogWorker
from prefect.runner.storage import LocalStorage
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Suspended
from prefect.types.entrypoint import EntrypointType
from prefect_dask import DaskTaskRunner

HEARTBEAT = "prefect.flow-run.heartbeat"
SERVER = os.environ["PREFECT_API_URL"]
MANY = 300  # events that take longer to be sent than to be emitted
runs, logs = {}, []


def observed(name):
    """Note the current flow run under a name."""
    runs[name] = flow_run.id


def state_of(client, run):
    state = client.read_flow_run(run).state
    return [state.type.value, state.name]


@flow(name="suspends")
def suspends():
    observed("suspends")
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Suspended(timeout_seconds=100), force=True)
        raise Pause(state=client.read_flow_run(flow_run.id).state)


@flow(name="outer", log_prints=False)
def outer():
    try:
        suspends(return_state=True)
    except Pause:
        return "pause was raised"
    return "pause was swallowed"


@flow(name="sleeps")
def sleeps():
    observed("sleeps")
    for _ in range(100):
        time.sleep(0.1)


@flow(name="is terminated")
def is_terminated():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    except TerminationSignal:
        return "raised"
    return "ignored"


@flow(name="says", task_runner=DaskTaskRunner(
    cluster_class=LocalCluster,
    cluster_kwargs={"n_workers": 1, "processes": False, "dashboard_address": "127.0.0.1:0"},
))  # fmt: skip
def says():
    observed("says")
    get_run_logger().info("these words")
    APILogWorker.drain_all(timeout=5)  # Prefect itself sends them when a flow run has ended
    with get_client(sync_client=True) as server:
        logs.extend(logs_of(server, flow_run.id))
    emit_event(HEARTBEAT, {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}"})
    client = FlowRunContext.get().task_runner.client
    return client.submit(int, 3, pure=False).result()


def logs_of(client, run):
    body = {"logs": {"flow_run_id": {"any_": [str(run)]}}}
    return [log["message"] for log in client.request("POST", "/logs/filter", json=body).json()]


def timed_out():
    started = []
    stage = copy(sleeps)
    stage.on_running_hooks = [lambda flow, flow_run, state: started.append(str(flow_run.id))]
    stage.timeout_seconds = 0.5
    state = stage(return_state=True)
    try:
        state.result()
    except FlowRunTimeoutError as error:
        return [type(error).__name__, started == [runs["sleeps"]], sleeps.timeout_seconds]
    return ["no error"]


def events_of(client, run):
    body = {"filter": {"resource": {"id": [f"prefect.flow-run.{run}"]}}}
    for _ in range(100):  # the server writes those it makes itself a little later
        found = client.request("POST", "/events/filter", json=body).json()["events"]
        if "prefect.flow-run.Completed" in {event["event"] for event in found}:
            break
        time.sleep(0.1)
    names = [event["event"] for event in found if "related" in event]
    heartbeat = next(event for event in found if event["event"] == HEARTBEAT)
    flows = [r["prefect.resource.name"] for r in heartbeat["related"] if r["prefect.resource.role"] == "flow"]
    return {
        "heartbeats": names.count(HEARTBEAT),
        "completed": "prefect.flow-run.Completed" in names,
        "flows": flows,
    }


def emit_and_die():
    """Emit events, and end once they are drained, with no time to send the rest."""
    for _ in range(MANY):
        emit_event("observed.many", {"prefect.resource.id": "observed.many"})
    EventsWorker.drain_all(timeout=5)
    os._exit(0)


def events_of_another(client):
    """Number of events that another process has emitted, drained, and left to the server."""
    subprocess.run([sys.executable, __file__, "emit"], check=True)
    body = {"filter": {"event": {"name": ["observed.many"]}}}
    for _ in range(50):
        total = client.request("POST", "/events/filter", json=body).json()["total"]
        if total == MANY:
            break
        time.sleep(0.1)
    return total == MANY


def deployed(client, folder):
    client.create_work_pool(WorkPoolCreate(name="observed", type="process"))
    module = EntrypointType.MODULE_PATH
    deployment = sleeps.to_deployment("here", entrypoint_type=module, work_pool_name="observed")
    deployment.storage = LocalStorage(folder)
    return client.read_deployment(deployment.apply()).pull_steps


def address_elsewhere():
    os.environ["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    refresh_global_settings_context()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(PREFECT_API_URL.value()))
    thread.start()
    thread.join()
    os.environ["PREFECT_API_URL"] = SERVER
    refresh_global_settings_context()
    return [*seen, PREFECT_API_URL.value() == SERVER]


def main():
    found = SimpleNamespace(outer=outer(), timed_out=timed_out(), terminated=is_terminated(), client=says())
    EventsWorker.drain_all(timeout=5)
    with get_client(sync_client=True) as client:
        found.logs = logs
        found.suspended = state_of(client, runs["suspends"])
        found.events = events_of(client, runs["says"]) | {"drained": events_of_another(client)}
        client.set_flow_run_state(runs["suspends"], Cancelled(name="Resumable"), force=True)
        found.forced = state_of(client, runs["suspends"])
        found.pull = deployed(client, str(Path.cwd()))
    found.address = address_elsewhere()
    print(json.dumps(vars(found)), file=sys.stdout)


if __name__ == "__main__":
    emit_and_die() if sys.argv[1:] == ["emit"] else main()
