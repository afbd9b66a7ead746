"""A flow that has begun waits for its server, however it is away."""

from __future__ import annotations

from prefect.client.base import PrefectHttpxAsyncClient, PrefectHttpxSyncClient


def wait_for_server() -> None:
    """Have all requests of this process, from now on, wait for a server that takes no connections.

    A server that is busy is asked again up to ``PREFECT_CLIENT_MAX_RETRIES`` times; one that takes none, since
    it is restarted, only by clients that have reached it before. Prefect makes a client for each task, so that a run
    would end with its first request to a server that is away for a second.

    Relies on: whether a client has reached its server is its attribute ``_has_connected``, which ``send`` reads.
    """
    reached = property(lambda _: True, lambda _, value: None)
    for client in (PrefectHttpxAsyncClient, PrefectHttpxSyncClient):
        setattr(client, "_has_connected", reached)  # noqa: B010 — mypy knows it as a bool
