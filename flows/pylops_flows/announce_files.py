"""New files in a folder become events, which start the deployments that wait for them."""

from __future__ import annotations

import time
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from prefect import flow
from prefect.events import emit_event

from pylops_distributed.storage.object_store import open_storage
from pylops_flows.events import FILE_ARRIVED


@flow(name="announce-files")
def announce_files(folder: str, pattern: str = "*", root: str = "runs", settle: float = 10.0) -> list[str]:
    """Emit an event for each file that is new since the last call.

    Parameters
    ----------
    folder : str
        Folder to look at.
    pattern : str, optional
        Pattern of file names, such as ``*.sgy``.
    root : str, optional
        Folder or URL where runs live; known files are listed there, in ``seen/``.
    settle : float, optional
        Seconds for which a file must not have changed; a younger one may be incomplete.

    Returns
    -------
    list of str
        The new files.
    """
    storage = open_storage(Path(root).absolute() if "://" not in root else root)
    new_files = []
    for path in sorted(Path(folder).absolute().iterdir()):
        status = path.stat()
        if not fnmatch(path.name, pattern) or not path.is_file() or time.time() - status.st_mtime < settle:
            continue
        stamp = f"{path} {status.st_size} {status.st_mtime_ns}"
        entry = (
            f"{stamp} {uuid4()}"  # unique, or an entry of an earlier call would count as written by this one
        )
        if storage.put_new(f"seen/{sha256(stamp.encode()).hexdigest()[:16]}", entry.encode()):
            emit_event(
                FILE_ARRIVED, {"prefect.resource.id": f"pylops-distributed.file.{path.name}"},
                payload={"path": str(path), "stem": path.stem},
            )  # fmt: skip
            new_files.append(str(path))
    return new_files
