"""Entry point of the command line: ``pylops-distributed``, short ``pld``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pylops_flows.cli.app import app


def main() -> None:
    """Run a command; modules in the working folder can be imported, but never in place of installed ones."""
    folder = str(Path.cwd())
    # ``python -m`` puts the working folder first.
    if sys.path[0] in ("", folder) and folder not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        del sys.path[0]
    sys.path.append(folder)
    app()


if __name__ == "__main__":
    main()
