"""Flows that are stopped end in a state that says so: what they have done is kept, and they can go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any, NoReturn
from uuid import UUID

from prefect import Flow, State
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import CancelledRun, Pause, TerminationSignal
from prefect.flow_engine import FlowRunTimeoutError
from prefect.runtime import flow_run
from prefect.states import Cancelled

from pylops_flows.runtime.heartbeat import heartbeat
from pylops_flows.runtime.interrupts import InterruptedBySignal

RESUMABLE = "Resumable"
RESTS = "pylops-distributed.flow-run.rests"


class StageStopped(Exception):
    """Somebody asked the flow to stop, and it has."""


def resumable_state(words: str) -> State[Any]:
    """The state of a flow run that was stopped on request, and can go on."""
    # A stage has told already how to go on.
    return Cancelled(
        name=RESUMABLE, message=f"{words.partition(';')[0]}; Retry, `pld resume RUN` or the next run goes on"
    )


def stop_as_resumable(body: Callable[..., Any], *args: Any) -> Any:
    """What a flow's body gives, or the state :data:`RESUMABLE` if it was stopped; tells that it lives meanwhile.

    Raises
    ------
    Pause
        If this flow run was suspended: Prefect then leaves its state alone, and a worker begins it again when it is
        resumed.
    """
    try:
        with heartbeat():
            return body(*args)
    except KeyboardInterrupt:
        words = "stopped by Ctrl-C"
    except (TerminationSignal, InterruptedBySignal):
        words = "stopped by SIGTERM"
    except (StageStopped, CancelledRun) as stop:
        words = str(stop)
    except Pause as pause:
        _suspend(pause.state)
    if flow_run.parent_flow_run_id is None and (state := suspended()):
        _suspend(state)
    return resumable_state(words)


def _suspend(state: State[Any] | None) -> NoReturn:
    """End a flow run that was suspended: without a word, its silence would count as death."""
    emit_event(RESTS, {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}"})
    raise Pause(state=state)


def stage(flow: Flow[..., Any], *args: Any, **options: Any) -> Any:
    """The result of a flow that is a stage of the current one, with options of its own such as a time-out.

    Of a flow run that was suspended and resumed, Prefect gives the stages that ended before as they ended then;
    they are begun anew instead, and find what is done.

    Raises
    ------
    Pause
        If the current flow run was suspended.
    FlowRunTimeoutError
        If the stage took longer than it may.
    """
    begun: list[UUID] = []

    def begins(flow: Any, flow_run: Any, state: Any) -> None:
        begun.append(flow_run.id)

    fresh = copy(flow)  # with_options would make the form of its parameters again, which takes its time
    fresh.on_running_hooks = [begins]
    for name, value in options.items():
        setattr(fresh, name, value)
    while True:
        try:
            state: State[Any] = fresh(*args, return_state=True)  # type: ignore[assignment]
        except Pause:
            for run in begun:  # Prefect leaves it as running
                tell(run, resumable_state("paused"))
            raise
        if begun or not (state.is_completed() or state.is_cancelled() or state.is_paused()):
            try:
                return state.result()
            except FlowRunTimeoutError as error:
                raise FlowRunTimeoutError(
                    f"the stage {fresh.name} took more than the {fresh.timeout_seconds:.0f} s of its timeout "
                    f"(timeouts.{fresh.name}); what it has done is kept, and the same command goes on"
                ) from error


def result(flow: Flow[..., Any], *args: Any) -> Any:
    """The result of a flow that a command runs.

    Raises
    ------
    Interrupted
        If it was stopped.
    """
    state: State[Any] = flow(*args, return_state=True)  # type: ignore[assignment]
    if state.name == RESUMABLE:
        raise InterruptedBySignal(state.message)
    return state.result()


def tell(run: UUID, state: State[Any]) -> None:
    """Tell the server how a flow run ended, as far as it answers."""
    with suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(run, state, force=True)


def root() -> UUID | None:
    """The flow run that the current one is a stage of, or the current one."""
    found = flow_run.root_flow_run_id or flow_run.id
    return UUID(str(found)) if found else None


def suspended() -> State[Any] | None:
    """The state of the current root flow run if it has been paused or suspended, as far as the server answers."""
    run = root()
    if run is None:
        return None
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(run).state
    except Exception:
        return None
    return state if state is not None and state.is_paused() else None
