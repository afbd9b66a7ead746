"""Commands that look at runs and problems, or mend them, and need no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pylops_flows.cli.app import (
    Root,
    RunPath,
    Set,
    app,
    as_path,
    find_run,
    out,
    parse_settings,
    report_errors,
)


@app.command()
@report_errors
def problems() -> None:
    """List the problems there are, with what each is about."""
    from pylops_distributed.problems.registry import PROBLEMS

    table = Table("problem", "what it is", box=None)
    for name, form in PROBLEMS.items():
        table.add_row(name, (form.__doc__ or "").split("\n")[0])
    out.print(table)


@app.command()
@report_errors
def runs(
    root: Root = "runs",
    prune: Annotated[
        bool, typer.Option("--prune", help="Tell what can go, and delete it with --yes.")
    ] = False,
    days: Annotated[
        float, typer.Option("--days", help="Age from which an unfinished run counts as given up.")
    ] = 30.0,
    yes: Annotated[bool, typer.Option("--yes", help="Delete it.")] = False,
) -> None:
    """List the runs below a folder; reads the store alone, no server needed."""
    from pylops_flows.cli.tables import runs_table

    if not prune:
        out.print(runs_table(root))
        return
    from dask.utils import format_bytes

    from pylops_distributed.runs.pruning import find_removable

    total = 0
    for one in find_removable(root, days):
        name = one.run.storage.url.rsplit("/", 1)[-1]
        out.print(f"{name}/{one.path}: {format_bytes(one.size)}, {one.words}", markup=False)
        total += one.size
        if yes:
            one.delete()
    out.print(f"{format_bytes(total)} {'deleted' if yes else 'can go: add --yes to delete it'}")


@app.command()
@report_errors
def show(path: RunPath, root: Root = "runs") -> None:
    """Tell about one run: state, quality, contents; reads the store alone."""
    from pylops_distributed.runs.reading import open_run
    from pylops_distributed.runs.report import summary
    from pylops_distributed.storage.run import Run

    found = Run.open(find_run(path, root))
    status, tree = found.status(), open_run(find_run(path, root))
    table = Table(box=None, show_header=False)
    rows = {
        "state": status.state,
        "reason": status.reason or "-",
        **({"result": status.advice} if status.advice else {}),
        "attempts": status.attempts,
        **summary(tree),
    }
    for key, value in rows.items():
        table.add_row(key, str(value))
    out.print(table)
    out.print(str(tree.to_dataset() if not tree.children else tree), markup=False)
    if (report := found.report) is not None:
        out.print(f"report: {as_path(found.storage.url)}/{report}")
    out.print(f"run: {as_path(found.storage.url)}")


@app.command()
@report_errors
def verify(path: RunPath, root: Root = "runs") -> None:
    """Check every checksum, count and link of a run, and say what is wrong; changes nothing."""
    from pylops_distributed.runs.audit import verify as check

    found = check(find_run(path, root))
    for finding in found:
        out.print(f"[{'red' if finding.harmful else 'yellow'}]{finding.path or 'run'}[/]:", end=" ")
        out.print(finding.words, markup=False)
    if any(finding.harmful for finding in found):
        out.print("pld repair RUN goes back to the newest sound checkpoint")
        raise typer.Exit(1)
    out.print("sound" if not found else "sound, but for what was left unfinished")


@app.command()
@report_errors
def repair(path: RunPath, root: Root = "runs") -> None:
    """Bring a run back to its newest sound checkpoint; what is sound is never deleted."""
    from pylops_distributed.runs.audit import repair as mend

    for finding in mend(find_run(path, root)):
        out.print(f"deleted {finding.path}:", end=" ")
        out.print(finding.words, markup=False)
    out.print("pld resume RUN goes on")


@app.command()
@report_errors
def new(
    kind: Annotated[str, typer.Argument(metavar="problem", help="What to begin: a problem.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, as of a Python module.")],
) -> None:
    """Write NAME.py, a problem of your own that works, to change as you need it."""
    from pylops_flows.cli.new_problem import write_problem

    if kind != "problem":
        raise ValueError(f"there is nothing to begin a {kind!r} with: write `pld new problem {name}`")
    path, form = write_problem(name, Path.cwd())
    out.print(f"wrote {path}; next: pld check {path.name}, pld demo {form}")


@app.command()
@report_errors
def check(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="problem.py, or module:Class, or a CONFIG.yaml with data.")
    ],
    set_: Set = None,
    root: Root = "runs",
) -> None:
    """Look at a problem before a long run: dot test, chunks, memory; a problem's own demo where no data are given."""
    from pylops_flows.cli.new_problem import look

    failed = 0
    for name, good, words in look(target, {"root": root, **parse_settings(set_)}):
        out.print(f"[{'green' if good else 'red'}]{'ok  ' if good else 'FAIL'}[/] {name}: ", end="")
        out.print(words, markup=False)
        failed += not good
    if failed:
        raise typer.Exit(1)


@app.command()
@report_errors
def doctor(root: Root = "runs") -> None:
    """Check versions, disk, the Prefect server, and that Dask workers reach it."""
    from pylops_flows.cli.installation_checks import checks

    failed = 0
    for name, good, words in checks(root):
        out.print(f"[{'green' if good else 'red'}]{'ok  ' if good else 'FAIL'}[/] {name}: ", end="")
        out.print(words, markup=False)
        failed += not good
    if failed:
        raise typer.Exit(1)
