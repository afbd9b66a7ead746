"""``pld verify``: the bytes of a run."""

from __future__ import annotations

from dataclasses import asdict

import typer

from pylops_distributed.errors import ExitCode
from pylops_distributed.runs.audit import Finding
from pylops_distributed.runs.audit import verify as find_problems
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out, print_json
from pylops_flows.cli.options import Json, Root, RunPath
from pylops_flows.cli.run_names import find_run


def verify_command(path: RunPath, root: Root = "runs", json: Json = False) -> None:
    """Check every checksum, count and link of a run.

    Nothing is changed.
    """
    url = find_run(path, root)
    findings, place = find_problems(url), open_storage(url).place
    intact = not any(finding.harmful for finding in findings)
    if json:
        print_json({"place": place, "intact": intact, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings, intact, place.rsplit("/", 1)[-1])
    if not intact:
        raise typer.Exit(ExitCode.FAILED)


def _print(findings: list[Finding], intact: bool, name: str) -> None:
    for finding in findings:
        out.print(f"[{'red' if finding.harmful else 'yellow'}]{finding.path or 'run'}[/]:", end=" ")
        out.print(finding.words, markup=False)
    if not intact:
        out.print(f"return to the newest intact checkpoint with: pld repair {name}", markup=False)
    else:
        out.print(f"OK ({len(findings)} unfinished items ignored)" if findings else "OK")
