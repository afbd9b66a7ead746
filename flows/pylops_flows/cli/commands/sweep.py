"""``pld sweep``: a run for each combination of values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Root, Set, Verbose, parse_settings
from pylops_flows.cli.startup import Startup
from pylops_flows.settings.pipeline import read
from pylops_flows.settings.sweep_grid import TABLE, configs, expand

SweepConfig = Annotated[
    str, typer.Argument(metavar="CONFIG.yaml", help="Settings with lists, e.g. damp: [0.01, 0.1, 1].")
]


def sweep_command(
    config: SweepConfig, root: Root = "runs", set_: Set = None, verbose: Verbose = False
) -> None:
    """Run every combination of listed values, and draw the L-curve.

    The runs share a cluster, side by side.
    """
    base, values = expand(read(config, {"root": root, **parse_settings(set_)}), config)
    all_settings = configs(base, values)
    for settings in all_settings:
        import_late("preflight")(settings)
    with Startup(verbose) as startup:
        startup.join()
        folder = open_storage(import_late("flow_result")(import_late("sweep"), base, values)).place
    table = Path(folder, TABLE).read_text().strip() if "://" not in folder else f"{len(all_settings)} runs"
    out.print(table, markup=False)
    out.print(f"sweep: {folder}")
