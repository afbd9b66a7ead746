"""``pld repair``: a run with corrupt parts."""

from __future__ import annotations

from pathlib import Path

from pylops_distributed.runs.audit import repair as delete_corrupt
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath, find_run


def repair_command(path: RunPath, root: Root = "runs") -> None:
    """Return a run to its newest intact checkpoint.

    Intact parts are never deleted.
    """
    for finding in delete_corrupt(find_run(path, root)):
        out.print(f"deleted {finding.path}:", end=" ")
        out.print(finding.words, markup=False)
    out.print(f"resume with: pld resume {Path(path).name}")
