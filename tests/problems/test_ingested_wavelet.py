"""Wavelets that are ingested next to the data, and asked for by the problems."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.ingest import Source, ingest, open_dataset
from pylops_distributed.problems.fields.wavelet import Ingested, Ricker
from pylops_distributed.problems.registry import load_problem

RICKER = Ricker(peak=30).samples(4)


@pytest.fixture
def dataset(tmp_path, rng):
    """A dataset with a wavelet from a text file, of which some samples are left out at the beginning and the end."""

    def build(first: int = 0, last: int = len(RICKER), interval: float = 4.0) -> xr.Dataset:
        arrays = {"amplitude": rng.normal(size=(3, 80)), "background": np.full((3, 80), 6e6)}
        ds = xr.Dataset({name: (("x", "twt"), array) for name, array in arrays.items()})
        ds = ds.assign_coords(twt=("twt", 4.0 * np.arange(80), {"units": "ms"}))
        ds.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
        times = interval * (np.arange(len(RICKER)) - len(RICKER) // 2)
        rows = [f"{t} {value!r}" for t, value in zip(times, RICKER.tolist(), strict=True)][first:last]
        (tmp_path / "wavelet.txt").write_text("\n".join(rows))
        sources = {
            name: Source(path=str(tmp_path / "a.nc"), options={"variables": [name]}) for name in arrays
        }
        sources["wavelet"] = Source(
            path=str(tmp_path / "wavelet.txt"), format="wavelet", options={"units": {"time": "ms"}}
        )
        return open_dataset(ingest(sources, str(tmp_path / "a.zarr")).url)

    return build


def operator(ds, wavelet):
    return load_problem({"name": "poststack", "background": "background", "wavelet": wavelet}).operator(ds)


@pytest.mark.parametrize("ends", [(0, len(RICKER)), (2, len(RICKER)), (0, -3)])
def test_it_is_that_of_the_file(dataset, ends):
    ds, expected = dataset(*ends), RICKER.copy()
    expected[: ends[0]] = 0
    expected[ends[1] if ends[1] < 0 else len(RICKER) :] = 0
    x = np.random.default_rng(0).normal(size=(80, 3))
    ours = operator(ds, {"kind": "variable"}).apply(x)
    theirs = operator(ds, {"kind": "samples", "values": expected.tolist()}).apply(x)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-12, atol=1e-12)
    load_problem({"name": "poststack", "background": "background", "wavelet": {"kind": "variable"}}).check(ds)


def test_what_does_not_fit_is_said(dataset):
    ds = dataset(interval=2.0)
    with pytest.raises(ValueError, match=r"every 2 ms from .*, and the data every 4 ms"):
        operator(ds, {"kind": "variable"})
    with pytest.raises(ValueError, match=r"no wavelet 'other'.* \['amplitude', 'background', 'wavelet'\]"):
        operator(ds, {"kind": "variable", "variable": "other"})
    with pytest.raises(ValueError, match="no wavelet 'amplitude' of one axis"):
        Ingested(variable="amplitude").of(ds, 4.0)
