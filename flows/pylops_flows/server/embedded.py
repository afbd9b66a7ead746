"""One Prefect server a run: the one that is configured, or an embedded one that ends with its flow.

Without this, every Dask worker would start another temporary server.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from prefect.context import refresh_global_settings_context
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL

from pylops_distributed import tuning
from pylops_flows.server.fast_import import import_without_gc
from pylops_flows.server.long_running import release_memory_periodically

# Leases of a deployment's slots outlive a server that is killed: with those of its memory, Prefect would end the runs
# that hold them, and begin others in their place.
LEASES = {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem"}
PORT = 4200  # of `pld up`, as of Prefect's own server


def find_server() -> str | None:
    """Return the address of a server that runs already: the configured one, else one on this machine's usual port.

    Returns
    -------
    str or None
        Its address; None if none answers.
    """
    url = PREFECT_API_URL.value() or f"http://127.0.0.1:{PORT}/api"
    return url if healthy(url) else None


def start_server(
    port: int = 0, output: int | None = None, database: str | None = None
) -> ConfiguredServer | EmbeddedServer:
    """Begin to start an embedded server, or return the configured one.

    Parameters
    ----------
    port : int, optional
        Port of an embedded server; any free one if not given.
    output : int, optional
        File descriptor for what an embedded server prints; that of this process if not given.
    database : str, optional
        URL of an embedded server's database; Prefect's default if not given.

    Returns
    -------
    ConfiguredServer or EmbeddedServer
        To wait for, and to close. The server at ``PREFECT_API_URL`` (environment or profile) if that is set, else one
        on 127.0.0.1, with the UI, on the user's own Prefect database.

    Raises
    ------
    OSError
        If the port is in use.
    ValueError
        If a database is given for a server that runs already.
    """
    configured = PREFECT_API_URL.value()
    if configured and database:
        raise ValueError(
            f"the server at {configured} has its own database: unset PREFECT_API_URL, or leave --database out"
        )
    return ConfiguredServer(configured) if configured else EmbeddedServer(port, output, database)


@contextmanager
def ensure_server(port: int = 0) -> Iterator[str]:
    """Yield the URL of a healthy Prefect API; for the arguments and errors, see :func:`start_server`."""
    with closing(start_server(port)) as server:
        yield server.wait()


@dataclass(frozen=True)
class ConfiguredServer:
    """A server that was started by others, and continues.

    Parameters
    ----------
    url : str
        Address of its API.
    """

    url: str

    def ended(self) -> int | None:
        """Return None: whoever started it looks after it."""
        return None

    def restart(self) -> None:
        """Leave that to whoever started it."""

    def wait(self) -> str:
        """Return the address.

        Raises
        ------
        RuntimeError
            If the server does not answer.
        """
        if not healthy(self.url):
            raise RuntimeError(
                f"the Prefect server at {self.url} does not answer: start it (prefect server start), "
                "or unset PREFECT_API_URL to use an embedded one"
            )
        return self.url

    def close(self) -> None:
        """Leave it running."""


class EmbeddedServer:
    """A server in a child process, for this process, its threads and the processes it starts.

    Parameters
    ----------
    port : int
        Port on 127.0.0.1; 0 for any free one.
    output : int, optional
        File descriptor for what it prints; that of this process if not given.
    database : str, optional
        URL of its database; Prefect's default if not given.
    """

    def __init__(self, port: int, output: int | None = None, database: str | None = None) -> None:
        self._output = output
        self._database = {} if database is None else {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database}
        self._start(port)

    def _start(self, port: int) -> None:
        # Bound until the server has it: clusters that start meanwhile take ports, too.
        with bind_port(port) as listener:
            self.port = listener.getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}/api"
            arguments = map(str, (self.port, os.getpid(), listener.fileno()))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pylops_flows.server.embedded", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for the flow, which still has to report that it was stopped
                env={
                    **LEASES,
                    **os.environ,
                    **self._database,
                    "PREFECT_UI_API_URL": self.url,
                    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                },
            )

    def ended(self) -> int | None:
        """Return the exit code of the server; None while it runs."""
        return self._process.poll()

    def restart(self) -> None:
        """Begin to start it again, at the same port; one that hangs is ended.

        Raises
        ------
        OSError
            If the port is in use.
        """
        self._process.kill()
        self._process.wait()
        self._start(self.port)

    def wait(self) -> str:
        """Wait until the server answers, and return its address, which Prefect uses from then on.

        Raises
        ------
        RuntimeError
            If it does not start.
        """
        most = tuning.seconds("pipelines.server-start-timeout")
        end = time.monotonic() + most
        while not healthy(self.url):
            if (code := self._process.poll()) is not None:
                raise RuntimeError(
                    f"the embedded Prefect server ended with code {code} before it answered: see above"
                )
            if time.monotonic() > end:
                raise RuntimeError(f"the embedded Prefect server did not answer within {most:.0f} s")
            time.sleep(0.1)
        set_api_url(self.url)
        return self.url

    def close(self) -> None:
        """Send the server the last events and logs, and end it.

        Relies on: ``drain_all`` of Prefect's two workers returns once all that was emitted and logged is sent.
        """
        most = tuning.seconds("pipelines.last-events")
        APILogWorker.drain_all(timeout=most)
        EventsWorker.drain_all(timeout=most)
        set_api_url(None)
        self._process.terminate()
        try:
            self._process.wait(tuning.seconds("pipelines.server-stop-timeout"))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def set_api_url(url: str | None) -> None:
    """Set or unset the address of the API: for child processes in the environment, for all threads in Prefect.

    Relies on: ``refresh_global_settings_context`` reads the environment again.
    """
    if url is None:
        os.environ.pop("PREFECT_API_URL", None)
    else:
        os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()


def healthy(url: str) -> bool:
    """Return whether a Prefect API answers at ``url``."""
    most = tuning.seconds("pipelines.server-answer-timeout")
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/health", timeout=most) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException):  # no server, or a server of another kind
        return False


def bind_port(port: int = 0) -> socket.socket:
    """Return a socket that is bound to a port on 127.0.0.1; 0 for any free one.

    Raises
    ------
    OSError
        If the port is in use.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise OSError(f"port {port} of 127.0.0.1 is in use: choose another with --port") from None
    return listener


def free_port() -> int:
    """Return a port on 127.0.0.1 that is free now, and may be taken at any time."""
    with bind_port() as listener:
        return int(listener.getsockname()[1])


def _follow(parent: int) -> None:
    """End this process when ``parent`` is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def _serve(port: int, parent: int, listener: int | None = None) -> None:
    """Serve on a port, or on the bound socket of a file descriptor that this process inherited.

    Relies on: ``prefect.server.api.server.create_app`` makes the application; ``final`` says that this process makes no
    other.
    """
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    release_memory_periodically()
    # Only the server's own process needs them.
    uvicorn, api = import_without_gc("uvicorn", "prefect.server.api.server")
    sockets = None if listener is None else [socket.socket(fileno=listener)]
    config = uvicorn.Config(api.create_app(final=True), host="127.0.0.1", port=port, log_level="error")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


if __name__ == "__main__":
    _serve(*map(int, sys.argv[1:]))
