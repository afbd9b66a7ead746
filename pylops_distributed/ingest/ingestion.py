"""The three steps of an ingest in a row.

A dataset does not exist until its root ``zarr.json`` does, and that is put last. Until then there are only
its arrays and a folder of working notes, from which an ingest that died resumes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dask

from pylops_distributed.ingest.block_writer import write_block
from pylops_distributed.ingest.planning import plan
from pylops_distributed.ingest.sealing import seal

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.source import Source
    from pylops_distributed.ingest.models import DatasetRef


def ingest(
    source: Source | str | Mapping[str, Source],
    url: str,
    *,
    chunks: Mapping[str, int] | None = None,
    replace: bool = False,
) -> DatasetRef:
    """Copy raw files into a sealed Zarr dataset, on the current Dask cluster or scheduler.

    Memory stays near the size of a few chunks, whatever the size of the files. An ingest that was stopped resumes when
    called again; where the same dataset already exists, nothing is done.

    Parameters
    ----------
    source : Source, str, or mapping of str to Source
        One source (or its path), or a source for each variable of the dataset.
    url : str
        Local folder or ``s3://bucket/prefix``. ``{fingerprint}`` in it becomes the first digits of the hash of
        contents, options and chunks, so that other data go to another place.
    chunks : mapping of str to int, optional
        Length of chunks by dimension, both in memory and in the store. By default about 16 MB each.
    replace : bool, optional
        Whether another dataset at ``url``, finished or not, is replaced. The new one is written next to it and takes
        its place when it is sealed: until then the old one stays as it is. Object stores cannot rename: there the old
        one is deleted once the sources have been opened without error. By default another dataset is an error.

    Returns
    -------
    DatasetRef
        Where and what it is. ``nonfinite`` counts NaN and Inf, which are kept.

    Raises
    ------
    ValueError
        If a source cannot be read, or grids differ.
    FileExistsError
        If there is another dataset, finished or not, at ``url``.
    """
    planned = plan(source, url, chunks=chunks, replace=replace)
    if planned.sealed:
        return seal(planned, ())
    write = dask.delayed(write_block, pure=False)
    return seal(planned, dask.compute(*(write(planned, index) for index in range(planned.blocks))))
