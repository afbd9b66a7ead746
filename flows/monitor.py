"""What the Prefect UI shows of a running inversion: a live line, and a report with curve and picture.

Everything is sent by a thread of its own, the newest value only, and no failure to report ever reaches the
solver: a server that is away must not hold an inversion up.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from uuid import UUID

import numpy as np
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.runtime import flow_run

from pylops_distributed.inversion import Progress
from pylops_distributed.report import quicklook
from pylops_distributed.results import relative_cost
from pylops_distributed.store.snapshot import Entry, entries
from pylops_distributed.store.storage import open_storage

log = logging.getLogger("pylops_distributed.monitor")
BARS = "▁▂▃▄▅▆▇█"


# Called with every progress, on the solver's thread; the command line adds its progress bar.
listeners: list[Callable[[Progress], None]] = []


class Monitor:
    """Two artifacts of the current flow run, kept up to date in place while the context is open.

    Parameters
    ----------
    run : str
        URL of the run; pictures are made from its newest checkpoint, not by gathering the model.
    period : float, optional
        Seconds between two updates, at least.
    """

    def __init__(self, run: str, period: float = 3.0) -> None:
        self.run, self.period = run, period
        self.flow_run = UUID(flow_run.id) if flow_run.id else None
        self._newest: Progress | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._artifacts: dict[str, UUID] = {}
        self._drawn: list[Entry] = []
        self._png: bytes | None = None
        self._thread = threading.Thread(target=self._work, name="monitor", daemon=True)

    def __enter__(self) -> Monitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join(5)

    def __call__(self, progress: Progress) -> None:
        """Take note of a progress; returns at once."""
        self._newest = progress
        self._wake.set()
        for listener in listeners:
            listener(progress)

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            last = self._stop.is_set()
            progress, self._newest = self._newest, None
            if progress is not None:
                self._send(progress)
            if last:
                return
            self._stop.wait(self.period)

    def _send(self, progress: Progress) -> None:
        try:
            with get_client(sync_client=True) as client:
                self._put(
                    client, "inversion-progress", "progress", 100.0 * progress.fraction, live_line(progress)
                )
                text = markdown(self.run, progress, self._picture())
                self._put(client, "inversion-report", "markdown", text, f"iteration {progress.iteration}")
        except Exception as error:
            log.debug("progress could not be reported: %s", error)

    def _picture(self) -> bytes | None:
        """The quicklook, drawn anew only when there is a newer checkpoint."""
        newest = entries(open_storage(self.run))[-1:]
        if newest != self._drawn:
            self._drawn, self._png = newest, quicklook(self.run)
        return self._png

    def _put(self, client: SyncPrefectClient, key: str, kind: str, data: object, description: str) -> None:
        if key in self._artifacts:
            client.update_artifact(self._artifacts[key], ArtifactUpdate(data=data, description=description))
        else:
            new = ArtifactCreate(
                key=key, type=kind, data=data, description=description, flow_run_id=self.flow_run
            )
            self._artifacts[key] = client.create_artifact(new).id


def live_line(progress: Progress) -> str:
    """One line about a running inversion: iteration, relative residual, its curve, speed and time left."""
    cost = progress.cost
    relative = relative_cost(cost)[-1] if len(cost) else 0.0
    return (
        f"it {progress.iteration}/{progress.niter} |r|/|r0| {relative:.2e} {sparkline(cost)} "
        f"{progress.seconds:.2f} s/it, {progress.left / 60:.0f} min left"
    )


def sparkline(values: object, width: int = 24) -> str:
    """A row of bars as high as the logarithms of ``values``."""
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    numbers = (
        numbers[np.linspace(0, len(numbers) - 1, min(width, len(numbers))).astype(int)]
        if len(numbers)
        else numbers
    )
    logs = np.log10(np.maximum(numbers, np.finfo(float).tiny))
    span = np.ptp(logs) if len(logs) else 0.0
    if not span:
        return BARS[0] * len(logs)
    return "".join(BARS[int(7 * (v - logs.min()) / span)] for v in logs)


def markdown(run: str, progress: Progress, picture: bytes | None) -> str:
    """The report shown in the UI while the inversion runs."""
    rows = {
        "run": f"`{run}`",
        "iteration": f"{progress.iteration} of {progress.niter}",
        "resumed from": "the start" if progress.resumed is None else f"iteration {progress.resumed}",
        "residual norm or objective": f"{progress.cost[-1]:.4e}, first {progress.cost[0]:.4e}",
        "state": progress.reason or "running",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    image = f"![iterate](data:image/png;base64,{base64.b64encode(picture).decode()})" if picture else ""
    snippet = f'```python\nimport pylops_distributed\nrun = pylops_distributed.open_run("{run}")\n```'
    return f"| | |\n| --- | --- |\n{table}\n\n{image}\n\n{snippet}\n"
