"""Text and tables about a run, for the Prefect UI and the terminal."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pylops_distributed.runs import markup
from pylops_distributed.runs.plots import relative_cost
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run
from pylops_flows.runtime.formatting import duration, sparkline
from pylops_flows.settings.nested import flat

if TYPE_CHECKING:
    from pylops_distributed.inversion.inversion import Progress


def live_line(progress: Progress) -> str:
    """Return one line about a running inversion: iteration, relative residual and its curve, speed and time left."""
    cost = progress.cost
    relative = relative_cost(cost)[-1] if len(cost) else 0.0
    return (
        f"it {progress.iteration}/{progress.niter} relative residual {relative:.2e} {sparkline(cost)} "
        f"{progress.seconds:.2f} s/it, {duration(progress.left)} left"
    )


def outcome(url: str) -> str:
    """Return one line about a run: iterations, why its solver stopped, misfit if its result is of them, and place."""
    run = Run.open(url)
    status = run.status()
    parts = [f"{status.iteration} iterations", status.reason or ""]
    if status.state == "finished" and "misfit" in status.figures:
        parts.append(f"misfit {100 * status.figures['misfit']:.1f} %")
    return ", ".join([*filter(None, parts), run.storage.place])


def progress_markdown(run: str, progress: Progress, pictures: Mapping[str, bytes], state: str) -> str:
    """Return Markdown about a running inversion."""
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


def report_markdown(
    run: str, report: str, figures: Mapping[str, object], pictures: Mapping[str, bytes]
) -> str:
    """Return Markdown of a run's report."""
    shown = "\n\n".join(f"## {markup.text(name)}\n{image(name, png)}" for name, png in pictures.items())
    rows = {name: markup.text(value) for name, value in figures.items()} | {"report": markup.code(report)}
    return f"{table(rows)}\n\n{shown}\n\n{snippet(run)}"


def table(rows: Mapping[str, object]) -> str:
    """Return Markdown of two columns; values are Markdown."""
    return "| | |\n| --- | --- |\n" + "\n".join(
        f"| {markup.text(key)} | {value} |" for key, value in rows.items()
    )


def image(name: str, png: bytes) -> str:
    """Return Markdown of an embedded picture."""
    return f"![{markup.text(name)}](data:image/png;base64,{base64.b64encode(png).decode()})"


def snippet(run: str) -> str:
    """Return Markdown that shows how to open a run."""
    return markup.opening(open_storage(run).place)


def settings_table(config: Mapping[str, object], attrs: Mapping[str, object]) -> str:
    """Return JSON of a table of all settings, and of a run's provenance."""
    provenance = ("run_id", "fingerprint", "created_at", "dataset", "python", "platform", "software", "git")
    rows = [("setting", k, v) for k, v in flat(config)]
    rows += [("provenance", k, v) for k, v in flat({k: attrs.get(k) for k in provenance})]
    return json.dumps([{"what": kind, "name": name, "value": str(value)} for kind, name, value in rows])


def dashboard_link(link: str) -> str:
    """Return Markdown with a link to Dask's dashboard, or with the command that installs it."""
    if find_spec("bokeh") is None:
        return "no dashboard: `pip install 'pylops-distributed[dashboard]'`"
    return f"[{link}]({link})"
