"""``pld demo``: a small synthetic case of a problem."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pylops_flows.cli.commands.run import run_command
from pylops_flows.cli.console import out
from pylops_flows.cli.demo_data import make_case
from pylops_flows.cli.options import Root, Set, Verbose

ProblemName = Annotated[
    str, typer.Argument(metavar="PROBLEM", help="Name of a problem, as `pld problems` lists them.")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed makes another case.")]


def demo_command(
    problem: ProblemName = "poststack",
    root: Root = "runs",
    seed: Seed = 0,
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Run a small synthetic case of a problem.

    The default inverts a faulted volume for impedance.
    """
    config = make_case(problem, Path(root), seed)
    about = config.read_text().splitlines()[0].removeprefix("# ")
    out.print(f"wrote {config.parent}: {about}", markup=False)
    run_command(str(config), root=root, set_=set_, into=None, verbose=verbose)
