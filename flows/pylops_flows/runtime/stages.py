"""Flow runs that are stopped end in a state that says so: finished work is saved, and they can be resumed.

Relies on undocumented behaviour of Prefect, tested in ``tests/compat/test_prefect.py``: SIGTERM is raised as
``TerminationSignal`` in the body of a flow; ``Pause`` goes from there to the caller, and leaves the run's state alone;
hooks and the timeout are read from the attributes of a flow as it runs, also of a copy; a run that took too long ends
in a state whose result raises ``FlowRunTimeoutError``; a state can be set by force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import CancelledRun, Pause, TerminationSignal
from prefect.flow_engine import FlowRunTimeoutError
from prefect.runtime import flow_run
from prefect.states import Cancelled

from pylops_distributed.errors import InterruptedBySignal, StageStoppedError
from pylops_flows.events import FLOW_RUN_SUSPENDED
from pylops_flows.runtime.heartbeat import heartbeat

if TYPE_CHECKING:
    from prefect import Flow, State
    from prefect.client.schemas.objects import FlowRun

RESUMABLE = "Resumable"
R = TypeVar("R")


T = TypeVar("T")


def resumable_state(reason: str) -> State[object]:
    """Return the state of a flow run that was stopped on request, and can be resumed."""
    # The message of a stage says already how to resume.
    stopped = reason.partition(";")[0]
    return Cancelled(
        name=RESUMABLE, message=f"{stopped}; resume with Retry, with `pld resume`, or with the next run"
    )


def stop_as_resumable(body: Callable[..., R], *args: object) -> R:
    """Call a flow's body with a heartbeat, and return its result, or the state :data:`RESUMABLE` if it was stopped.

    Prefect takes a state that a flow returns for the flow run's own, so the type is that of the body's result.

    Raises
    ------
    Pause
        If this flow run was suspended: Prefect then leaves its state alone, and a worker starts it again when it is
        resumed.
    """
    try:
        with heartbeat():
            return body(*args)
    except KeyboardInterrupt:
        reason = "stopped by Ctrl-C"
    except (TerminationSignal, InterruptedBySignal):
        reason = "stopped by SIGTERM"
    except (StageStoppedError, CancelledRun) as stop:
        reason = str(stop)
    except Pause as pause:
        _end_suspended(pause.state)
    if flow_run.parent_flow_run_id is None and (state := _paused_state()):
        _end_suspended(state)
    return cast("R", resumable_state(reason))


def _end_suspended(state: State[object] | None) -> NoReturn:
    """Emit a final event, or the automation for dead runs would mark the run crashed; then end it as suspended."""
    emit_event(FLOW_RUN_SUSPENDED, {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}"})
    raise Pause(state=state)


def run_stage(flow: Flow[..., T], *args: object, **options: object) -> T:
    """Run a flow as a stage of the current one, with options such as a timeout, and return its result.

    Raises
    ------
    Pause
        If the current flow run was suspended.
    FlowRunTimeoutError
        If the stage took longer than its timeout.
    """
    started: list[UUID] = []
    stage = _with_options(flow, options, started)
    try:
        state = _run_until_started(stage, args, started)
    except Pause:
        for run in started:  # Prefect would leave it as running
            set_final_state(run, resumable_state("paused"))
        raise
    try:
        return state.result()
    except FlowRunTimeoutError as error:
        raise FlowRunTimeoutError(
            f"the stage {stage.name} took more than the {stage.timeout_seconds:.0f} s of its timeout "
            f"(timeouts.{stage.name}); its finished work is saved, and the same command resumes"
        ) from error


def _with_options(flow: Flow[..., T], options: Mapping[str, object], started: list[UUID]) -> Flow[..., T]:
    """Return a copy of a flow that notes the runs that were started.

    ``Flow.with_options`` would make the form of its parameters again, which takes long.
    """

    def note(flow: object, flow_run: FlowRun, state: object) -> None:
        started.append(flow_run.id)

    stage = copy(flow)
    stage.on_running_hooks = [note]
    for name, value in options.items():
        setattr(stage, name, value)
    return stage


def _run_until_started(stage: Flow[..., T], args: tuple[object, ...], started: list[UUID]) -> State[T]:
    """Run a stage, and return its state.

    In a flow run that was suspended and resumed, Prefect returns the stages that ended before as they ended then,
    one for each call; the stage is called until it has really run, and finds its finished work in the store.
    """
    while True:
        state = cast("State[T]", stage(*args, return_state=True))
        ended_before = state.is_completed() or state.is_cancelled() or state.is_paused()
        if started or not ended_before:
            return state


def flow_result(flow: Flow[..., T], *args: object) -> T:
    """Run a flow for a command, and return its result.

    Raises
    ------
    InterruptedBySignal
        If it was stopped.
    """
    state = cast("State[T]", flow(*args, return_state=True))
    if state.name == RESUMABLE:
        raise InterruptedBySignal(state.message)
    return state.result()


def set_final_state(run: UUID, state: State[object]) -> None:
    """Set the state of a flow run that has ended, if the server answers."""
    with suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(run, state, force=True)


def root_flow_run() -> UUID | None:
    """Return the id of the flow run that the current one is a stage of, or of the current one."""
    id_ = flow_run.root_flow_run_id or flow_run.id
    return UUID(str(id_)) if id_ else None


def _paused_state() -> State[object] | None:
    """Return the state of the current root flow run if it was paused or suspended, and the server answers."""
    run = root_flow_run()
    if run is None:
        return None
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(run).state
    except Exception:
        return None
    return state if state is not None and state.is_paused() else None
