"""``pld info``: what a raw file holds, and how it is ingested."""

from __future__ import annotations

from pylops_distributed.ingest import info
from pylops_flows.cli.commands.ingest import Format, Options, SourcePath
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Json, parse_settings


def info_command(
    source: SourcePath, format_: Format = None, option: Options = None, json: Json = False
) -> None:
    """Show what a raw file holds, and how to ingest it.

    Nothing is written, and no server is needed.
    """
    found = info(source, format=format_, **parse_settings(option))
    out.print(found.model_dump_json(indent=2) if json else str(found), markup=False)
