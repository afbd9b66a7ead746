"""``pld view``: a run in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from pylops_distributed.runs.viewer import serve
from pylops_flows.cli.options import Root, RunPath
from pylops_flows.cli.run_names import find_run

Port = Annotated[int, typer.Option("--port", help="Port on 127.0.0.1; 0 for any free one.")]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")]


def view_command(path: RunPath, root: Root = "runs", port: Port = 0, open_: Open = True) -> None:
    """Browse a run: iterates, sections, data and history.

    Ctrl-C ends the viewer.
    """
    serve(find_run(path, root), port, open_)
