"""``pld invert``: a solve on a dataset."""

from __future__ import annotations

from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.late_binding import import_late
from pylops_flows.cli.options import Config, Root, Set, Verbose, parse_settings
from pylops_flows.cli.startup import Startup
from pylops_flows.settings.dataset_url import open_ingested
from pylops_flows.settings.pipeline import load


def invert_command(config: Config, root: Root = "runs", set_: Set = None, verbose: Verbose = False) -> None:
    """Solve on an ingested dataset."""
    settings = load(config, {"root": root, **parse_settings(set_)})
    dataset, _ = open_ingested(settings, config)
    settings = settings.model_copy(update={"dataset": dataset, "sources": {}})
    out.print(f"disk: {import_late('preflight')(settings)}")
    with Startup(verbose) as startup:
        startup.join()
        flow = import_late("invert").with_options(task_runner=import_late("task_runner")(settings.cluster))
        url = import_late("flow_result")(flow, dataset, settings)
    out.print(f"run: {open_storage(url).place}")
