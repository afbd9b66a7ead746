"""Workers that are lost: which errors show it, and what Dask knows of the cause."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dask.utils import format_bytes
from distributed.comm import CommClosedError

from pylops_distributed import tuning
from pylops_distributed.compat.distributed import is_actor_loss, memory_kills
from pylops_distributed.errors import WorkerLostError

if TYPE_CHECKING:
    from distributed import Client


def worker_lost(iteration: int, client: Client, limits: Mapping[str, int | None]) -> WorkerLostError:
    """The error of a solve that lost a worker after some step, with the cause as far as it is known."""
    return WorkerLostError(
        f"a worker was lost after step {iteration} of the solve, and its part of the state with it"
        f"{describe_worker_loss(client, limits)}: resume from the newest checkpoint"
    )


def describe_worker_loss(client: Client, limits: Mapping[str, int | None]) -> str:
    """Whether workers were killed for their memory, which is what their nannies tell the scheduler.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster.
    limits : mapping
        Bytes that each of the workers may hold; of any, if it is empty.
    """
    kills: list[dict[str, Any]] = []
    most = tuning.seconds("execution.event-timeout")
    with suppress(Exception):  # the scheduler may be lost, too
        kills = memory_kills(client, most)
    events = [event for event in kills if event["worker"] in limits or not limits]
    if not events:
        return ""
    limit = limits.get(events[-1]["worker"])
    return (
        f"; it was killed since it held {format_bytes(events[-1]['rss'])} of memory"
        f"{f', of {format_bytes(limit)} that it may have' if limit else ''} "
        "(give workers more, or cut model and data into smaller chunks)"
    )


def is_interrupt(error: BaseException) -> bool:
    """Whether an error interrupts this program, as Prefect's time-outs do; a call that was cancelled does not."""
    return isinstance(error, asyncio.CancelledError) and type(error) is not asyncio.CancelledError


def is_worker_loss(error: BaseException) -> bool:
    """Whether an error alone shows that a part cannot be reached; one of a file that is missing does not."""
    return (
        is_actor_loss(error) or isinstance(error, ConnectionError | CommClosedError) or type(error) is OSError
    )
