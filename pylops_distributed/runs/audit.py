"""Verify a run's integrity, and repair it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pylops_distributed.errors import CorruptionError
from pylops_distributed.ingest import read_ref
from pylops_distributed.ingest.sealed_datasets import present, stored
from pylops_distributed.storage.atomic_group import open_group
from pylops_distributed.storage.checkpoint_keys import ROOT as CHECKPOINTS
from pylops_distributed.storage.checkpoint_keys import CheckpointKey, all_checkpoints, published_checkpoints
from pylops_distributed.storage.checksums import verify_chunks
from pylops_distributed.storage.fence import abandon, is_leftover, is_published
from pylops_distributed.storage.group_metadata import delete_group, read_attrs
from pylops_distributed.storage.lease import ROOT as ATTEMPTS
from pylops_distributed.storage.object_store import Storage, open_storage
from pylops_distributed.storage.results import ROOT as RESULT
from pylops_distributed.storage.results import delete_old, unfinished_results
from pylops_distributed.storage.run import Run
from pylops_distributed.storage.state_io import open_checkpoint


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written.

    Attributes
    ----------
    path : str
        Where in the run; empty for the run's own metadata.
    words : str Description of the fault.
    harmful : bool
        Whether something is lost; not so what a killed writer left unfinished, which nobody reads.
    """

    path: str
    words: str
    harmful: bool = True


def verify(url: str | Path) -> list[Finding]:
    """Check every checksum, count and link of a run; nothing is changed.

    Parameters
    ----------
    url : str or Path
        Place of the run.

    Returns
    -------
    list of Finding The faults; empty if there are none.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    CorruptionError
        If the run's own metadata has changed since it was written: nothing below it can be trusted to belong to it.
    """
    run = Run.open(url)
    return [
        *_attempts(run.storage),
        *_checkpoints(run.storage),
        *_foreign(run.storage),
        *_result(run),
        *_dataset(run),
    ]


def repair(url: str | Path) -> list[Finding]:
    """Bring a run back to its newest intact checkpoint: delete corrupt and unfinished groups.

    Intact checkpoints are never deleted. A corrupt result is deleted, too: the flow writes it again.

    Parameters
    ----------
    url : str or Path
        Place of the run.

    Returns
    -------
    list of Finding
        The deleted groups, and why; :func:`verify` lists remaining faults, such as a corrupt dataset.

    Raises
    ------
    RunBusyError
        If a process is working on the run.
    CorruptionError
        If the run's own metadata, or every one of its checkpoints, is corrupt.
    """
    run = Run.open(url)
    with run.attempt():
        findings = [*_checkpoints(run.storage), *_result(run)]
        bad = {f.path for f in findings}
        saved = published_checkpoints(run.storage)
        if saved and all(entry.path in bad for entry in saved):
            raise CorruptionError(
                f"all {len(saved)} checkpoints of {run.storage.place} are corrupt: restore them from a copy, "
                f"or delete {CHECKPOINTS}/ to start from the first iteration"
            )
        for path in sorted(bad):
            if path == RESULT:
                delete_old(run.storage)
            elif is_published(run.storage, path):
                delete_group(run.storage, path)
            else:
                abandon(run.storage, path)
        return findings


def _attempts(storage: Storage) -> Iterator[Finding]:
    for name in storage.dirs(ATTEMPTS):
        try:
            read_attrs(storage, f"{ATTEMPTS}/{name}")
        except (FileNotFoundError, CorruptionError) as error:
            yield Finding(f"{ATTEMPTS}/{name}", f"{error}: who made this attempt is not known", harmful=False)


def _checkpoints(storage: Storage) -> Iterator[Finding]:
    published = set(published_checkpoints(storage))
    for entry in all_checkpoints(storage):
        if entry not in published:
            if is_leftover(storage, entry.path):
                yield Finding(entry.path, "was never finished", harmful=False)
            continue
        try:
            open_checkpoint(storage, entry.name)
        except CorruptionError as error:
            yield Finding(entry.path, str(error))


def _foreign(storage: Storage) -> Iterator[Finding]:
    """Other folders among the checkpoints, such as copies: they are reported, never deleted."""
    for name in storage.dirs(CHECKPOINTS):
        if not CheckpointKey.names(name):
            yield Finding(f"{CHECKPOINTS}/{name}", "is no checkpoint of ours, and left alone", harmful=False)


def _result(run: Run) -> Iterator[Finding]:
    for left in unfinished_results(run.storage):
        yield Finding(left, "was never finished", harmful=False)
    if (path := run.result) is None:
        return
    try:
        attrs = open_group(run.storage, path).attrs
    except CorruptionError as error:
        yield Finding(path, str(error))
    else:
        if attrs["fingerprint"] != run.attrs["fingerprint"]:
            yield Finding(path, f"is that of another run, {attrs['fingerprint'][:8]}")


def _dataset(run: Run) -> Iterator[Finding]:
    """The dataset a run was made of must be there, and be the same; runs made by hand may have none."""
    url, expected = run.dataset if "dataset" in run.attrs else None, run.attrs["identity"].get("data")
    if url is None:
        return
    try:
        ref, names = read_ref(url), present(url)
    except (OSError, ValueError) as error:
        yield Finding("", f"its dataset {url} cannot be read: {error}")
        return
    if ref.fingerprint != expected:
        yield Finding("", f"its dataset {url} is now another one, {ref.fingerprint[:8]}")
    for name in names:
        checksums = ref.arrays[name].checksums if name in ref.arrays else ref.labels.get(name)
        try:
            verify_chunks(stored(open_storage(url), name), checksums)
        except (OSError, ValueError, CorruptionError) as error:
            yield Finding("", f"{name} of its dataset {url}: {error}")
