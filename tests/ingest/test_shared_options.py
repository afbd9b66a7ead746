"""Options that all formats share: names, units and windows, whatever the file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import xarray as xr
import zarr

from pylops_distributed.ingest import (
    Source,
    block_writer,
    ingest,
    open_dataset,
    open_source,
    plan,
    seal,
    write_block,
    write_segy,
)
from pylops_flows.cli.options import parse_settings

VP = 1500 + np.arange(60.0).reshape(3, 4, 5)
KINDS = ["npy", "npz", "mat", "h5", "nc", "zarr", "zarr array", "sgy"]


@pytest.fixture(params=KINDS)
def volume(request, tmp_path: Path) -> Source:
    """A velocity on inlines, crosslines and times, in any format, with the options that name its axes."""
    path, options = tmp_path / f"vp.{request.param.split()[0]}", {"dims": ["inline", "crossline", "twt"]}
    options |= {"interval": "4 ms", "coords": {"inline": {"start": 10, "step": 1}, "crossline": [1, 2, 3, 4]}}
    match request.param:
        case "npy":
            np.save(path, VP)
        case "npz":
            np.savez(path, vp=VP)
        case "mat":
            scipy.io.savemat(path, {"vp": VP})
        case "h5":
            with h5py.File(path, "w") as file:
                file["vp"] = VP
        case "nc":
            xr.Dataset({"vp": (("i", "j", "k"), VP)}).to_netcdf(path, engine="h5netcdf")
        case "zarr":
            xr.Dataset({"vp": (("i", "j", "k"), VP)}).to_zarr(path, consolidated=False)
        case "zarr array":
            zarr.create_array(path, data=VP, chunks=(2, 2, 5))
            options["rename"] = {"array": "vp"}
        case _:
            write_segy(str(path), VP.astype("f4"), dt_ms=4, inline=np.arange(10, 13))
            options = {"rename": {"amplitude": "vp"}}
    return Source(path=str(path), options=options)


def ingested(source: Source, url: str, *changes: str) -> xr.Dataset:
    """The dataset, with options as the command line takes them."""
    options = {**source.options, **parse_settings([*changes])}
    if "rename" in source.options:
        options["rename"] = source.options["rename"] | options["rename"]
    ingest(Source(path=source.path, options=options), url)
    return open_dataset(url)


def test_names_of_variables(volume, url):
    ds = ingested(volume, url, "rename.array=velocity" if "array" in str(volume.options) else "rename.vp=velocity"
                  if "amplitude" not in str(volume.options) else "rename.amplitude=velocity")  # fmt: skip
    np.testing.assert_array_equal(ds.velocity, VP)
    with pytest.raises(ValueError, match=r"rename= has \['nothing'\], but there are"):
        ingested(volume, url, "rename.nothing=twt")


def test_units_are_stated_and_converted(volume, url, tmp_path):
    ds = ingested(volume, url, "units.vp=m/s", "units.twt=s", "units.inline=1")
    assert (ds.vp.units, ds.twt.units, ds.inline.units) == ("m/s", "s", "1")
    np.testing.assert_array_equal(ds.vp, VP)
    np.testing.assert_allclose(ds.twt, 0.004 * np.arange(5), rtol=1e-7)
    ds = ingested(volume, str(tmp_path / "b.zarr"), "units.vp={from: ft/s, to: km/s}")
    assert (ds.vp.units, ds.vp.dtype) == ("km/s", "f4" if volume.path.endswith("sgy") else "f8")
    np.testing.assert_allclose(ds.vp, VP * 0.3048e-3, rtol=1e-6)
    for changes, words in {
        "units.twt=m": "'ms' and 'm' are units of different kinds.*units.twt={from: m, to: m}",
        "units.twt=furlong": "'twt' is in 'ms', which cannot be converted to 'furlong'",
        "units.rho=g/cc": r"units= has 'rho', but there are \[.*'twt'",
        "units.vp=[1]": "expected a unit, or",
        "units=m": "expected units by name",
    }.items():
        with pytest.raises(ValueError, match=words):
            ingested(volume, url, changes)


def test_windows(volume, url, tmp_path, monkeypatch):
    ds = ingested(volume, url, "window.twt=[4, 12]", "window.inline=[11, null]", "chunks={inline: 1}")
    np.testing.assert_array_equal(ds.twt, [4, 8, 12])
    np.testing.assert_array_equal(ds.inline, [11, 12])
    np.testing.assert_array_equal(ds.vp, VP[1:, :, 1:4])
    assert ds.vp.chunks[0] == (1, 1)
    ds = ingested(volume, str(tmp_path / "b.zarr"), "window.twt=['0.004 s', null]")
    np.testing.assert_array_equal(ds.vp, VP[..., 1:])
    for changes, words in {
        "window.twt=[100, 200]": r"nothing of 'twt', 0 to 16 ms, lies within the window \[100, 200\]",
        "window.time=[100, 200]": r"window= has 'time', expected dimensions with coordinates: \['cross",
        "window.twt=100": "expected first and last",
        "window.twt=[early, late]": "expected a number, or one as '0.5 s'",
        "window.twt=['1 m', null]": "units of different kinds",
        "window=[1, 2]": "expected first and last by dimension",
    }.items():
        with pytest.raises(ValueError, match=words):
            ingested(volume, url, changes)


def test_segy_of_a_window_of_lines_is_read_by_trace_numbers(tmp_path, url, monkeypatch):
    """As whole files are: nobody scans the headers again."""
    write_segy(str(tmp_path / "a.sgy"), VP.astype("f4"), dt_ms=4)
    planned = plan(Source(path=str(tmp_path / "a.sgy"), options={"window": {"inline": [2, 3]}}), url)
    monkeypatch.setattr(block_writer, "_opened", lambda *args: pytest.fail("opened the file again"))
    seal(planned, [write_block(planned, index) for index in range(planned.blocks)])
    np.testing.assert_array_equal(open_dataset(url).amplitude, VP[1:])


@pytest.mark.parametrize(
    ("dims", "expected"),
    [
        ({"twt": 2, "crossline": 1, "inline": 0}, ("inline", "crossline", "twt")),
        ({"twt": "k"}, ("i", "j", "twt")),
    ],
)
def test_names_of_axes_by_number_or_present_name(tmp_path, dims, expected):
    xr.Dataset({"vp": (("i", "j", "k"), VP)}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    assert open_source(str(tmp_path / "a.nc"), dims=dims).vp.dims == expected


def test_bare_arrays_of_one_grid_share_axes(tmp_path):
    np.savez(tmp_path / "a.npz", vp=VP, rho=VP / 1000, wavelet=np.ones(7))
    ds = open_source(str(tmp_path / "a.npz"), dims=["x", "y", "twt"], interval=4)
    assert ds.vp.dims == ds.rho.dims == ("x", "y", "twt")
    np.testing.assert_array_equal(ds.rho, VP / 1000)
    assert ds.twt.units == "ms"
    np.savez(tmp_path / "b.npz", vp=VP, rho=VP[1:])
    with pytest.raises(ValueError, match=r"axes of different lengths: .*'x': 3.*'x': 2.*variables="):
        open_source(str(tmp_path / "b.npz"), dims=["x", "y", "twt"])


def test_chunks_by_new_names(tmp_path):
    write_segy(str(tmp_path / "a.sgy"), VP.astype("f4"), dt_ms=4)
    ds = open_source(str(tmp_path / "a.sgy"), rename={"inline": "line"}, chunks={"line": 2})
    assert ds.amplitude.chunks[0] == (2, 1)
    xr.Dataset({"vp": (("i", "j", "time"), VP)}).to_zarr(tmp_path / "a.zarr", consolidated=False)
    ds = open_source(str(tmp_path / "a.zarr"), rename={"time": "twt"}, chunks={"twt": 2}, interval=2)
    assert ds.vp.chunks[2] == (2, 2, 1)
    assert ds.twt.units == "ms"
