"""Results in files of others: NetCDF, and SEG-Y with the headers that the data came with."""

import json
from pathlib import Path

import numpy as np
import pytest
import segyio
import xarray as xr
from segy_survey import survey
from typer.testing import CliRunner

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest, open_dataset, open_source
from pylops_distributed.ingest.formats.segy.detection import read_layout
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy, write_with_headers
from pylops_distributed.ingest.formats.source import Source
from pylops_distributed.ingest.raw_headers import stored_headers
from pylops_distributed.runs.export import to_netcdf, to_segy
from pylops_flows.cli.main import app


@pytest.fixture(scope="module")
def run(runs):
    return open_run(runs["plain"])


def raw(path):
    """All bytes of a SEG-Y file but its samples, and the format's code apart."""
    layout = read_layout(str(path))
    data = np.fromfile(path, "u1")
    head, traces = (
        data[: layout.first].copy(),
        data[layout.first :].reshape(layout.traces, layout.trace_bytes),
    )
    code = head[3224:3226].copy()
    head[3224:3226] = 0
    return head, traces[:, :240], code


def test_netcdf(run, tmp_path):
    to_netcdf(run, tmp_path / "run.nc", iterates=True)
    with xr.open_datatree(tmp_path / "run.nc", engine="h5netcdf") as tree:
        assert set(tree.children) == {"model", "residual", "history", "iterates"}
        for name in tree.children:
            xr.testing.assert_equal(tree[name].to_dataset(), run[name].to_dataset())
        assert json.loads(tree.attrs["identity"]) == run.attrs["identity"]
        assert tree["model"]["impedance"].attrs["units"] == "kg m-2 s-1"
        assert json.loads(tree["model"].attrs["metrics"]) == run["model"].attrs["metrics"]
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]
    assert isinstance(run.attrs["identity"], dict)


