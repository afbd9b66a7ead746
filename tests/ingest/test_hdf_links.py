"""HDF5 files that link to other files are rejected: the checksum must cover all data read."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from pylops_distributed.ingest import open_source


@pytest.fixture
def other(tmp_path):
    """A file that the source's author has no business in."""
    with h5py.File(tmp_path / "private.h5", "w") as file:
        file["a"] = np.arange(4.0)
    (tmp_path / "private.txt").write_bytes(b"password" * 4)
    return tmp_path


def link(file, folder):
    file["a"] = h5py.ExternalLink(str(folder / "private.h5"), "a")


def nested_link(file, folder):
    file["good"] = np.arange(3.0)
    file["deep/deeper/a"] = h5py.ExternalLink(str(folder / "private.h5"), "/")


def external(file, folder):
    file.create_dataset("a", (4,), "f8", external=[(str(folder / "private.txt"), 0, 32)])


def virtual(file, folder):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(folder / "private.h5"), "a", (4,))
    file.create_virtual_dataset("a", layout)


def behind_a_hard_link(file, folder):
    external(file, folder)
    file["b"] = file["a"]
    del file["a"]


@pytest.mark.parametrize("suffix", ["h5", "nc", "mat"])
@pytest.mark.parametrize("make", [link, nested_link, external, virtual, behind_a_hard_link])
def test_a_way_out_is_rejected(make, suffix, other):
    path = other / f"source.{suffix}"
    with h5py.File(path, "w", userblock_size=512) as file:
        make(file, other)
    if suffix == "mat":
        with Path(path).open("r+b") as raw:
            raw.write(b"MATLAB 7.3 MAT-file".ljust(128))
    with pytest.raises(ValueError, match=r"leads to another file, .*private.*Copy them into one"):
        open_source(str(path))


def test_an_unknown_filter_is_rejected(other):
    path = other / "source.h5"
    with h5py.File(path, "w") as file:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((4,))
        layout.set_filter(40_000, h5py.h5z.FLAG_OPTIONAL, (1,))
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(file.id, b"a", h5py.h5t.IEEE_F64LE, space, layout)
    with pytest.raises(ValueError, match="HDF5 filter 40000"):
        open_source(str(path))


def test_what_stays_inside_is_read(other):
    path = other / "source.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "a", data=np.arange(4.0), chunks=(2,), compression="gzip", shuffle=True, fletcher32=True
        )
        file.create_dataset("b", data=np.arange(4.0), chunks=(2,), compression="lzf")
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource(".", "a", (4,))
        file.create_virtual_dataset("c", layout)
        file["soft"] = h5py.SoftLink("/a")
    ds = open_source(str(path)).compute(scheduler="sync")
    for name in "abc":
        np.testing.assert_array_equal(ds[name], np.arange(4.0))


def test_a_group_that_holds_itself(other):
    with h5py.File(other / "source.h5", "w") as file:
        file["a"] = np.arange(4.0)
        file["again"] = file["/"]
    with pytest.raises(ValueError, match="is not a NetCDF or HDF5 file"):
        open_source(str(other / "source.h5"))
