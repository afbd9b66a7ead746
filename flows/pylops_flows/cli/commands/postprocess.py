"""``pld postprocess``: result and report of a run."""

from __future__ import annotations

from pylops_distributed.storage.run import Run
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Root, RunPath, Verbose
from pylops_flows.cli.run_names import find_run
from pylops_flows.cli.startup import Startup


def postprocess_command(path: RunPath, root: Root = "runs", verbose: Verbose = False) -> None:
    """Write a run's result and its report.

    The result is the newest iterate, with labels and metrics.
    """
    run = find_run(path, root)
    Run.open(run)
    with Startup(verbose) as startup:
        startup.join()
        report = import_late("postprocess")(run)
    out.print(f"report: {report}")
