"""Options of the readers: coordinates for files that have none, names of axes, and what cannot be taken."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
import xarray as xr
import zarr

from pylops_distributed.ingest import Source, ingest, open_dataset, open_source


@pytest.fixture(params=["npy", "npz", "mat", "mat73", "h5", "nc", "zarr", "zarr array"])
def bare(request, tmp_path: Path) -> str:
    """Six by four numbers, in a format that has no coordinates, or without them."""
    data = np.arange(24.0).reshape(6, 4)
    path = tmp_path / f"a.{request.param.split()[0]}"
    match request.param:
        case "npy":
            np.save(path, data)
        case "npz":
            np.savez(path, a=data)
        case "mat":
            scipy.io.savemat(path, {"a": data})
        case "mat73":
            path = tmp_path / "b.mat"
            with h5py.File(path, "w", userblock_size=512) as file:
                file["a"] = data.T
            head = b"MATLAB 7.3 MAT-file".ljust(512, b" ")
            path.write_bytes(head + path.read_bytes()[512:])
        case "h5":
            with h5py.File(path, "w") as file:
                file["a"] = data
        case "nc":
            xr.Dataset({"a": (("i", "j"), data)}).to_netcdf(path, engine="h5netcdf")
        case "zarr":
            xr.Dataset({"a": (("i", "j"), data)}).to_zarr(path, consolidated=False)
        case _:
            zarr.create_array(path, data=data)
    return str(path)


@pytest.mark.parametrize(
    ("options", "values", "units"),
    [
        ({"interval": 4}, 4.0 * np.arange(6), "ms"),
        ({"interval": "0.004 s"}, 0.004 * np.arange(6), "s"),
        ({"interval": {"twt": "2 ms"}}, 2.0 * np.arange(6), "ms"),
        ({"coords": {"twt": {"start": 100, "step": 2, "units": "ms"}}}, 100 + 2.0 * np.arange(6), "ms"),
        ({"coords": {"twt": [0, 1, 2, 3, 5, 8]}}, [0, 1, 2, 3, 5, 8], None),
        ({"coords": {"twt": {"values": [1, 2, 3, 4, 5, 6], "units": "ms"}}}, [1, 2, 3, 4, 5, 6], "ms"),
    ],
)
def test_coordinates_for_files_that_have_none(bare, options, values, units):
    ds = open_source(bare, dims=["twt", "x"], **options)
    (name,) = ds.data_vars
    assert ds[name].dims == ("twt", "x")
    np.testing.assert_array_equal(ds.twt, values)
    assert ds.twt.attrs.get("units") == units
    assert "x" not in ds.coords
    np.testing.assert_array_equal(ds[name], np.arange(24.0).reshape(6, 4))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": "ab"}, "dims='ab': expected a list of names"),
        ({"dims": {"twt": 6}}, "expected a list of names"),
        ({"dims": {"twt": "no such axis"}}, "present names"),
        ({"dims": ["twt"]}, "dims="),
        ({"dims": ["twt", "twt"]}, "dims="),
        ({"interval": 4}, "for one axis of time or depth"),
        ({"dims": ["twt", "t"], "interval": 4}, "for one axis of time or depth"),
        ({"dims": ["twt", "x"], "interval": 0}, "expected a number above zero"),
        ({"dims": ["twt", "x"], "interval": -4}, "expected a number above zero"),
        ({"dims": ["twt", "x"], "interval": "often"}, "expected a number above zero"),
        ({"dims": ["twt", "x"], "interval": {"t": 4}}, "there is no dimension 't'"),
        ({"dims": ["twt", "x"], "interval": 4, "coords": {"twt": [1]}}, "give one of them"),
        ({"dims": ["twt", "x"], "coords": {"y": [1]}}, "there is no dimension 'y'"),
        ({"dims": ["twt", "x"], "coords": {"twt": [1, 2]}}, "the axis has 6 samples"),
        ({"dims": ["twt", "x"], "coords": {"twt": "t"}}, "has no array 't'"),
        ({"dims": ["twt", "x"], "coords": {"twt": {"step": 4, "unit": "ms"}}}, "expected a list of values"),
        ({"dims": ["twt", "x"], "coords": {"twt": {"start": 4}}}, "expected a list of values"),
        ({"dims": ["twt", "x"], "coords": {"twt": {"step": 0}}}, "have the step 0"),
        ({"dims": ["twt", "x"], "coords": {"twt": {"step": "4"}}}, "expected a finite number"),
        ({"dims": ["twt", "x"], "coords": {"twt": list("abcdef")}}, "no finite real numbers"),
        ({"dims": ["twt", "x"], "coords": {"twt": [0, 1, 2, 3, 4, np.nan]}}, "no finite real numbers"),
        ({"chunks": {"nothing": 2}}, "nothing"),
        ({"units": "ms"}, "expected units by name"),
        ({"unit": "ms"}, "unknown options"),
    ],
)
def test_options_that_do_not_fit_are_rejected(bare, options, message):
    with pytest.raises(ValueError, match=message):
        open_source(bare, **options)


@pytest.mark.parametrize("kind", ["npz", "mat", "h5", "nc", "zarr"])
def test_coordinates_from_another_array_of_the_file(tmp_path, kind):
    path, t, a = str(tmp_path / f"a.{kind}"), np.array([0.0, 0.5, 2.0]), np.ones((3, 2))
    match kind:
        case "npz":
            np.savez(path, a=a, t=t)
        case "mat":
            scipy.io.savemat(path, {"a": a, "t": t})
        case "h5":
            with h5py.File(path, "w") as file:
                file["a"], file["t"] = a, t
        case "nc":
            xr.Dataset({"a": (("i", "j"), a), "t": ("i", t)}).to_netcdf(path, engine="h5netcdf")
        case _:
            xr.Dataset({"a": (("i", "j"), a), "t": ("i", t)}).to_zarr(path, consolidated=False)
    ds = open_source(path, dims=["twt", "x"], coords={"twt": "t"})
    assert list(ds.data_vars) == ["a"]
    np.testing.assert_array_equal(ds.twt, t)


@pytest.mark.parametrize("kind", ["nc", "zarr"])
def test_axes_that_have_names_get_others(tmp_path, kind):
    path = str(tmp_path / f"a.{kind}")
    ds = xr.Dataset({"a": (("inline", "time"), np.ones((3, 4))), "b": ("inline", np.ones(3))})
    ds = ds.assign_coords(time=("time", 4.0 * np.arange(4), {"units": "ms"}))
    ds.to_netcdf(path, engine="h5netcdf") if kind == "nc" else ds.to_zarr(path, consolidated=False)
    found = open_source(path, dims=["inline", "twt"])
    assert found.a.dims == ("inline", "twt")
    assert found.b.dims == ("inline",)
    assert found.twt.units == "ms"
    with pytest.raises(ValueError, match="no names for the axes"):
        open_source(path, dims=["x", "y", "z"])


def test_classic_files_have_no_groups(tmp_path):
    xr.Dataset({"a": ("x", np.ones(3))}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    with pytest.raises(ValueError, match="the classic format has no groups"):
        open_source(str(tmp_path / "a.nc"), group="run")


def put(path: Path, **options: object) -> xr.Dataset:
    """Ingest a file, and nothing is left where it cannot be."""
    target = path.parent / f"{len(list(path.parent.iterdir()))}.out"
    try:
        ingest(Source(path=str(path), options=options), str(target))
    except Exception:
        assert not Path(target).exists(), list(target.iterdir())
        raise
    return open_dataset(str(target))


def test_scalars_are_kept(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"], file["dt"] = np.ones((3, 4)), 0.004
    ds = put(tmp_path / "a.h5")
    assert ds.dt.shape == ()
    assert float(ds.dt) == 0.004
    grid = {"grid_mapping_name": "transverse_mercator"}
    xr.Dataset({"v": ("x", np.ones(3)), "crs": ((), 7, grid)}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    ds = put(tmp_path / "b.nc")
    assert int(ds.crs) == 7
    assert ds.crs.attrs == grid
    np.savez(tmp_path / "c.npz", a=np.ones(3), dt=0.004)
    assert float(put(tmp_path / "c.npz").dt) == 0.004
    xr.Dataset({"a": ("x", np.ones(3)), "dt": ((), 0.002)}).to_zarr(tmp_path / "d.zarr", consolidated=False)
    assert float(put(tmp_path / "d.zarr").dt) == 0.002


def left_out(ds: xr.Dataset) -> dict[str, str]:
    return ds.attrs["sources"][0].get("left_out", {})


def test_sparse_matrices_are_left_out(tmp_path, caplog):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"A": scipy.sparse.eye(4, format="csc"), "d": np.arange(4.0)})
    with pytest.raises(ValueError, match=r"'A' is sparse: only numbers .*variables=, of \['d'\]"):
        put(path, variables=["A", "d"])
    ds = put(path)
    np.testing.assert_array_equal(ds.d.values.ravel(), np.arange(4))
    assert left_out(ds) == {"A": "sparse"}
    assert "left out, as only numbers can be ingested: {'A': 'sparse'}" in caplog.text


def test_all_that_is_left_out_is_named(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"d": np.ones(3), "s": {"dt": 4}, "note": "words"})
    ds = put(tmp_path / "a.mat")
    assert list(ds) == ["d"]
    assert left_out(ds) == {"note": "text", "s": "a struct"}
    with pytest.raises(ValueError, match=r"'note' is text; 's' is a struct: only numbers"):
        put(tmp_path / "a.mat", variables=["d", "note", "s"])
    scipy.io.savemat(tmp_path / "b.mat", {"note": "words"})
    with pytest.raises(ValueError, match="holds no numerical array here; 'note' is text"):
        put(tmp_path / "b.mat")


def test_structs_are_groups(tmp_path):
    inner = {"vp": np.arange(6.0).reshape(3, 2), "name": "Gullfaks", "deep": {"rho": np.ones(2)}}
    scipy.io.savemat(tmp_path / "a.mat", {"run": inner})
    ds = put(tmp_path / "a.mat", group="run", dims=["twt", "x"], interval="4 ms")
    np.testing.assert_array_equal(ds.vp, inner["vp"])
    assert left_out(ds) == {"name": "text", "deep": "a struct"}
    assert list(put(tmp_path / "a.mat", group="run/deep")) == ["rho"]
    with pytest.raises(ValueError, match=r"no struct 'walk' for group=, only \['run'\]"):
        put(tmp_path / "a.mat", group="walk")


@pytest.mark.parametrize("kind", [np.longdouble, np.clongdouble])
def test_types_that_zarr_has_not_are_left_out(tmp_path, kind):
    np.savez(tmp_path / "a.npz", d=np.ones(3), long=np.ones(3, kind))
    with pytest.raises(ValueError, match="'long' is of type"):
        put(tmp_path / "a.npz", variables=["long"])
    ds = put(tmp_path / "a.npz")
    assert list(ds) == ["d"]
    assert left_out(ds) == {"long": f"of type {np.dtype(kind)}"}


def test_objects_are_left_out(tmp_path):
    np.savez(tmp_path / "a.npz", d=np.ones(3), note=np.array([{}], object))
    with pytest.raises(ValueError, match="'note' is of pickled objects"):
        put(tmp_path / "a.npz", variables=["note"])
    assert left_out(put(tmp_path / "a.npz")) == {"note": "of pickled objects, which could run code"}


@pytest.mark.parametrize(
    "values", [[1.0, 1e200], [1.7e308, 1.7e308], [-1.7e308, -1.7e308, np.inf, np.nan], [1.5e308 + 1.5e308j]]
)
def test_numbers_of_any_size_are_sealed(tmp_path, values):
    np.save(tmp_path / "a.npy", np.array(values))
    np.testing.assert_array_equal(put(tmp_path / "a.npy").a, values)
    statistics = put(tmp_path / "a.npy").attrs["arrays"]["a"]["statistics"]
    assert statistics["count"] == int(np.isfinite(values).sum())
    assert statistics["inf"] == int(np.isinf(values).sum())


def test_sums_of_several_chunks_may_be_beyond_doubles(tmp_path):
    np.save(tmp_path / "a.npy", np.array([1.7e308, 1.7e308]))
    assert put(tmp_path / "a.npy", chunks={"dim_0": 1}).attrs["arrays"]["a"]["statistics"]["total"] == "inf"


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.filterwarnings("ignore:The data type:FutureWarning", "ignore:.*zarr:UserWarning")
def test_records_next_to_a_volume(tmp_path, zarr_format):
    """As MDIO has them: headers of traces, and a mask of those that exist."""
    path = tmp_path / "a.zarr"
    values = np.ones((3, 4), "f4")
    values[1] = values[0, 0] = np.nan  # one of them within a trace
    mask = np.array([True, False, True])
    ds = xr.Dataset({"amplitude": (("x", "time"), values), "trace_mask": ("x", mask)})
    ds.to_zarr(path, consolidated=False, zarr_format=zarr_format)
    names = {"dimension_names": ("x",)} if zarr_format == 3 else {"attributes": {"_ARRAY_DIMENSIONS": ["x"]}}
    group = zarr.open_group(path, mode="a", zarr_format=zarr_format)
    group.create_array("headers", shape=(3,), chunks=(3,), dtype=[("inline", "i4"), ("cdp_x", "f8")], **names)
    with pytest.raises(ValueError, match="'headers' is of a structured type"):
        put(path, variables=["headers"])
    found = put(path, rename={"time": "twt"}, interval="4 ms")
    assert left_out(found) == {"headers": "of a structured type"}
    assert found.amplitude.dims == ("x", "twt")
    np.testing.assert_array_equal(found.amplitude, values)
    np.testing.assert_array_equal(found.trace_mask, mask)
    assert found.amplitude.attrs["ancillary_variables"] == "trace_mask"
    assert found.attrs["arrays"]["amplitude"]["statistics"] | {"squares": 0, "total": 0} == {
        "count": 7, "nan": 1, "inf": 0, "holes": 4, "minimum": 1, "maximum": 1, "squares": 0, "total": 0,
    }  # fmt: skip


def test_values_that_are_nothing_are_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"], file["none"] = np.ones(3), h5py.Empty("f4")
    with pytest.raises(ValueError, match="'none' is empty"):
        put(tmp_path / "a.h5", variables=["none"])
    ds = put(tmp_path / "a.h5")
    assert list(ds) == ["data"]
    assert left_out(ds)["none"].startswith("empty")


def test_sparse_matrices_of_version_7_3_are_named(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_group("S").attrs["MATLAB_sparse"] = np.uint64(4)
        file["d"] = np.ones((2, 3))
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + path.read_bytes()[512:])
    with pytest.raises(ValueError, match="'S' is sparse"):
        put(path, variables=["S"])
    assert left_out(put(path)) == {"S": "sparse"}
    assert put(path).d.shape == (3, 2)


@pytest.mark.parametrize("unit", ["seconds", "milliseconds", "s", "ms"])
@pytest.mark.parametrize("kind", ["nc", "zarr"])
def test_times_stay_numbers(tmp_path, kind, unit):
    """Whatever words their unit is in, which xarray may read as durations."""
    attrs, path = {"units": unit}, tmp_path / f"a.{kind}"
    ds = xr.Dataset({"a": (("twt", "x"), np.ones((5, 3))), "times": ("x", np.ones(3), attrs)})
    ds = ds.assign_coords(twt=("twt", 4.0 * np.arange(5), attrs))
    ds.to_netcdf(path, engine="h5netcdf") if kind == "nc" else ds.to_zarr(path, consolidated=False)
    found = open_source(str(path))
    assert found.twt.units == found.times.units == unit
    np.testing.assert_array_equal(found.twt, 4.0 * np.arange(5))


def test_coordinates_may_be_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 4)))
    ds = put(tmp_path / "a.npy", dims=("twt", "x"), coords={"twt": np.array([0.0, 2, 4])}, interval=None)
    np.testing.assert_array_equal(ds.twt, [0, 2, 4])
