"""``pld pause``: a run that is running."""

from __future__ import annotations

from pathlib import Path

from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Root, RunPath, find_run


def pause_command(path: RunPath, root: Root = "runs") -> None:
    """Stop a running run after a last checkpoint.

    It is resumed with `pld resume`, or with Resume in the Prefect UI.
    """
    iteration = import_late("pause_run")(Run.open(find_run(path, root)))
    out.print(f"paused at iteration {iteration}; resume with: pld resume {Path(path).name}")
