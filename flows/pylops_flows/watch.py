"""New files in a folder become events, which start whatever is deployed to wait for them."""

from __future__ import annotations

import time
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from prefect import flow
from prefect.events import emit_event

from pylops_distributed.storage.object_store import open_storage

ARRIVED, SEALED = "pylops-distributed.file.arrived", "pylops-distributed.dataset.sealed"


@flow(name="watch")
def watch(folder: str, pattern: str = "*", root: str = "runs", settle: float = 10.0) -> list[str]:
    """Look for files that were not there the last time, and emit an event for each.

    Parameters
    ----------
    folder : str
        Folder to look into.
    pattern : str, optional
        Pattern of the names of files, such as ``*.sgy``.
    root : str, optional
        Folder or URL where runs live; what was seen is remembered there, in ``seen/``.
    settle : float, optional
        Seconds for which a file must not have changed: it may still be being written.

    Returns
    -------
    list of str
        The new files.
    """
    seen, found = open_storage(Path(root).absolute() if "://" not in root else root), []
    for path in sorted(Path(folder).absolute().iterdir()):
        status = path.stat()
        if not fnmatch(path.name, pattern) or not path.is_file() or time.time() - status.st_mtime < settle:
            continue
        stamp = f"{path} {status.st_size} {status.st_mtime_ns}"
        ours = f"{stamp} {uuid4()}"  # else what was written the last time would count as written now
        if seen.put_new(f"seen/{sha256(stamp.encode()).hexdigest()[:16]}", ours.encode()):
            emit_event(
                ARRIVED, {"prefect.resource.id": f"pylops-distributed.file.{path.name}"},
                payload={"path": str(path), "stem": path.stem},
            )  # fmt: skip
            found.append(str(path))
    return found
