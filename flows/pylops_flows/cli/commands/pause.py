"""``pld pause``: a run that is running."""

from __future__ import annotations

from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Root, RunPath
from pylops_flows.cli.run_names import find_run


def pause_command(path: RunPath, root: Root = "runs") -> None:
    """Stop a running run after a last checkpoint.

    It is resumed with `pld resume`, or with Resume in the Prefect UI.
    """
    run = Run.open(find_run(path, root))
    iteration, name = import_late("pause_run")(run), run.name
    out.print(f"paused at iteration {iteration}; resume with: pld resume {name}", markup=False)
