from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr
import zarr

from pylops_distributed.ingest import Source, open_source
from pylops_distributed.ingest.formats import contents as formats
from pylops_distributed.storage.object_store import open_storage


@pytest.fixture
def cube(rng):
    return rng.normal(size=(6, 5, 4)).astype("f4")


@pytest.fixture
def labelled(cube):
    ds = xr.Dataset({"impedance": (("inline", "crossline", "twt"), cube, {"units": "m/s g/cm3"})})
    return ds.assign_coords(inline=np.arange(6) + 10, twt=("twt", 4.0 * np.arange(4), {"units": "ms"}))


def assert_lazy(ds: xr.Dataset) -> None:
    """Backed by Dask, and small enough to send: the file is opened where it is read."""
    for array in ds.data_vars.values():
        assert array.chunks is not None
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(array.data)).compute(), array.values)


@pytest.mark.parametrize("kind", ["netcdf4", "netcdf3", "zarr3", "zarr2"])
def test_labelled_formats(tmp_path, labelled, kind):
    path = str(tmp_path / f"a.{'nc' if 'netcdf' in kind else 'zarr'}")
    match kind:
        case "netcdf4":
            labelled.to_netcdf(path, engine="h5netcdf")
        case "netcdf3":
            labelled.to_netcdf(path, engine="scipy")
        case _:
            labelled.to_zarr(path, zarr_format=int(kind[-1]), consolidated=False)
    ds = open_source(path, chunks={"inline": 4})
    xr.testing.assert_identical(ds.drop_attrs(deep=False), labelled)
    assert ds.impedance.chunks[0] == (4, 2)
    assert len(ds.attrs["sha256"]) == 64
    assert_lazy(ds)


def test_netcdf_group_and_choice(tmp_path, labelled):
    path = str(tmp_path / "a.nc")
    labelled.assign(other=labelled.impedance * 2).to_netcdf(path, engine="h5netcdf", group="deep/er")
    assert list(open_source(path, group="deep/er", variables=["other"]).data_vars) == ["other"]
    with pytest.raises(ValueError, match=r"has no \['wave'\]: it holds \['impedance', 'other'\]"):
        open_source(path, group="deep/er", variables=["wave"])


def test_plain_hdf5(tmp_path, cube):
    path = str(tmp_path / "a.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("volume", data=cube, chunks=(2, 5, 4), compression="gzip")
    ds = open_source(path, dims=["x", "y", "z"], chunks={"x": 2})
    assert ds.volume.dims == ("x", "y", "z")
    assert ds.volume.chunks[0] == (2, 2, 2)
    np.testing.assert_array_equal(ds.volume, cube)
    assert_lazy(ds)
    assert open_source(path).volume.dims == ("phony_dim_0", "phony_dim_1", "phony_dim_2")
    with pytest.raises(ValueError, match=r"no names for the axes of .*: give one for each axis"):
        open_source(path, dims=["x"])


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, cube, order):
    path = str(tmp_path / "volume.npy")
    np.save(path, np.asarray(cube, order=order))
    ds = open_source(path, dims=["x", "y", "z"], chunks={"x": 4, "z": 3})
    assert list(ds.data_vars) == ["volume"]
    assert ds.volume.chunks == ((4, 2), (5,), (3, 1))
    np.testing.assert_array_equal(ds.volume, cube)
    assert_lazy(ds)
    assert list(open_source(path, variables=["vp"]).data_vars) == ["vp"]


def test_npz(tmp_path, cube):
    path = str(tmp_path / "a.npz")
    np.savez_compressed(path, vp=cube, wavelet=cube[0, 0])
    ds = open_source(path)
    assert ds.attrs["reading"] == "whole"
    assert ds.vp.dims == ("vp_dim_0", "vp_dim_1", "vp_dim_2")
    np.testing.assert_array_equal(ds.wavelet, cube[0, 0])
    assert open_source(path, variables=["vp"], dims=["x", "y", "z"]).vp.dims == ("x", "y", "z")
    ds = open_source(path, dims=["x", "y", "z"])
    assert (ds.vp.dims, ds.wavelet.dims) == (("x", "y", "z"), ("wavelet_dim_0",))


