"""Looking at raw files before they are ingested: their contents, and the settings that read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pylops_distributed.ingest.formats.failures import naming
from pylops_distributed.ingest.formats.source import FORMATS, recognise
from pylops_distributed.registry import import_on_use

if TYPE_CHECKING:
    from pylops_distributed.ingest.inspection.description import FileInfo


def info(path: str, *, format: str | None = None, **options: object) -> FileInfo:
    """Look at a raw file before it is ingested; nothing is written.

    Of SEG-Y files all trace headers and the samples of some traces are read, of other files only what describes their
    arrays. Memory does not grow with the samples.

    Parameters
    ----------
    path : str
        File, folder or URL.
    format : str, optional
        A key of ``FORMATS``. By default recognised by suffix, then by content.
    **options
        Options of the format's reader that are known already, such as ``samples`` or ``preset``.

    Returns
    -------
    FileInfo
        Its contents; ``settings`` and ``command`` ingest it, ``missing`` lists what must be said first.
        ``print`` shows all of it, ``model_dump_json`` writes it for programs.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    ValueError
        If the format is not known, or the file is not what it claims to be.

    Examples
    --------
    >>> print(info("survey.sgy"))  # doctest: +SKIP
    """
    absolute = path if "://" in path else os.path.abspath(Path(path).expanduser())
    name = format or recognise(absolute)
    if name not in FORMATS:
        raise ValueError(f"format={name!r} is unknown: expected one of {list(FORMATS)}.")
    if "://" not in absolute and not Path(absolute).exists():
        raise FileNotFoundError(f"there is no file {absolute!r}.")
    module, look = ("segy", "look_at_segy") if name in ("segy", "su") else ("arrays", "look_at_arrays")
    with naming(absolute):
        found = getattr(import_on_use(f"{__name__}.{module}"), look)(absolute, name, options)
    # As it was given, and the format only where the file does not show it.
    shown = None if format is None and _shown(absolute, name) else name
    result: FileInfo = found.model_copy(update={"path": path, "format": shown})
    return result


def _shown(path: str, name: str) -> bool:
    try:
        return recognise(path) == name
    except ValueError:
        return False
