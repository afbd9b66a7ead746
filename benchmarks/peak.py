"""The most memory a process ever had."""

from __future__ import annotations

import re
from pathlib import Path


def peak(pid: int | str = "self") -> int:
    """Most resident memory of a process, in bytes, as the kernel counts it (VmHWM; Linux only)."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return 1024 * int(found[1])
