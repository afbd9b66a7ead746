"""Corrupt files that tests/fuzz found: whatever a reader of others comes to, the error names the file."""

from __future__ import annotations

import io
import pickle

import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr
from scipy.io import savemat

from pylops_distributed.errors import UnsafeCodecError
from pylops_distributed.ingest import Source, info, ingest, open_source, open_sources, write_segy
from pylops_distributed.ingest.formats.failures import naming

LAS = "~Version\nVERS. 2.0 :\nWRAP. NO :\n~Curve\nDEPT.M :\nDT.US/F :\n~ASCII\n{} 1\n2 3\n"


def npy(header: str) -> bytes:
    """An NPY file with this text in the place of its description."""
    file = io.BytesIO()
    np.save(file, np.zeros(4))
    raw = bytearray(file.getvalue())
    raw[10 : 10 + len(header)] = header.encode()
    return bytes(raw)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.npy", npy("\0")),  # SyntaxError
        ("a.npy", npy("((((")),  # TokenError
        ("a.las", LAS.format("sand").encode()),
        ("a.mat", None),  # MatReadError, of SciPy
    ],
)
def test_errors_name_the_file(tmp_path, name, content):
    path = tmp_path / name
    if content is None:
        savemat(path, {"one": np.zeros(4)})
        content = path.read_bytes()[:100]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=name):
        open_source(str(path))
    assert not info(str(path)).ready
    assert name in info(str(path)).missing[0]


def test_a_file_where_a_folder_is_expected(tmp_path):
    root = zarr.open_group(tmp_path / "a.mdio", mode="w", zarr_format=2)
    root.attrs["dimension"] = [{"name": "x", "coords": [0, 1]}]
    root.create_array("data", shape=(2,), dtype="f4", chunks=(1,))[...] = 1
    (tmp_path / "a.mdio" / ".zgroup").write_text("{")
    with pytest.raises(ValueError, match=r"a\.mdio"):
        open_source(str(tmp_path / "a.mdio"))
    assert r"a.mdio" in info(str(tmp_path / "a.mdio")).missing[0]


def test_unsafe_stores_are_named(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.create_array("one", shape=(2,), dtype="f4")
    document = tmp_path / "a.zarr" / "one" / ".zarray"
    document.write_text(document.read_text().replace('"id": "', '"id": "un'))
    with pytest.raises(UnsafeCodecError, match=r"a\.zarr.*one/\.zarray"):
        open_source(str(tmp_path / "a.zarr"))


@pytest.mark.parametrize("other", [["a", "b", "c"], [4.0, 8.0, 12.0]])
def test_coordinates_of_another_kind_or_shape_are_another_grid(tmp_path, other):
    for name, values in {"a": [0.0, 4.0, 8.0], "b": other}.items():
        ds = xr.Dataset({"one": ("x", np.zeros(3))}, {"x": ("x", values)})
        ds.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
    paths = tuple(str(tmp_path / f"{name}.nc") for name in "ab")
    with pytest.raises(ValueError, match=r"the grids differ in 'x': .*b\.nc"):
        Source(path="", paths=paths, along={"n": None}).open()


def test_units_that_are_several_numbers_are_other_units(tmp_path):
    for name, units in {"a": "ms", "b": [1, 2]}.items():
        ds = xr.Dataset({f"{name}1": ("x", np.zeros(3))}, {"x": ("x", [0.0, 4.0, 8.0], {"units": units})})
        ds.rename({f"{name}1": "one"}).to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
        ds.to_netcdf(tmp_path / f"{name}1.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="the grids differ in 'x'"):
        Source(path="", paths=tuple(str(tmp_path / f"{one}.nc") for one in "ab"), along={"n": None}).open()
    with pytest.raises(ValueError, match="the grids differ in the coordinate 'x'"):
        open_sources({one: Source(path=str(tmp_path / f"{one}1.nc")) for one in "ab"})


def test_chunks_that_cannot_be_read_are_named_by_ingest(tmp_path):
    ds = xr.Dataset({"one": ("x", np.arange(1000.0))})
    ds.to_netcdf(
        tmp_path / "a.nc", engine="h5netcdf", encoding={"one": {"zlib": True, "chunksizes": (1000,)}}
    )
    raw = bytearray((tmp_path / "a.nc").read_bytes())
    start = raw.index(b"\x78\x5e")  # of zlib
    raw[start + 2 : start + 60] = bytes(58)
    (tmp_path / "a.nc").write_bytes(raw)
    with pytest.raises(ValueError, match=r"a\.nc.*'one'.*cannot be read"):
        ingest(str(tmp_path / "a.nc"), str(tmp_path / "out.zarr"))
    lazy = open_source(str(tmp_path / "a.nc"))
    with pytest.raises(ValueError, match=r"a\.nc.*'one'.*cannot be read"):
        pickle.loads(pickle.dumps(lazy)).load()


def test_traces_that_are_gone_are_named(tmp_path):
    path = tmp_path / "a.sgy"
    write_segy(str(path), np.ones((3, 4, 8), "f4"))
    lazy = open_source(str(path))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"a\.sgy': 'amplitude': .*ends within trace 11"):
        lazy.load()


def test_errors_of_system_and_network_stay_as_they_are():
    for path, error in [("a", FileNotFoundError(2, "no file", "a")), ("s3://b/a", ConnectionError("away")),
                        ("a", ImportError("no lasio")), ("s3://b/a", EOFError())]:  # fmt: skip
        with pytest.raises(type(error)) as caught, naming(path):
            raise error
        assert caught.value is error
    with pytest.raises(ValueError, match=r"'a': it cannot be read \(EOFError: cut\)"), naming("a"):
        raise EOFError("cut")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("length", [0, 7, 27, 60])
def test_chunks_of_blosc_that_were_cut_off(tmp_path, version, length):
    """Without the check Blosc reads beyond their end, and the process dies."""
    codec = numcodecs.Blosc(cname="lz4") if version == 2 else zarr.codecs.BloscCodec(cname="lz4")
    path, values = tmp_path / "a.zarr", np.arange(1000.0)
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.create_array("one", shape=(1000,), dtype="f8", chunks=(1000,), compressors=codec)[...] = values
    np.testing.assert_array_equal(open_source(str(path)).one, values)
    chunk = path / "one" / ("0" if version == 2 else "c/0")
    chunk.write_bytes(chunk.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"a\.zarr.*chunk of Blosc has .* it is corrupt"):
        ingest(str(path), str(tmp_path / "out.zarr"))
