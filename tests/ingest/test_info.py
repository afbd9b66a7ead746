"""Descriptions of raw files: geometries are right, and the settings as printed read the file."""

import json
import shlex
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import segy_files
import xarray as xr
import yaml
import zarr
from typer.testing import CliRunner

from pylops_distributed.ingest import info, open_source
from pylops_flows.cli.app import app
from pylops_flows.cli.options import parse_settings

INLINE, CROSS = (axis.ravel() for axis in np.meshgrid(np.arange(3, 9), np.arange(20, 28), indexing="ij"))
SHOT, CHANNEL = (axis.ravel() for axis in np.meshgrid(np.arange(101, 107), np.arange(1, 9), indexing="ij"))
CDP, OFFSET = (
    axis.ravel() for axis in np.meshgrid(np.arange(50, 56), np.arange(100, 900, 100), indexing="ij")
)
ENDS = {73: 1000 * SHOT, 77: 5, 81: 1000 * SHOT + 25 * CHANNEL, 85: 5}
# Headers, and the geometry, sizes and options that are right.
SURVEYS = {
    "stack": ({189: INLINE, 193: CROSS, 21: CROSS}, "poststack3d", {"inline": 6, "crossline": 8}),
    "early revisions": ({9: INLINE, 21: CROSS}, "poststack3d_9_21", {"inline": 6, "crossline": 8}),
    "where positions are": ({181: INLINE, 185: CROSS, 71: -10}, "teapot", {"inline": 6, "crossline": 8}),
    "a section": ({21: np.arange(100, 148)}, "poststack2d", {"cdp": 48}),
    "shots": ({9: SHOT, 13: CHANNEL, **ENDS}, "shot_gathers", {"shot": 6, "channel": 8}),
    "source points": ({17: SHOT, 13: CHANNEL}, "shot_points", {"shot": 6, "channel": 8}),
    "gathers": ({21: CDP, 37: OFFSET}, "cdp_gathers", {"cdp": 6, "offset": 8}),
    "gathers of a volume": (
        {189: INLINE % 2 + 1, 193: CROSS // 4, 37: 100 * (CROSS % 4) + 1000 * (INLINE // 2)}, "cdp_gathers3d", None
    ),
    "lines of a stack": (
        {9: INLINE, 13: CROSS, 181: 25 * INLINE, 185: 25 * CROSS}, "poststack3d_9_13", {"inline": 6, "crossline": 8}
    ),
    "elsewhere": ({53: INLINE, 57: CROSS}, "receiver_datum_elevation x source_datum_elevation", None),
}  # fmt: skip


def read(found):
    """The file, opened as the printed settings say."""
    (source,) = yaml.safe_load(found.settings)["sources"].values()
    return open_source(source["path"], format=source.get("format"), **source.get("options", {}))


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("name", SURVEYS)
def test_the_geometry_of_a_survey(sgy, rng, name, shuffled):
    headers, geometry, sizes = SURVEYS[name]
    order = rng.permutation(48) if shuffled else np.arange(48)
    headers = {byte: np.broadcast_to(values, 48)[order] for byte, values in headers.items()}
    samples = rng.standard_normal((48, 12)).astype("f4")
    segy_files.write_traces(sgy, samples[order], headers)
    found = info(sgy)
    best = found.segy.geometries[0]
    assert best.name == geometry
    assert sizes is None or best.sizes == sizes
    assert (found.segy.interval, found.ready, found.missing) == (4.0, True, ())
    ds = read(found)
    np.testing.assert_array_equal(
        ds["amplitude"].values[ds["trace_number"].values >= 0].sum(), samples.sum(), 1e-4
    )


def test_what_varies(sgy, rng):
    samples = rng.standard_normal((48, 12)).astype("f4")
    samples[7] = 0
    headers = {
        189: INLINE,
        193: CROSS,
        37: np.where(CROSS % 2 == 0, 50 * CROSS, 0),
        71: -100,
        181: 25 * INLINE,
    }
    segy_files.write_traces(sgy, samples, headers, endian="little")
    found = info(sgy).segy
    fields = {one.byte: one for one in found.fields}
    assert (fields[193].minimum, fields[193].maximum, fields[193].step, fields[193].changes) == (
        20,
        27,
        1,
        47,
    )
    assert (fields[181].step, fields[181].changes) == (25, 5)
    assert (fields[37].minimum, fields[37].step, fields[37].filled) == (0, 100, 0.5)
    assert (found.endian, found.traces, found.samples, found.dead) == ("little", 48, 12, 1)
    assert found.scalars == {"positions (byte 71)": (-100,)}
    assert found.amplitudes.traces == 48
    assert found.amplitudes.maximum == samples.max()
    assert sum(found.amplitudes.counts) >= 0.98 * samples.size


def test_fields_in_several_windows(sgy, rng, tuned):
    samples = rng.standard_normal((48, 200)).astype("f4")
    segy_files.write_traces(sgy, samples, {189: INLINE, 193: CROSS, 37: np.repeat([3, 3, 5, 3], 12)})
    whole = info(sgy).segy
    tuned("ingest.segy-window", 5 * (240 + 800))
    assert info(sgy).segy == whole
    assert [(one.changes, one.filled) for one in whole.fields if one.byte == 37] == [(2, 1.0)]


def test_bytes_that_the_text_header_names(sgy, rng):
    segy_files.write_traces(sgy, rng.standard_normal((48, 12)).astype("f4"), {61: INLINE, 65: CROSS})
    with Path(sgy).open("r+b") as file:
        file.write("C 1 INLINE NUMBER: BYTES 61-64   CROSSLINE: BYTES 65-68".ljust(3200).encode("cp037"))
    found = info(sgy)
    assert found.options == {"dims": {"inline": "61:i4:0", "crossline": "65:i4:0"}}
    assert "the text header says inline at byte 61:i4:0" in found.segy.geometries[0].reason
    assert found.segy.text_code == "EBCDIC"
    assert read(found).sizes["inline"] == 6


def test_what_the_layout_lacks_is_found(sgy, rng):
    segy_files.write_traces(sgy, rng.standard_normal((48, 12)).astype("f4"), {189: INLINE, 193: CROSS})
    with Path(sgy).open("r+b") as file:
        file.seek(3220)
        file.write(b"\0\0")  # the number of samples
    found = info(sgy)
    assert found.options == {"samples": 12, "preset": "poststack3d"}
    assert read(found).sizes["twt"] == 12


def test_an_interval_that_is_missing_is_said(sgy, rng):
    segy_files.write_traces(
        sgy, rng.standard_normal((48, 12)).astype("f4"), {189: INLINE, 193: CROSS, 117: 0}, binary={3217: 0}
    )
    found = info(sgy)
    assert not found.ready
    assert "interval=" in found.missing[0]
    assert "to be completed" in str(found)
    assert info(sgy, interval=2.0).ready


def test_arrays(tmp_path, rng):
    image = rng.standard_normal((7, 9)).astype("f4")
    np.save(tmp_path / "image.npy", image)
    np.savez(tmp_path / "many.npz", image=image, t=np.arange(9))
    scipy.io.savemat(tmp_path / "image.mat", {"image": image})
    with h5py.File(tmp_path / "image.h5", "w") as file:
        file["survey/small"], file["survey/lines/image"] = np.arange(3.0), image
    xr.Dataset(
        {"v": (("x", "twt"), image, {"units": "m/s"})}, {"twt": ("twt", 4.0 * np.arange(9), {"units": "ms"})}
    ).to_netcdf(tmp_path / "labelled.nc", engine="h5netcdf")
    group = zarr.open_group(tmp_path / "image.zarr", mode="w")
    group.create_array("image", data=image, chunks=(4, 9))
    found = {path.name: info(str(path)) for path in tmp_path.iterdir()}
    assert {name: one.ready for name, one in found.items()} == dict.fromkeys(found, True)
    for name, one in found.items():
        ds = read(one)
        assert image.tobytes() in {array.values.tobytes() for array in ds.data_vars.values()}, name
        assert (7, 9) in {array.shape for array in one.arrays}
    assert found["image.h5"].options == {"group": "survey/lines"}
    assert found["image.zarr"].arrays[0].chunks == (4, 9)
    assert "dim_0 has 7 samples" in found["image.npy"].missing[0]
    labelled = {one.path: one for one in found["labelled.nc"].arrays}
    assert (labelled["v"].dims, labelled["v"].units) == (("x", "twt"), "m/s")
    assert labelled["twt"].coordinate
    assert found["labelled.nc"].missing == ()


def test_the_command_it_prints_ingests(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "Ünser file 100%.sgy"
    segy_files.write_traces(name, rng.standard_normal((48, 12)).astype("f4"), {17: SHOT, 13: CHANNEL})
    result = CliRunner().invoke(app, ["info", name])
    assert result.exit_code == 0, result.output
    words = shlex.split(result.output.strip().splitlines()[-1])
    assert words[:4] == ["pld", "ingest", name, "Ünser file 100%.zarr"]
    assert words[4] == "-o"
    assert open_source(name, **parse_settings([words[5]])).sizes["shot"] == 6
    described = json.loads(CliRunner().invoke(app, ["info", name, "--json"]).output)
    assert described["segy"]["geometries"][0]["sizes"] == {"shot": 6, "channel": 8}


def test_no_file(tmp_path):
    result = CliRunner().invoke(app, ["info", str(tmp_path / "none.sgy")])
    assert result.exit_code != 0
    assert "there is no file" in result.output


def test_segy_without_a_suffix_is_recognised(tmp_path, rng):
    path, other = str(tmp_path / "line.0042"), tmp_path / "noise.0042"
    segy_files.write_traces(path, rng.standard_normal((48, 12)).astype("f4"), {189: INLINE, 193: CROSS})
    assert read(info(path)).sizes["crossline"] == 8
    other.write_bytes(rng.bytes(50_000))
    with pytest.raises(ValueError, match="cannot tell the format"):
        info(str(other))


def test_headers_that_contradict_each_other_are_to_be_checked(sgy, rng):
    samples = rng.standard_normal((48, 12)).astype("f4")
    segy_files.write_traces(sgy, samples, {189: INLINE, 193: CROSS, 117: 2000}, binary={3217: 4000})
    found = info(sgy)
    assert (found.ready, found.options["interval"]) == (True, 2.0)
    assert "2000 in the trace headers is taken, the binary header has 4000" in found.missing[0]
    assert "To check" in str(found)


@pytest.mark.parametrize(
    ("headers", "preset", "sizes"),
    [
        ({189: 7, 193: np.arange(48)}, "single_inline", {"crossline": 48}),
        ({21: CDP}, "cdp_traces", {"cdp": 6, "trace": 8}),
        ({}, "headerless", {"trace": 48}),
    ],
)
def test_headers_that_do_not_count_the_traces(sgy, rng, headers, preset, sizes):
    segy_files.write_traces(sgy, rng.standard_normal((48, 12)).astype("f4"), headers)
    found = info(sgy)
    assert (found.options, found.segy.geometries[0].sizes, found.ready) == ({"preset": preset}, sizes, True)
    assert read(found).sizes["twt"] == 12


def test_seismic_unix(tmp_path, rng):
    path = str(tmp_path / "shots.su")
    segy_files.write_traces(
        path, rng.standard_normal((48, 12)).astype("f4"), {9: SHOT, 13: CHANNEL}, endian="little"
    )
    file = Path(path)
    file.write_bytes(file.read_bytes()[3600:])
    found = info(path)
    assert (found.options, found.segy.interval) == ({"preset": "shot_gathers"}, 4.0)
    assert read(found).sizes["shot"] == 6


def test_a_table(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("x,y,z\n1,2,3.5\n4,5,6.5\n")
    found = info(str(path))
    assert {"x", "y", "z"} <= {one.path for one in found.arrays}
    assert found.ready
    assert read(found)["z"].values.tolist() == [3.5, 6.5]


def test_a_dimension_without_a_value(sgy, rng):
    segy_files.write_traces(sgy, rng.standard_normal((48, 12)).astype("f4"), {189: INLINE, 193: CROSS})
    with pytest.raises(ValueError, match="write a blank after the colon"):
        open_source(sgy, **parse_settings(["dims={inline:189,crossline:193}"]))