def test_objects_are_rejected(tmp_path):
    path = str(tmp_path / "a.npy")
    np.save(path, np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="not an NPY or NPZ file of plain arrays"):
        open_source(path)


def test_matlab_5(tmp_path, cube):
    path = str(tmp_path / "a.mat")
    scipy.io.savemat(path, {"volume": cube, "wave": cube[0] + 1j, "name": "text", "deep": {"a": 1}})
    ds = open_source(path)
    assert set(ds.data_vars) == {"volume", "wave"}
    assert ds.attrs["reading"] == "whole"
    np.testing.assert_array_equal(ds.volume, cube)
    np.testing.assert_array_equal(ds.wave, cube[0] + 1j)


@pytest.mark.parametrize("dtype", ["f4", "c8", "c16"])
def test_matlab_73(tmp_path, cube, dtype):
    path, data = str(tmp_path / "a.mat"), (cube + (1j * cube**2 if dtype[0] == "c" else 0)).astype(dtype)
    part = f"f{np.dtype(dtype).itemsize // 2}"
    stored = data.view([("real", part), ("imag", part)]) if dtype[0] == "c" else data
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("volume", data=stored.T).attrs["MATLAB_class"] = np.bytes_("single")
        file.create_dataset("name", data=np.arange(4, dtype="u2")).attrs["MATLAB_class"] = np.bytes_("char")
        file.create_group("#refs#")
    with Path(path).open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    ds = open_source(path, dims=["x", "y", "z"], chunks={"x": 4})
    assert set(ds.data_vars) == {"volume"}
    assert ds.volume.dtype == dtype
    assert "reading" not in ds.attrs
    np.testing.assert_array_equal(ds.volume, data)
    assert_lazy(ds)


@pytest.mark.parametrize("version", [2, 3])
def test_plain_zarr(tmp_path, cube, version):
    path = str(tmp_path / "a.zarr")
    zarr.create_array(path, data=cube, chunks=(2, 5, 4), zarr_format=version)
    ds = open_source(path, dims=["x", "y", "z"])
    np.testing.assert_array_equal(ds.array, cube)
    assert_lazy(ds)
    group = zarr.open_group(str(tmp_path / "b.zarr"), mode="w", zarr_format=version)
    group.create_array("vp", data=cube)
    assert open_source(str(tmp_path / "b.zarr")).vp.dims == ("dim_0", "dim_1", "dim_2")


def test_zarr_on_s3(bucket, labelled):
    url = f"{bucket}/source.zarr"
    labelled.to_zarr(open_storage(url).zarr(), consolidated=False)
    ds = Source(path=url).open()
    xr.testing.assert_identical(ds.drop_attrs(deep=False), labelled)
    assert len(ds.attrs["sha256"]) == 64


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mat", "a.nc", "a.h5", "a.zarr", "a.sgy"])
def test_corrupt_files_are_rejected(tmp_path, name):
    path = tmp_path / name
    if name == "a.zarr":
        path.mkdir()
    path = path / "zarr.txt" if path.is_dir() else path
    path.write_bytes(b"nothing of the kind" * 40)
    with pytest.raises(ValueError, match=r"is not a|is no |SEG-Y"):
        open_source(str(tmp_path / name))


def test_recognised_by_content(tmp_path, cube, labelled):
    np.save(tmp_path / "a.npy", cube)
    shutil.move(tmp_path / "a.npy", tmp_path / "volume")
    assert open_source(str(tmp_path / "volume")).attrs["format"] == "npy"
    labelled.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    shutil.move(tmp_path / "b.nc", tmp_path / "b.dat")
    assert open_source(str(tmp_path / "b.dat")).attrs["format"] == "hdf"
    (tmp_path / "c.dat").write_text("hello")
    with pytest.raises(
        ValueError, match=r"cannot tell the format .* give format=, one of \['segy', 'su', 'hdf'"
    ):
        open_source(str(tmp_path / "c.dat"))
    with pytest.raises(ValueError, match=r"format='dxf' is unknown"):
        open_source(str(tmp_path / "c.dat"), format="dxf")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        open_source(str(tmp_path / "absent.nc"))


