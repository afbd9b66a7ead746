"""Server, cluster and imports of one command, started side by side."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import ExitStack, closing
from typing import Any

from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late

INTERRUPTED = "Execution was aborted by an interrupt"  # Prefect's words


class Startup:
    """Start what the flows of a command need; all of it ends with the context.

    Parameters
    ----------
    verbose : bool
        Also show Prefect's log.
    """

    def __init__(self, verbose: bool) -> None:
        # Prefect reads these when it is first imported.
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if verbose else "WARNING")
        os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        os.environ.setdefault("DO_NOT_TRACK", "1")
        self._verbose = verbose
        self._exits = ExitStack()
        self._server: Any = None

    def __enter__(self) -> Startup:
        out.print("starting")
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, _interrupt)
            self._exits.callback(signal.signal, signal.SIGINT, before)
        return self

    def __exit__(self, *error: Any) -> None:
        self._exits.__exit__(*error)

    def start_server(self) -> None:
        """Begin to start an embedded server.

        Where a server is configured, nothing is done: the cluster comes first then, to start while Prefect is imported.
        """
        if "PREFECT_API_URL" not in os.environ:
            self._server = self._exits.enter_context(closing(import_late("start_server")()))

    def start_cluster(self, cluster: object) -> None:
        """Begin to start a cluster, for the pipeline to take."""
        self._exits.enter_context(import_late("prestarted_cluster")(cluster))

    def join(self) -> None:
        """Import the flows, wait for the server, and show the progress of solves from now on."""
        import_late("pipeline")
        if not self._verbose:
            _hide_interrupts()
        server = self._server or self._exits.enter_context(closing(import_late("start_server")()))
        out.print(f"Prefect UI: {server.wait().removesuffix('/api')}")
        listener = self._exits.enter_context(import_late("progress_line")(out))
        listeners = import_late("progress_listeners")
        listeners.append(listener)
        self._exits.callback(listeners.remove, listener)


def _interrupt(number: int, frame: Any) -> None:
    """Say that Ctrl-C was heard: saving the state may take some seconds."""
    os.write(2, b"\nstopping, and saving the state\n")  # print may be under way in this thread
    signal.default_int_handler(number, frame)


def _hide_interrupts() -> None:
    """Keep Prefect's errors about an interrupted task out of the terminal: the command's own message follows."""
    for name in ("", "prefect", "prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.addFilter(_is_no_interrupt)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    return INTERRUPTED not in record.getMessage()
