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

from pylops_flows.deploy import deployments as deploying
from pylops_flows.server.embedded import ensure_server
from pylops_flows.server.version_pins import pins

STOP = 45.0  # seconds for flows to save their states, of which Inversion takes at most 20
SOON = 20.0  # seconds before which a worker does not end unless something is wrong
LOOK = 2.0  # seconds between two looks for its flows
QUIET = 3.0  # seconds without a flow after which the worker has no more to start


@contextmanager
def serving(file: Path | None, pool: str, port: int) -> Iterator[tuple[str, Worker]]:
    """Start all, and end all when the context is left: flows first, which save their states.

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
        If a package is installed with which schedules would silently not work.
    OSError
        If the port is taken.
    """
    if broken := [words for _, good, words in pins() if not good]:
        raise RuntimeError("; ".join(broken))
    with ensure_server(port) as url:
        deploying.ensure_pool(pool)
        deploying.ensure_automation()
        if file is not None:
            deploying.deploy_file(file)
        worker = Worker(pool)
        try:
            yield url, worker
        finally:
            _stop(worker)


class Worker:
    """Prefect's worker for processes, which is started again should it end.

    Parameters
    ----------
    pool : str
        Its work pool.
    """

    def __init__(self, pool: str) -> None:
        words = ("worker", "start", "--pool", pool, "--type", "process")
        self.flows: set[psutil.Process] = set()
        self.command = [sys.executable, "-m", "pylops_flows.server.long_running", *words]
        self._start()

    def _start(self) -> None:
        # Ctrl-C is for us: flows are told first, then the worker, which would else kill or leave them.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True)
        self.begun = time.monotonic()

    def look(self) -> set[psutil.Process]:
        """The flows that run, those of a worker before this one, too."""
        self.flows = {flow for flow in {*self.flows, *_children(self.process.pid)} if _runs(flow)}
        return self.flows

    def keep(self) -> NoReturn:
        """Keep it at work. Flows outlive their worker, and tell themselves how they end.

        Raises
        ------
        RuntimeError
            If it ends as soon as it is started.
        """
        while True:
            try:
                code = self.process.wait(LOOK)
            except subprocess.TimeoutExpired:
                self.look()
                continue
            if time.monotonic() - self.begun < SOON:
                raise RuntimeError(f"the worker ended with code {code}: see above")
            self._start()


def _stop(worker: Worker) -> None:
    """Have the flows save and end, then end the worker."""
    worker.process.terminate()  # it takes nothing more on, but often does not end by itself
    told: set[psutil.Process] = set()
    end = quiet = time.monotonic() + QUIET
    while time.monotonic() < min(quiet, end):
        flows = worker.look()
        if not flows and worker.process.poll() is not None:
            break
        for flow in flows - told:
            told.add(flow)
            _send(flow, signal.SIGTERM)
            end = time.monotonic() + STOP
        if flows:
            quiet = time.monotonic() + QUIET
        time.sleep(0.2)
    left = worker.look()
    worker.process.kill()
    worker.process.wait()
    for flow in left:
        _send(flow, signal.SIGKILL)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
