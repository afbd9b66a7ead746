"""One Prefect server a run: the one that is configured, or an embedded one that ends with its flow.

Without this, every Dask worker would start a temporary server of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from prefect.context import refresh_global_settings_context
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL

from pylops_flows.server.fast_import import import_without_gc
from pylops_flows.server.long_running import give_back

START_TIMEOUT = 180.0
PORT = 4200  # of `pld up`, as of Prefect's own server


def reach() -> str | None:
    """Find a server that runs already: the one that is configured, else one on this machine's usual port.

    Returns
    -------
    str or None
        Its address; None if none answers.
    """
    url = PREFECT_API_URL.value() or f"http://127.0.0.1:{PORT}/api"
    return url if healthy(url) else None


@contextmanager
def ensure_server(port: int = 0, meanwhile: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Give the URL of a healthy Prefect API, to this process, its threads and the processes it starts.

    Parameters
    ----------
    port : int, optional
        Port of an embedded server; any free one if not given.
    meanwhile : callable, optional
        What to do while an embedded server starts; done with a configured one, too.

    Yields
    ------
    str
        Address of the API: ``PREFECT_API_URL`` (environment or profile) if set, else that of an embedded
        server on 127.0.0.1, with the UI, on the user's own Prefect database.

    Raises
    ------
    RuntimeError
        If the configured server does not answer, or the embedded one does not start.
    OSError
        If somebody listens on the port that is wanted.
    """
    configured = PREFECT_API_URL.value()
    if configured:
        if not healthy(configured):
            raise RuntimeError(
                f"the Prefect server at {configured} does not answer: start it (prefect server start), "
                "or unset PREFECT_API_URL to use an embedded one"
            )
        meanwhile()
        yield configured
        return
    with bound(port) as held:  # until the server has it: clusters that start meanwhile take ports, too
        port = held.getsockname()[1]
        url = f"http://127.0.0.1:{port}/api"
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pylops_flows.server.embedded",
                *map(str, (port, os.getpid(), held.fileno())),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[held.fileno()],
            start_new_session=True,  # Ctrl-C is for the flow, which still has to report that it was stopped
            env={**os.environ, "PREFECT_UI_API_URL": url, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
        )
    try:
        meanwhile()
        _wait(server, url)
        configure(url)
        yield url
    finally:
        APILogWorker.drain_all(timeout=5)
        EventsWorker.drain_all(timeout=5)
        configure(None)
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def configure(url: str | None) -> None:
    """Tell everybody: the processes of the cluster by environment, all threads here by Prefect's global settings."""
    if url is None:
        os.environ.pop("PREFECT_API_URL", None)
    else:
        os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()


def healthy(url: str) -> bool:
    """Whether a Prefect API answers at ``url``."""
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/health", timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):  # nobody, or somebody who speaks otherwise
        return False


def bound(wanted: int = 0) -> socket.socket:
    """A socket that holds a port on 127.0.0.1: the one that is wanted, or any.

    Raises
    ------
    OSError
        If somebody listens on the one that is wanted.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", wanted))
    except OSError:
        held.close()
        raise OSError(f"somebody listens on port {wanted} of 127.0.0.1 already: give another") from None
    return held


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on, and that may be taken any time."""
    with bound() as held:
        return int(held.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_TIMEOUT
    while not healthy(url):
        if server.poll() is not None:
            raise RuntimeError(
                f"the embedded Prefect server ended at once with code {server.returncode}: see above"
            )
        if time.monotonic() > end:
            raise RuntimeError(f"the embedded Prefect server did not answer within {START_TIMEOUT:.0f} s")
        time.sleep(0.1)


def _follow(parent: int) -> None:
    """End this process when ``parent`` is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def _serve(port: int, parent: int, held: int | None = None) -> None:
    """Serve on a port, which a socket that came with this process may hold."""
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    give_back()
    import_without_gc("prefect.server.api.server")  # only the server's own process needs it
    import uvicorn
    from prefect.server.api.server import create_app

    sockets = None if held is None else [socket.socket(fileno=held)]
    config = uvicorn.Config(create_app(final=True), host="127.0.0.1", port=port, log_level="error")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


if __name__ == "__main__":
    _serve(*map(int, sys.argv[1:]))
