"""Entry point of the command line: ``pylops-distributed``, short ``pld``."""

from __future__ import annotations

import sys
from pathlib import Path

from pylops_flows.cli.app import app


def main() -> None:
    """Run a command; modules in the working folder can be imported, but never in place of installed ones."""
    sys.path.append(str(Path.cwd()))
    app()


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working folder, which ``python -m`` puts first
    main()