def test_missing_extra_is_named(tmp_path: Path, labelled, monkeypatch):
    labelled.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    monkeypatch.setitem(__import__("sys").modules, "h5netcdf", None)
    with pytest.raises(ImportError, match=r"pip install 'pylops-distributed\[hdf\]'"):
        open_source(str(tmp_path / "a.nc"))


def test_absurd_sizes_are_rejected_before_memory_is_taken(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", shape=(10**12,), chunks=(1024,), dtype="f8")
    with pytest.raises(ValueError, match="no file can hold that"):
        open_source(str(tmp_path / "a.h5"))
    zarr.create_array(tmp_path / "a.zarr", shape=(10**14, 10**14), chunks=(10**9, 10**9), dtype="f8")
    with pytest.raises(ValueError, match=r"claims a chunk of .* smaller chunks"):
        open_source(str(tmp_path / "a.zarr"))
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(10**6))
    scipy.io.savemat(tmp_path / "a.mat", {"a": np.zeros(10**6)}, do_compression=True)
    monkeypatch.setattr(formats.psutil, "virtual_memory", lambda: SimpleNamespace(total=10**6))
    for name in ("a.npz", "a.mat"):
        assert (tmp_path / name).stat().st_size < 10**5
        with pytest.raises(ValueError, match=r"to be read whole, and there are 0\.001 GB of memory"):
            open_source(str(tmp_path / name))


def test_zeros_stay_zeros_whatever_zarr_fills_in(tmp_path):
    """In version 2, Zarr fills in 0 by default: that is no missing number, as xarray takes it."""
    for fill, expected in {0: [0, 1, 7], None: [0, 1, 7], 7: [0, 1, np.nan]}.items():
        path = tmp_path / f"{fill}.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=2)
        array = group.create_array("v", shape=(3,), chunks=(2,), dtype="f4", fill_value=fill)
        array[:] = [0, 1, 7]
        array.attrs["_ARRAY_DIMENSIONS"] = ["x"]
        np.testing.assert_array_equal(open_source(str(path)).v.values, expected)


def test_packed_zeros_of_version_2_may_be_missing(tmp_path):
    path = str(tmp_path / "packed.zarr")
    encoding = {"v": {"dtype": "u1", "scale_factor": 0.5, "add_offset": 1.0, "_FillValue": 0}}
    xr.Dataset({"v": ("x", [1.5, np.nan, 2.0])}).to_zarr(
        path, zarr_format=2, encoding=encoding, consolidated=False
    )
    np.testing.assert_array_equal(open_source(path).v.values, [1.5, np.nan, 2.0])


def test_arrays_in_inner_groups_are_named(tmp_path):
    with h5py.File(tmp_path / "inner.h5", "w") as file:
        file["run/kspace"] = np.ones((3, 4))
    zarr.open_group(tmp_path / "inner.zarr", mode="w").create_array("run/kspace", shape=(3,), dtype="f4")
    scipy.io.savemat(tmp_path / "inner.mat", {"run": {"kspace": np.ones((3, 4))}})
    for kind, words in {
        "h5": "holds no numerical array",
        "zarr": "holds no numerical array",
        "mat": "'run' is a struct",
    }.items():
        path = str(tmp_path / f"inner.{kind}")
        with pytest.raises(ValueError, match=rf"{words}.*group=, of \['run'\] \(-o group=run\)"):
            open_source(path)
        assert list(open_source(path, group="run")) == ["kspace"]
        with pytest.raises(ValueError, match="walk"):
            open_source(path, group="walk")


def test_another_file_as_matlab_raises_value_error(tmp_path):
    (tmp_path / "pickle.mat").write_bytes(pickle.dumps(print))
    with pytest.raises(ValueError, match="is not a MATLAB file that can be read"):
        open_source(str(tmp_path / "pickle.mat"))
