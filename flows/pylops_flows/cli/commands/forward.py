"""``pld forward``: modelled data."""

from __future__ import annotations

from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Config, Root, Target, Verbose
from pylops_flows.cli.startup import Startup
from pylops_flows.settings.dataset_url import open_ingested
from pylops_flows.settings.paths import absolute
from pylops_flows.settings.pipeline import load


def forward_command(config: Config, target: Target, root: Root = "runs", verbose: Verbose = False) -> None:
    """Model data from the model in a dataset.

    That is the truth of a synthetic, or the background.
    """
    settings = load(config, {"root": root})
    dataset, ds = open_ingested(settings, config)
    settings.problem.check(ds)
    with Startup(verbose) as startup:
        startup.join()
        url = import_late("forward")(dataset, settings.problem, absolute(target))
    out.print(f"modelled: {open_storage(url).place}")
