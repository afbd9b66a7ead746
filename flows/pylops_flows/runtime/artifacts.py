"""Words and tables about a run, for the Prefect UI and the terminal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from pylops_distributed.inversion.inversion import Progress
from pylops_distributed.runs import markup
from pylops_distributed.runs.plots import relative_cost
from pylops_distributed.storage.object_store import open_storage

BARS = "▁▂▃▄▅▆▇█"


def live_line(progress: Progress) -> str:
    """One line about a running inversion: iteration, relative residual, its curve, speed and time left."""
    cost = progress.cost
    relative = relative_cost(cost)[-1] if len(cost) else 0.0
    return (
        f"it {progress.iteration}/{progress.niter} |r|/|r0| {relative:.2e} {sparkline(cost)} "
        f"{progress.seconds:.2f} s/it, {duration(progress.left)} left"
    )


def duration(seconds: float) -> str:
    """A time in the unit that fits it."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


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


def running(run: str, progress: Progress, pictures: Mapping[str, bytes], state: str) -> str:
    """Markdown of what the UI shows while the inversion runs."""
    rows = {
        "run": markup.code(open_storage(run).place),
        "iteration": f"{progress.iteration} of {progress.niter}",
        "resumed from": "the start" if progress.resumed is None else f"iteration {progress.resumed}",
        "residual norm or objective": f"{progress.cost[-1]:.4e}, first {progress.cost[0]:.4e}",
        "time left": "-" if progress.reason else f"{duration(progress.left)} at {progress.seconds:.2f} s a step",
        "state": markup.text(progress.reason or state),
    }  # fmt: skip
    shown = "\n\n".join(image(name, png) for name, png in pictures.items())
    return f"{table(rows)}\n\n{shown}\n\n{snippet(run)}"


def finished(run: str, place: str, figures: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """Markdown of a run's report."""
    shown = "\n\n".join(f"## {markup.text(name)}\n{image(name, png)}" for name, png in pictures.items())
    rows = {name: markup.text(value) for name, value in figures.items()} | {"report": markup.code(place)}
    return f"{table(rows)}\n\n{shown}\n\n{snippet(run)}"


def table(rows: Mapping[str, Any]) -> str:
    """Markdown of two columns; values are Markdown."""
    return "| | |\n| --- | --- |\n" + "\n".join(
        f"| {markup.text(key)} | {value} |" for key, value in rows.items()
    )


def image(name: str, png: bytes) -> str:
    """Markdown of a picture, which comes along and is asked of nobody."""
    return f"![{markup.text(name)}](data:image/png;base64,{base64.b64encode(png).decode()})"


def snippet(run: str) -> str:
    """Markdown of how to open a run."""
    return markup.opening(open_storage(run).place)


def settings_table(config: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """JSON of a table of all settings, and of where a run comes from."""
    known = ("run_id", "fingerprint", "created_at", "dataset", "python", "platform", "software", "git")
    rows = [("setting", k, v) for k, v in _flat(config)]
    rows += [("provenance", k, v) for k, v in _flat({k: about.get(k) for k in known})]
    return json.dumps([{"what": what, "name": name, "value": str(value)} for what, name, value in rows])


def dashboard(link: str) -> str:
    """Markdown of a link to Dask's dashboard, or of why there is none."""
    if find_spec("bokeh") is None:
        return "no dashboard: `pip install 'pylops-distributed[dashboard]'`"
    return f"[{link}]({link})"


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
