"""Coordinates and chunks of labelled files that are strange: copied as they are, said, or rejected, never changed."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
import zarr

from pylops_distributed.ingest import Source, ingest, open_dataset, read_ref
from pylops_distributed.inversion.forward_modelling import SCHEMA
from pylops_distributed.problems.fields.wavelet import Ricker
from pylops_distributed.problems.registry import load_problem

formats = pytest.mark.parametrize("suffix", ["nc", "zarr"])
PROBLEM = {"name": "poststack", "background": 5e6, "wavelet": {"kind": "ricker", "peak": 25}}


@pytest.fixture
def copied(tmp_path, rng):
    """A function that writes a labelled cube, ingests it, and returns the dataset and the cube."""

    def copy(suffix, units="ms", **coords):
        labels = {"inline": np.arange(4), "twt": 4.0 * np.arange(40)} | coords
        values = rng.standard_normal((4, len(labels["twt"])))
        ds = xr.Dataset({"amplitude": (("inline", "twt"), values)}, labels)
        ds["twt"].attrs["units"] = units
        path = tmp_path / f"in.{suffix}"
        if suffix == "nc":
            ds.to_netcdf(path, engine="h5netcdf")
        else:
            ds.chunk(inline=2, twt=10).to_zarr(path, consolidated=False)
        ingest(str(path), str(tmp_path / "out.zarr"))
        return open_dataset(str(tmp_path / "out.zarr")), ds

    return copy


@formats
@pytest.mark.parametrize("lines", [[4, 3, 2, 1], [1, 2, 4, 8], [3, 1, 4, 2], [1, 2, 2, 3]])
def test_lines_in_any_order_are_copied_as_they_are(copied, suffix, lines, caplog):
    found, given = copied(suffix, inline=lines)
    xr.testing.assert_equal(found.compute(), given)
    assert ("'inline' has [2] more than once" in caplog.text) == (lines == [1, 2, 2, 3])


@formats
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_coordinate_that_is_not_finite_is_rejected(copied, suffix, value):
    with pytest.raises(
        ValueError, match="1 of 4 values of the coordinate 'inline' are NaN or infinite: give it anew"
    ):
        copied(suffix, inline=[1.0, value, 3.0, 4.0])


@formats
@pytest.mark.parametrize(
    ("times", "units", "words"),
    [
        (4.0 * np.arange(40)[::-1], "ms", "'twt' must rise in equal steps"),
        (np.repeat(4.0 * np.arange(20), 2), "ms", "'twt' must rise in equal steps"),
        (np.arange(40.0) ** 1.2, "ms", "'twt' must rise in equal steps"),
        (
            4.0 * np.arange(40),
            "s",
            "needs samples every 20 ms or less, and those of the data are 4000 ms apart",
        ),
        (0.004 * np.arange(40), "ms", "the wavelet has 26001 samples, more than the 40 of the traces"),
    ],
)
def test_times_that_a_problem_cannot_take_are_rejected(copied, suffix, times, units, words):
    found, _ = copied(suffix, units, twt=times)
    with pytest.raises(ValueError, match=words):
        load_problem(PROBLEM).operator(found)


def test_a_wavelet_up_to_the_nyquist_frequency_is_sampled():
    assert Ricker(peak=125).samples(4.0).max() == 1
    with pytest.raises(ValueError, match=r"peak=125\.1 Hz"):
        Ricker(peak=125.1).samples(4.0)


@pytest.mark.filterwarnings("ignore:Duplicate dimension names")
@pytest.mark.parametrize("suffix", ["h5", "zarr"])
@pytest.mark.parametrize("options", [{}, {"dims": ["x", "y"]}])
def test_two_axes_of_one_name_are_rejected(tmp_path, suffix, options):
    """Renamed, both would get the second name."""
    path, values = tmp_path / f"a.{suffix}", np.ones((6, 6))
    if suffix == "h5":
        with h5py.File(path, "w") as file:
            array, axis = file.create_dataset("a", data=values), file.create_dataset("x", data=np.arange(6.0))
            axis.make_scale("x")
            for dim in array.dims:
                dim.attach_scale(axis)
    else:
        zarr.open_group(path, mode="w").create_array("a", data=values, dimension_names=["x", "x"])
    with pytest.raises(ValueError, match=r"'a' is on the axes \('x', 'x'\), expected another name for each"):
        ingest(Source(path=str(path), options=options), str(tmp_path / "out.zarr"))


def lose(path, name):
    """Delete the first chunk of an array."""
    next(file for file in sorted(Path(path, name, "c").rglob("*")) if file.is_file()).unlink()


def test_chunks_of_a_source_that_are_absent_are_said(copied, tmp_path, caplog):
    _, given = copied("zarr")
    assert caplog.text == ""
    lose(tmp_path / "in.zarr", "amplitude")
    ref = ingest(str(tmp_path / "in.zarr"), str(tmp_path / "again.zarr"))
    assert "1 of 8 chunks of 'amplitude' are not stored, and read as its fill value" in caplog.text
    found = open_dataset(ref.url)
    assert found.attrs["sources"][0]["absent_chunks"] == {"amplitude": "1 of 8"}
    assert ref.nonfinite == {"amplitude": 20}  # xarray's fill value of floating-point numbers
    assert read_ref(str(tmp_path / "out.zarr")).fingerprint != ref.fingerprint
    np.testing.assert_array_equal(found.amplitude[2:], given.amplitude[2:])


def test_a_chunk_that_this_library_wrote_and_that_is_absent_is_an_error(tmp_path):
    xr.Dataset({"a": ("x", np.ones(6))}, attrs={"schema": SCHEMA}).chunk(x=3).to_zarr(
        tmp_path / "in.zarr", consolidated=False
    )
    lose(tmp_path / "in.zarr", "a")
    with pytest.raises(ValueError, match=r"in.zarr' is corrupt: chunks are missing: {'a': '1 of 2'}"):
        ingest(str(tmp_path / "in.zarr"), str(tmp_path / "out.zarr"))
    assert not (tmp_path / "out.zarr").exists()
