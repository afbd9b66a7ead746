"""Publish the progress of an inversion as Prefect artifacts, and poll for pause and cancel requests.

A separate thread does both, with the newest progress only, and none of its errors reaches the solver: an inversion
never waits for a server.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.runtime import flow_run

from pylops_distributed import tuning
from pylops_distributed.runs.report import quicklook
from pylops_distributed.storage.checkpoint_keys import CheckpointKey, published_checkpoints
from pylops_distributed.storage.run import Run
from pylops_flows.runtime import artifacts
from pylops_flows.runtime.stages import root_flow_run

if TYPE_CHECKING:
    from pylops_distributed.inversion.inversion import Progress
    from pylops_flows.settings.pipeline import PipelineConfig

log = logging.getLogger("pylops_distributed.monitor")

# Called with every progress, on the solver's thread; commands add their progress bar.
progress_listeners: list[Callable[[Progress], None]] = []


@dataclass
class FinalArtifacts:
    """The report's pictures, for monitors to show after their inversion, and the threads that wait for them."""

    ready: threading.Event = field(default_factory=threading.Event)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    threads: list[threading.Thread] = field(default_factory=list)


_final: ContextVar[FinalArtifacts | None] = ContextVar("_final", default=None)


@contextmanager
def final_artifacts() -> Iterator[None]:
    """Have monitors in this context end with the pictures of the report that is written in it."""
    final = FinalArtifacts()
    token = _final.set(final)
    try:
        yield
    finally:
        _final.reset(token)
        final.ready.set()
        for thread in final.threads:
            thread.join(tuning.seconds("pipelines.last-artifacts"))


def publish_report_images(pictures: Mapping[str, bytes]) -> None:
    """Pass the pictures of a report to monitors that have ended."""
    if (final := _final.get()) is not None:
        final.pictures = {name: pictures[name] for name in ("Convergence", "Iterates")}
        final.ready.set()


class Monitor:
    """Artifacts of the current flow run, updated in place while the context is open, and when it ends.

    Parameters
    ----------
    run : str
        URL of the run; pictures show its newest checkpoint, so that no model is gathered.
    config : PipelineConfig
        Settings to show.
    dashboard : str
        Link to Dask's dashboard.
    period : float, optional
        Least seconds between two updates.

    Attributes
    ----------
    request : str or None
        State that a user has requested on the server: ``"paused"`` or ``"cancelled"``.
    """

    def __init__(self, run: str, config: PipelineConfig, dashboard: str, period: float | None = None) -> None:
        self.run, self.config, self.dashboard = Run.open(run), config, dashboard
        self.period = tuning.seconds("pipelines.artifact-interval") if period is None else period
        self._share = tuning.share("pipelines.picture-share")
        self.request: str | None = None
        self._flow_run, self._root = UUID(flow_run.id) if flow_run.id else None, root_flow_run()
        self._newest: Progress | None = None
        self._published: Progress | None = None
        self._wake, self._stop = threading.Event(), threading.Event()
        self._artifacts: dict[str, UUID] = {}
        self._drawn: list[CheckpointKey] = []
        self._next_picture = time.monotonic() + tuning.seconds("pipelines.first-picture")
        self._pictures: Mapping[str, bytes] = {}
        self._final = _final.get()
        self._thread = threading.Thread(target=self._work, name="monitor", daemon=True)

    def __enter__(self) -> Monitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        if self._final is not None:
            self._final.threads.append(self._thread)
        else:
            self._thread.join(tuning.seconds("pipelines.last-artifacts"))

    def __call__(self, progress: Progress) -> bool:
        """Note the newest progress; returns at once whether the inversion is to stop."""
        self._newest = progress
        self._wake.set()
        for listener in progress_listeners:
            listener(progress)
        return self.request is not None

    def _work(self) -> None:
        self._try(self._begin)
        while True:
            self._wake.wait(self.period)
            self._wake.clear()
            last = self._stop.is_set()
            self._try(self._poll, self._publish)
            if last:
                break
            self._stop.wait(self.period)
        if self._final is not None:
            self._final.ready.wait()
            self._try(self._publish)

    def _try(self, *requests: Callable[[SyncPrefectClient], None]) -> None:
        try:
            with get_client(sync_client=True) as client:
                for request in requests:
                    request(client)
        except Exception as error:
            log.debug("the Prefect server did not answer: %s", error)

    def _begin(self, client: SyncPrefectClient) -> None:
        """Publish the run's name as a tag, its settings, and a link to Dask's dashboard."""
        if self._root is not None:
            name = self.run.storage.url.rsplit("/", 1)[-1]
            client.update_flow_run(self._root, tags={*client.read_flow_run(self._root).tags, name})
        settings = artifacts.settings_table(self.config.model_dump(mode="json"), self.run.attrs)
        self._put(client, "settings", "table", settings, "settings and provenance")
        self._put(
            client, "dask-dashboard", "markdown", artifacts.dashboard_link(self.dashboard), "Dask dashboard"
        )

    def _poll(self, client: SyncPrefectClient) -> None:
        """Note whether the flow run, or the one it is a stage of, was paused or cancelled."""
        for run in {run for run in (self._root, self._flow_run) if run is not None}:
            state = client.read_flow_run(run).state
            if state is not None and state.is_paused():
                self.request = "paused"
            elif state is not None and (state.is_cancelling() or state.is_cancelled()):
                self.request = "cancelled"

    def _publish(self, client: SyncPrefectClient) -> None:
        progress, ended = self._newest, self._stop.is_set()
        if progress is None or (progress is self._published and not ended):
            return
        done = 100.0 * progress.fraction
        self._put(client, "inversion-progress", "progress", done, artifacts.live_line(progress))
        state = self.request or ("stopped" if ended else "running")
        text = artifacts.progress_markdown(self.run.storage.url, progress, self._shown(), state)
        self._put(client, "inversion-report", "markdown", text, f"iteration {progress.iteration}")
        self._published = progress

    def _shown(self) -> Mapping[str, bytes]:
        """Return the report's pictures, or a quicklook, which is drawn again for a newer checkpoint, and seldom."""
        final = self._final
        if final is not None and final.pictures:
            return final.pictures
        newest, start = published_checkpoints(self.run.storage)[-1:], time.monotonic()
        last = self._stop.is_set() and (final is None or final.ready.is_set())
        if newest != self._drawn and (start > self._next_picture or last):
            self._drawn, png = newest, quicklook(self.run.storage.url)
            self._pictures = {"residual curve and iterate": png} if png else {}
            end = time.monotonic()
            self._next_picture = end + (end - start) / self._share
        return self._pictures

    def _put(self, client: SyncPrefectClient, key: str, kind: str, data: object, description: str) -> None:
        if key in self._artifacts:
            client.update_artifact(self._artifacts[key], ArtifactUpdate(data=data, description=description))
        else:
            new = ArtifactCreate(
                key=key, type=kind, data=data, description=description, flow_run_id=self._flow_run
            )
            self._artifacts[key] = client.create_artifact(new).id
