"""Everything that scheduled runs need, in one command: server, work pool, deployments, automation and a worker."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil
from prefect.settings import PREFECT_HOME

from pylops_distributed import tuning
from pylops_flows.deploy.deployments import deploy_file, ensure_automation, ensure_pool
from pylops_flows.deploy.quiet_output import QuietOutput
from pylops_flows.deploy.reconciling import expect_heartbeats
from pylops_flows.server.embedded import ConfiguredServer, EmbeddedServer, start_server
from pylops_flows.server.postgres import database_url
from pylops_flows.server.version_pins import check_pins

TRIES = 5  # starts of a server, of which none leads to an answer, before something is wrong


@contextmanager
def running_stack(
    file: Path | None, pool: str, port: int, say: Callable[[str], None], database: str | None = None
) -> Iterator[tuple[str, Services]]:
    """Start everything, and stop it at the end of the context: flows first, which save their states.

    Parameters
    ----------
    file : Path or None
        A ``prefect.yaml`` to deploy.
    pool : str
        Work pool of the worker.
    port : int
        Port of the server, if none is configured.
    say : callable
        Takes each line for the terminal.
    database : str, optional
        Database of the server, see :func:`~pylops_flows.server.postgres.database_url`.

    Yields
    ------
    tuple
        Address of the API, and the services.

    Raises
    ------
    RuntimeError
        If the version of a package would break schedules silently.
    OSError
        If the port is in use.
    """
    if problems := [message for _, works, message in check_pins() if not works]:
        raise RuntimeError("; ".join(problems))
    home = PREFECT_HOME.value()
    with (
        closing(QuietOutput(home / "pylops-distributed-up.log", say)) as output,
        database_url(database, home / "pylops-distributed-postgres") as address,
        closing(start_server(port, output.writing, address)) as server,
    ):
        url = server.wait()
        ensure_pool(pool)
        ensure_automation()
        expect_heartbeats()
        if file is not None:
            deploy_file(file)
        worker = Worker(pool, output.writing)
        try:
            yield url, Services(server, worker, say)
        finally:
            _stop(worker)


@dataclass
class Services:
    """A server and a worker, each started again whenever it ends.

    Parameters
    ----------
    server : ConfiguredServer or EmbeddedServer
        The server.
    worker : Worker
        The worker.
    say : callable
        Takes each line for the terminal.
    """

    server: ConfiguredServer | EmbeddedServer
    worker: Worker
    say: Callable[[str], None]

    def keep_running(self) -> NoReturn:
        """Start server and worker again whenever they end; flows outlive both.

        Raises
        ------
        RuntimeError
            If one of them ends as soon as it is started.
        """
        while True:
            if (code := self.server.ended()) is not None:
                self._restart_server(code)
            if (code := self.worker.ended()) is not None:
                self.worker.restart(code)
                self.say(f"the worker ended with code {code}: another one runs; flow runs were not disturbed")

    def _restart_server(self, code: int) -> None:
        self.say(f"the server ended with code {code}, and is started again; solves continue without it")
        for left in reversed(range(TRIES)):
            self.server.restart()
            try:
                self.server.wait()
                break
            except RuntimeError as error:  # it ended before it answered, or it hangs
                if not left:
                    raise
                self.say(f"{error}; it is started again")
        self.say("the server runs again")
        self.worker.excuse()


class Worker:
    """Prefect's worker for processes.

    Parameters
    ----------
    pool : str
        Its work pool.
    output : int, optional
        File descriptor for what it prints; that of this process if not given.
    """

    def __init__(self, pool: str, output: int | None = None) -> None:
        arguments = ("worker", "start", "--pool", pool, "--type", "process")
        self.flows: set[psutil.Process] = set()
        self.output = output
        self.command = [sys.executable, "-P", "-m", "pylops_flows.server.long_running", *arguments]
        self._start()

    def _start(self) -> None:
        # Ctrl-C reaches this process alone, which stops the flows before the worker kills or leaves them.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, start_new_session=True
        )  # fmt: skip
        self.started_at = time.monotonic()

    def running_flows(self) -> set[psutil.Process]:
        """Return the flows that run, those of an earlier worker, too."""
        self.flows = {flow for flow in {*self.flows, *_children(self.process.pid)} if _is_running(flow)}
        return self.flows

    def ended(self) -> int | None:
        """Look for its flows, wait a little, and return its exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(tuning.seconds("pipelines.flow-check-interval"))
        self.running_flows()
        return None

    def excuse(self) -> None:
        """Do not count an end soon after the start as its own fault: its server was away."""
        self.started_at = -math.inf

    def restart(self, code: int) -> None:
        """Start it again; its flows outlive it.

        Raises
        ------
        RuntimeError
            If it had ended as soon as it was started.
        """
        if time.monotonic() - self.started_at < tuning.seconds("pipelines.worker-restart-limit"):
            raise RuntimeError(f"the worker ended at once with code {code}: see above")
        self._start()


def _stop(worker: Worker) -> None:
    """Have the flows save their states and end, then end the worker."""
    worker.process.terminate()  # it takes no more flow runs, but often does not end
    _stop_flows(worker)
    remaining = worker.running_flows()
    worker.process.kill()
    worker.process.wait()
    for flow in remaining:
        _send(flow, signal.SIGKILL)


def _stop_flows(worker: Worker) -> None:
    """Send SIGTERM to flows, also to those that the worker still starts, and wait for them to end."""
    signalled: set[psutil.Process] = set()
    rest, most = tuning.seconds("pipelines.quiet-time"), tuning.seconds("pipelines.stop-timeout")
    end = quiet = time.monotonic() + rest
    while time.monotonic() < min(quiet, end):
        flows = worker.running_flows()
        if not flows and worker.process.poll() is not None:
            break
        for flow in flows - signalled:
            signalled.add(flow)
            _send(flow, signal.SIGTERM)
            end = time.monotonic() + most
        if flows:
            quiet = time.monotonic() + rest
        time.sleep(0.2)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def _is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
