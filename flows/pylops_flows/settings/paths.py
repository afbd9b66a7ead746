"""Paths in settings."""

from __future__ import annotations

from pathlib import Path


def absolute(path: str, base: Path | None = None) -> str:
    """Return ``path`` as a URL or absolute path, since other processes work in other folders."""
    if "://" in path:
        return path
    try:
        return str(((base or Path.cwd()) / Path(path).expanduser()).resolve())
    except (ValueError, OSError) as error:  # no file can have that name
        raise ValueError(f"{path!r} cannot be a path: {error}") from None


def existing_folder(path: str) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    folder = Path(path).absolute()
    while not folder.exists():
        folder = folder.parent
    return folder