def test_netcdf_of_complex_values(tmp_path, rng):
    values = rng.standard_normal((3, 2)) + 1j * rng.standard_normal((3, 2))
    model = xr.Dataset({"image": (("x", "y"), values, {"known": True, "units": "1"})})
    to_netcdf(xr.DataTree.from_dict({"/model": model}), tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf", group="model") as ds:
        np.testing.assert_array_equal(ds["image_real"] + 1j * ds["image_imag"], values)


def test_segy(run, runs, tmp_path):
    """Every header is that of the original, and each trace the one of its place."""
    to_segy(run, tmp_path / "impedance.sgy", "impedance")
    original = run["inputs"].attrs["sources"][0]["source"]
    for ours, theirs in zip(raw(tmp_path / "impedance.sgy"), raw(original), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    impedance = run["model"]["impedance"]
    with segyio.open(tmp_path / "impedance.sgy", ignore_geometry=True) as file:
        assert file.tracecount == 45
        for k in range(file.tracecount):
            place = {"inline": file.header[k][189], "crossline": file.header[k][193]}
            np.testing.assert_allclose(file.trace[k], impedance.sel(place), rtol=1e-6)  # IBM floats


def test_seismic_unix(run, tmp_path):
    """The traces of the SEG-Y file, and their headers, with what only its binary header may hold filled in."""
    for name in ("a.sgy", "a.su"):
        to_segy(run, tmp_path / name, "impedance")
    _, headers, _ = raw(tmp_path / "a.sgy")
    su = np.fromfile(tmp_path / "a.su", "u1").reshape(len(headers), -1)
    changed = np.nonzero((su[:, :240] != headers).any(axis=0))[0]
    assert set(changed) <= {114, 115, 116, 117}
    ds = open_source(str(tmp_path / "a.su"), dims={"inline": "189:i4", "crossline": "193:i4"}, vertical="twt")
    impedance = run["model"]["impedance"].transpose("inline", "crossline", "twt")
    np.testing.assert_allclose(ds.amplitude, impedance.where(ds.trace_mask), rtol=1e-6)
    np.testing.assert_array_equal(ds.twt.diff("twt"), impedance.twt.diff("twt"))


@pytest.mark.parametrize("code", [1, 3])
@pytest.mark.parametrize("endian", ["big", "little"])
def test_seismic_unix_of_integers_and_without_an_interval_in_the_headers(tmp_path, code, endian):
    survey(tmp_path, code, endian)
    path = tmp_path / "raw.sgy"
    layout, data = read_layout(str(path), endian), bytearray(path.read_bytes())
    for trace in range(layout.traces):
        place = layout.first + trace * layout.trace_bytes + 114
        data[place : place + 4] = bytes(4)
    path.write_bytes(data)
    url = ingest(Source(path=str(path), options={"endian": endian}), str(tmp_path / "ds.zarr")).url
    ds = open_dataset(url)
    numbers = ds["trace_number"].assign_attrs(samples="twt")
    write_with_headers(
        stored_headers(url, "amplitude"), str(tmp_path / "a.su"), ds.amplitude, numbers, su=True
    )
    su = open_source(str(tmp_path / "a.su"), dims={"inline": "189:i4", "crossline": "193:i4"}, vertical="twt")
    np.testing.assert_array_equal(su.amplitude, ds.amplitude)
    assert su.twt.diff("twt").values[0] == ds.twt.diff("twt").values[0]


@pytest.mark.parametrize("endian", ["big", "little"])
@pytest.mark.parametrize("code", [1, 3, 5, 6, 8])
def test_headers_outlive_any_format(tmp_path, code, endian):
    survey(tmp_path, code, endian)
    source = Source(path=str(tmp_path / "raw.sgy"), options={"endian": endian})
    ref = ingest({"amplitude": source}, str(tmp_path / "ds.zarr"))
    ds = xr.open_zarr(ref.url, consolidated=False)
    numbers = ds["amplitude_trace_number"].assign_attrs(samples="twt")
    array = ds["amplitude"].transpose("twt", ...) + 0.5
    copy_segy(source.path, str(tmp_path / "new.sgy"), array, numbers, endian)
    (head, traces, made), (old, given, was) = raw(tmp_path / "new.sgy"), raw(source.path)
    np.testing.assert_array_equal(head, old)
    np.testing.assert_array_equal(traces, given)
    assert (made == was).all() == (code in (1, 5, 6))
    with segyio.open(tmp_path / "new.sgy", ignore_geometry=True, endian=endian) as new:
        with segyio.open(source.path, ignore_geometry=True, endian=endian) as file:
            np.testing.assert_allclose(new.trace.raw[:], file.trace.raw[:] + 0.5, rtol=1e-6, atol=1e-6)
        assert new.trace.raw[:].std() > 0


def test_a_file_that_was_moved_or_changed(run, tmp_path):
    source = Path(run["inputs"].attrs["sources"][0]["source"])
    tree = run.copy()
    lost = [{**one, "source": str(tmp_path / "lost.sgy")} for one in run["inputs"].attrs["sources"]]
    tree["inputs"] = xr.DataTree(run["inputs"].to_dataset().assign_attrs(sources=lost))
    to_segy(tree, tmp_path / "kept.sgy", "impedance")  # with the headers that the dataset holds
    del tree.attrs["dataset"]  # as if it held none
    with pytest.raises(FileNotFoundError, match=r"lost\.sgy' is not there"):
        to_segy(tree, tmp_path / "a.sgy", "impedance")
    to_segy(tree, tmp_path / "a.sgy", "impedance", original=source)
    assert (tmp_path / "a.sgy").read_bytes() == (tmp_path / "kept.sgy").read_bytes()
    changed = bytearray(source.read_bytes())
    changed[4000] ^= 1
    (tmp_path / "lost.sgy").write_bytes(changed)
    with pytest.raises(ValueError, match="not the file that was ingested"):
        to_segy(tree, tmp_path / "b.sgy", "impedance")
    assert not (tmp_path / "b.sgy").exists()


BAD = {
    ("x.txt",): "suffix '.txt'",
    ("x.sgy", "--variable", "porosity"): "no variable 'porosity'",
    ("x.sgy",): "several variables: give one of ['background', 'impedance', 'observed'",
    ("x.sgy", "--iterates"): "--iterates is for NetCDF",
    ("x.nc", "--variable", "impedance"): "--variable, --original and --keep-format are for SEG-Y",
    ("x.nc", "--keep-format"): "--variable, --original and --keep-format are for SEG-Y",
    ("x.su", "--variable", "impedance", "--keep-format"): "IEEE floats alone",
    ("there.nc",): "exists already",
    ("nowhere/x.nc",): "there is no folder nowhere",
}


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_exports_that_cannot_work_raise_a_clear_error(runs, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    Path("there.nc").touch()
    result = CliRunner().invoke(app, ["export", runs["plain"], *words])
    assert result.exit_code == 2, result.output
    assert BAD[words] in result.output
    assert [p.name for p in tmp_path.iterdir()] == ["there.nc"]


def test_other_grids_have_no_headers(run, tmp_path):
    tree = run.copy()
    tree["model"] = xr.DataTree(run["model"].to_dataset().isel(twt=slice(9)))
    with pytest.raises(ValueError, match="on the traces and samples of none"):
        to_segy(tree, tmp_path / "x.sgy", "impedance")
    del tree["inputs"]
    with pytest.raises(ValueError, match="came from no SEG-Y file"):
        to_segy(tree, tmp_path / "x.sgy", "impedance")
    with pytest.raises(ValueError, match="no checkpoint yet"):
        to_segy(xr.DataTree(), tmp_path / "x.sgy")
    with pytest.raises(ValueError, match="no checkpoint yet"):
        to_netcdf(xr.DataTree(), tmp_path / "x.nc")


def test_commands(runs, tmp_path):
    run = CliRunner().invoke
    result = run(app, ["export", runs["plain"], str(tmp_path / "x.SGY"), "--variable", "residual"])
    assert result.exit_code == 0, result.output
    result = run(app, ["compare", *runs.values(), "--picture", str(tmp_path / "x.png")])
    assert result.exit_code == 2, result.output
    assert "--variable, one of ['background', 'impedance']" in result.output
    words = ["--variable", "impedance", "--picture", str(tmp_path / "x.png")]
    result = run(app, ["compare", *runs.values(), *words])
    assert result.exit_code == 0, result.output
    assert "solver.damp" in result.output
    assert "misfit" in result.output
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
