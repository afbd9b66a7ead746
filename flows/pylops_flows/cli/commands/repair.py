"""``pld repair``: a run with corrupt parts."""

from __future__ import annotations

from pylops_distributed.runs.audit import repair as delete_corrupt
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.cli.console import out
from pylops_flows.cli.options import Root, RunPath
from pylops_flows.cli.run_names import find_run


def repair_command(path: RunPath, root: Root = "runs") -> None:
    """Return a run to its newest intact checkpoint.

    Intact parts are never deleted.
    """
    url = find_run(path, root)
    deleted = delete_corrupt(url)
    for finding in deleted:
        out.print(f"deleted {finding.path}:", end=" ")
        out.print(finding.words, markup=False)
    name = open_storage(url).place.rsplit("/", 1)[-1]
    out.print(f"resume with: pld resume {name}" if deleted else f"nothing to repair in {name}", markup=False)
