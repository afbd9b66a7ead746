"""``pld verify``: the bytes of a run."""

from __future__ import annotations

from pathlib import Path

import typer

from pylops_distributed.errors import ExitCode
from pylops_distributed.runs.audit import verify as find_problems
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath, find_run


def verify_command(path: RunPath, root: Root = "runs") -> None:
    """Check every checksum, count and link of a run.

    Nothing is changed.
    """
    findings = find_problems(find_run(path, root))
    for finding in findings:
        out.print(f"[{'red' if finding.harmful else 'yellow'}]{finding.path or 'run'}[/]:", end=" ")
        out.print(finding.words, markup=False)
    if any(finding.harmful for finding in findings):
        out.print(f"return to the newest intact checkpoint with: pld repair {Path(path).name}")
        raise typer.Exit(ExitCode.FAILED)
    out.print(f"OK ({len(findings)} unfinished items ignored)" if findings else "OK")
