"""Runs as people name them: by path, name, the beginning of a name, their number in the list, or as the latest."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from pylops_distributed.storage.group_metadata import metadata_key
from pylops_distributed.storage.lease import ROOT as ATTEMPTS
from pylops_distributed.storage.lease import owner
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run, find_runs
from pylops_flows.cli.suggestions import listed
from pylops_flows.settings.paths import absolute

LATEST = "latest"
# Beginnings of the hash in a name count from here on, as in Git: shorter ones are numbers of the list, or chance.
FEWEST_OF_HASH = 4


def ordered_runs(root: str) -> list[tuple[str, Run | Exception]]:
    """Return the runs in a folder by name, the one that was begun or resumed last first; unreadable ones are last.

    The order does not change while runs are working, so that their numbers stay.
    """
    runs = list(find_runs(root))
    return sorted(runs, key=lambda named: (-_begun(named[1]), named[0]))


def find_run(text: str, root: str) -> str:
    """Return the location of a run.

    Parameters
    ----------
    text : str
        Path or URL; or, of the runs below the root, a name, the beginning of one or of the hash in it, the number in
        the list of ``pld runs``, or ``latest``.
    root : str
        Folder or URL where runs live.

    Raises
    ------
    FileNotFoundError
        If there is none; the message has the nearest names.
    ValueError
        If several names begin like this.
    """
    if not text.strip():
        raise ValueError("the name of the run is empty: `pld runs` lists the runs")
    if "://" in text or _is_run(Path(text)):
        return absolute(text)
    if "/" in text.rstrip("/"):
        root, _, text = text.rstrip("/").rpartition("/")
    folder = open_storage(absolute(root or "/"))
    if any(folder.exists(f"{text}/{path}{metadata_key('')}") for path in ("", f"{ATTEMPTS}/")):
        return _below(root, text)
    names = [name for name, _ in ordered_runs(root or "/")]
    return _below(root, _only(_matches(text, names), text, names, folder.place))


def complete_run(root: str, beginning: str) -> list[str]:
    """Return the names that begin like this, newest first, and ``latest``: for completion in a shell."""
    names = [name for name, _ in ordered_runs(root)]
    return [name for name in (*names, *([LATEST] if names else [])) if name.startswith(beginning)]


def _is_run(path: Path) -> bool:
    """Whether a folder holds a run, its remains, or any other Zarr, which whoever opens it rejects."""
    return (path / metadata_key("")).exists() or (path / ATTEMPTS).is_dir()


def _below(root: str, name: str) -> str:
    """Return the location of a name below a root; links in the root are followed."""
    return absolute(f"{root.rstrip('/')}/{name}")


def _matches(text: str, names: list[str]) -> list[str]:
    """Return the names that a text can mean; an exact one alone."""
    if text == LATEST:
        return names[:1]
    if exact := [name for name in names if name in (text, f"{text}.zarr")]:
        return exact
    numbered = text.isascii() and text.isdigit() and 1 <= int(text) <= len(names)
    found = [names[int(text) - 1]] if numbered else []
    if not numbered or len(text) >= FEWEST_OF_HASH:
        found += [name for name in names if _begins(name, text) and name not in found]
    return found


def _begins(name: str, text: str) -> bool:
    last = name.rpartition("-")[2]
    return name.startswith(text) or (len(text) >= FEWEST_OF_HASH and last.startswith(text))


def _only(found: list[str], text: str, names: list[str], place: str) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{text!r} is the beginning of {len(found)} runs in {place}: {listed(found)}")
    near = get_close_matches(text, names, n=3, cutoff=0.5) or names[:3]
    cure = f"did you mean {listed(near, 'or')}?" if near else "it has none; give another folder with --root"
    raise FileNotFoundError(f"there is no run {text} in {place}: {cure}")


def _begun(run: Run | Exception) -> float:
    """Return when a run was begun or resumed last, in seconds since 1970."""
    if not isinstance(run, Run):
        return 0.0
    try:
        last = owner(run.storage)
        return last.since if last is not None else datetime.fromisoformat(run.attrs["created_at"]).timestamp()
    except Exception:  # one bad run must not hide the others
        return 0.0
