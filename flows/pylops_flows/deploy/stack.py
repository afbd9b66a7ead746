"""Everything that scheduled runs need, in one command: server, work pool, deployments, automation and a worker."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import psutil

from pylops_distributed import tuning
from pylops_flows.deploy.deployments import deploy_file, ensure_automation, ensure_pool
from pylops_flows.server.embedded import ensure_server
from pylops_flows.server.version_pins import check_pins


@contextmanager
def running_stack(file: Path | None, pool: str, port: int) -> Iterator[tuple[str, Worker]]:
    """Start everything, and stop it at the end of the context: flows first, which save their states.

    Parameters
    ----------
    file : Path or None
        A ``prefect.yaml`` to deploy.
    pool : str
        Work pool of the worker.
    port : int
        Port of the server, if none is configured.

    Yields
    ------
    tuple
        Address of the API, and the worker.

    Raises
    ------
    RuntimeError
        If the version of a package would break schedules silently.
    OSError
        If the port is in use.
    """
    if problems := [message for _, works, message in check_pins() if not works]:
        raise RuntimeError("; ".join(problems))
    with ensure_server(port) as url:
        ensure_pool(pool)
        ensure_automation()
        if file is not None:
            deploy_file(file)
        worker = Worker(pool)
        try:
            yield url, worker
        finally:
            _stop(worker)


class Worker:
    """Prefect's worker for processes, which is started again whenever it ends.

    Parameters
    ----------
    pool : str
        Its work pool.
    """

    def __init__(self, pool: str) -> None:
        arguments = ("worker", "start", "--pool", pool, "--type", "process")
        self.flows: set[psutil.Process] = set()
        self.command = [sys.executable, "-P", "-m", "pylops_flows.server.long_running", *arguments]
        self._start()

    def _start(self) -> None:
        # Ctrl-C reaches this process alone, which stops the flows before the worker kills or leaves them.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)
        self.started_at = time.monotonic()

    def running_flows(self) -> set[psutil.Process]:
        """Return the flows that run, those of an earlier worker, too."""
        self.flows = {flow for flow in {*self.flows, *_children(self.process.pid)} if _is_running(flow)}
        return self.flows

    def keep_running(self) -> NoReturn:
        """Start the worker again whenever it ends; its flows outlive it.

        Raises
        ------
        RuntimeError
            If it ends as soon as it is started.
        """
        pause = tuning.seconds("pipelines.flow-check-interval")
        while True:
            try:
                code = self.process.wait(pause)
            except subprocess.TimeoutExpired:
                self.running_flows()
                continue
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
