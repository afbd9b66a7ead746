"""What the Prefect UI shows of a running inversion, and what it wishes of it.

All is said and asked by a thread of its own, the newest value only, and no failure to do so ever reaches the solver:
a server that is away must not hold an inversion up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.runtime import flow_run

from pylops_distributed.inversion.inversion import Progress
from pylops_distributed.runs.report import quicklook
from pylops_distributed.storage.run import Run
from pylops_distributed.storage.state_io import CheckpointKey, published_checkpoints
from pylops_flows.runtime import artifacts as showing
from pylops_flows.runtime.stages import root
from pylops_flows.settings.pipeline import PipelineConfig

log = logging.getLogger("pylops_distributed.monitor")
# Drawing takes time from a solver that fills the machine: it may take this share. What is over soon is drawn once.
SHARE, SOON = 0.05, 15.0
# Seconds that the last words of a stage may take once there is nothing else to do.
PATIENCE = 5.0

# Called with every progress, on the solver's thread; the command line adds its progress bar.
listeners: list[Callable[[Progress], None]] = []


@dataclass
class FinalArtifacts:
    """What monitors that have ended still have to show: the pictures of a report that follows, if one does."""

    over: threading.Event = field(default_factory=threading.Event)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    threads: list[threading.Thread] = field(default_factory=list)


_words: ContextVar[FinalArtifacts | None] = ContextVar("_words", default=None)


@contextmanager
def final_artifacts() -> Iterator[None]:
    """Let monitors in this context show, last, what the report in it has, instead of a picture of their own."""
    words = FinalArtifacts()
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)
        words.over.set()
        for thread in words.threads:
            thread.join(PATIENCE)


def publish_report_images(pictures: Mapping[str, bytes]) -> None:
    """Give monitors that have ended the pictures of a report."""
    if (words := _words.get()) is not None:
        words.pictures = {name: pictures[name] for name in ("Convergence", "Iterates")}
        words.over.set()


class Monitor:
    """Artifacts of the current flow run, kept up to date in place while the context is open, and once when it ends.

    Parameters
    ----------
    run : str
        URL of the run; pictures are made from its newest checkpoint, not by gathering the model.
    config : PipelineConfig
        Its settings, to be shown.
    dashboard : str
        Link to Dask's dashboard.
    period : float, optional
        Seconds between two updates, at least.

    Attributes
    ----------
    asked : str or None
        What somebody has asked of the flow run on the server meanwhile: ``"paused"`` or ``"cancelled"``.
    """

    def __init__(self, run: str, config: PipelineConfig, dashboard: str, period: float = 3.0) -> None:
        self.run, self.config, self.dashboard, self.period = Run.open(run), config, dashboard, period
        self.asked: str | None = None
        self._flow_run, self._root = UUID(flow_run.id) if flow_run.id else None, root()
        self._newest: Progress | None = None
        self._told: Progress | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._artifacts: dict[str, UUID] = {}
        self._drawn: list[CheckpointKey] = []
        self._rest = time.monotonic() + SOON  # no picture is drawn before this time
        self._pictures: Mapping[str, bytes] = {}
        self._words = _words.get()
        self._thread = threading.Thread(target=self._work, name="monitor", daemon=True)

    def __enter__(self) -> Monitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        if self._words is not None:
            self._words.threads.append(self._thread)
        else:
            self._thread.join(PATIENCE)

    def __call__(self, progress: Progress) -> bool:
        """Take note of a progress; returns at once, whether the inversion shall stop."""
        self._newest = progress
        self._wake.set()
        for listener in listeners:
            listener(progress)
        return self.asked is not None

    def _work(self) -> None:
        self._try(self._begin)
        while True:
            self._wake.wait(self.period)
            self._wake.clear()
            last = self._stop.is_set()
            self._try(self._ask, self._tell)
            if last:
                break
            self._stop.wait(self.period)
        if self._words is not None:
            self._words.over.wait()
            self._try(self._tell)

    def _try(self, *what: Callable[[SyncPrefectClient], None]) -> None:
        try:
            with get_client(sync_client=True) as client:
                for do in what:
                    do(client)
        except Exception as error:
            log.debug("the Prefect server could not be told or asked: %s", error)

    def _begin(self, client: SyncPrefectClient) -> None:
        """Name the flow run's target, its settings and where to see Dask at work."""
        if self._root is not None:
            name = self.run.storage.url.rsplit("/", 1)[-1]
            client.update_flow_run(self._root, tags={*client.read_flow_run(self._root).tags, name})
        settings = showing.settings_table(self.config.model_dump(mode="json"), self.run.attrs)
        self._put(client, "settings", "table", settings, "settings and provenance")
        self._put(client, "dask-dashboard", "markdown", showing.dashboard(self.dashboard), "Dask at work")

    def _ask(self, client: SyncPrefectClient) -> None:
        """Look whether the flow run, or the one it is a stage of, was paused or cancelled."""
        for run in {self._root, self._flow_run} - {None}:
            state = client.read_flow_run(run).state  # type: ignore[arg-type]
            if state is not None and state.is_paused():
                self.asked = "paused"
            elif state is not None and (state.is_cancelling() or state.is_cancelled()):
                self.asked = "cancelled"

    def _tell(self, client: SyncPrefectClient) -> None:
        progress, ended = self._newest, self._stop.is_set()
        if progress is None or (progress is self._told and not ended):
            return
        done = 100.0 * progress.fraction
        self._put(client, "inversion-progress", "progress", done, showing.live_line(progress))
        state = self.asked or ("stopped" if ended else "running")
        text = showing.running(self.run.storage.url, progress, self._shown(), state)
        self._put(client, "inversion-report", "markdown", text, f"iteration {progress.iteration}")
        self._told = progress

    def _shown(self) -> Mapping[str, bytes]:
        """The report's pictures, or a quicklook, drawn anew when there is a newer checkpoint, and seldom."""
        words = self._words
        if words is not None and words.pictures:
            return words.pictures
        newest, start = published_checkpoints(self.run.storage)[-1:], time.monotonic()
        last = self._stop.is_set() and (words is None or words.over.is_set())
        if newest != self._drawn and (start > self._rest or last):
            self._drawn, png = newest, quicklook(self.run.storage.url)
            self._pictures = {"residual curve and iterate": png} if png else {}
            end = time.monotonic()
            self._rest = end + (end - start) / SHARE
        return self._pictures

    def _put(self, client: SyncPrefectClient, key: str, kind: str, data: object, description: str) -> None:
        if key in self._artifacts:
            client.update_artifact(self._artifacts[key], ArtifactUpdate(data=data, description=description))
        else:
            new = ArtifactCreate(
                key=key, type=kind, data=data, description=description, flow_run_id=self._flow_run
            )
            self._artifacts[key] = client.create_artifact(new).id
