"""HDF5 files that link to others: their checksum does not cover the files that they link to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylops_distributed.ingest.formats.contents import require

if TYPE_CHECKING:
    import h5py

# Filters of HDF5 itself, and compressors that only decode: bzip2, LZF, Blosc, LZ4, bitshuffle, ZFP, Zstandard, Blosc 2
# and SZ. For any other number HDF5 would load whatever library says that it is that filter.
FILTERS = {1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32013, 32015, 32017, 32024, 32026}


def check_contained(path: str) -> None:
    """Reject a file whose links, virtual or external datasets lead to other files, or whose filters are unknown.

    Parameters
    ----------
    path : str
        HDF5 file, also as NetCDF-4 or MATLAB 7.3; no samples are read.

    Raises
    ------
    ValueError
        Names the object, where it leads, and the cure.
    """
    h5py = require("h5py")

    links: dict[str, Any] = {}
    with h5py.File(path, "r") as file:
        # Nothing is opened meanwhile: h5py swallows errors of h5py's calls in callbacks.
        file.visititems_links(lambda name, link: links.update({name: link}))
        for name, link in links.items():
            if isinstance(link, h5py.ExternalLink):
                raise _outside(path, name, link.filename)
            item = file.get(name) if isinstance(link, h5py.HardLink) else None
            if isinstance(item, h5py.Dataset):
                _check_dataset(path, name, item)


def _check_dataset(path: str, name: str, dataset: h5py.Dataset) -> None:
    if dataset.external:
        raise _outside(path, name, dataset.external[0][0])
    if dataset.is_virtual:
        for source in dataset.virtual_sources():
            if source.file_name != ".":
                raise _outside(path, name, source.file_name)
    layout = dataset.id.get_create_plist()
    for number in range(layout.get_nfilters()):
        if (code := layout.get_filter(number)[0]) not in FILTERS:
            raise ValueError(
                f"{path!r}: {name!r} is stored with the HDF5 filter {code}, which is none of {sorted(FILTERS)}: "
                "write it anew with one of these, for example with h5repack"
            )


def _outside(path: str, name: str, other: str) -> ValueError:
    return ValueError(
        f"{path!r}: {name!r} leads to another file, {other!r}, which may be any file of this machine: expected a file "
        "that holds its data itself. Copy them into one, for example with h5py or h5copy"
    )
