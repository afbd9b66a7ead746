"""Whether a Prefect server is configured, found without Prefect, which takes more than a second to import."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pylops_distributed.vectors.types import Settings

NAME = "PREFECT_API_URL"


def server_is_configured() -> bool:
    """Return whether the environment, the active profile or a file in this folder names a server.

    Where it is not clear, the answer is yes.
    """
    if NAME in os.environ or Path("prefect.toml").exists() or _mentioned(Path(".env")):
        return True
    if "prefect" in _toml(Path("pyproject.toml")).get("tool", {}):
        return True
    folder = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    path = Path(os.environ.get("PREFECT_PROFILES_PATH") or folder / "profiles.toml").expanduser()
    profiles = _toml(path)
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    return NAME in profiles.get("profiles", {}).get(active, {})


def _mentioned(path: Path) -> bool:
    return path.is_file() and NAME in path.read_text(errors="replace")


def _toml(path: Path) -> Settings:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # Prefect says why
        return {"tool": {"prefect": {}}, "active": NAME, "profiles": {NAME: {NAME: ""}}}
