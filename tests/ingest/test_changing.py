"""Sources that change, go away, bear names that lead elsewhere, or are datasets of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from scipy.io import savemat
from segy_files import write_traces

from pylops_distributed.ingest import (
    Source,
    discard,
    ingest,
    open_dataset,
    plan,
    seal,
    write_block,
)
from pylops_distributed.ingest import (
    block_writer as blocks,
)


@pytest.mark.parametrize("name", ["../evil", "%2e%2e/evil", "a#b", "a?b", ".ingest", "__a", "a\\b"])
def test_names_that_lead_out_of_the_dataset_are_rejected(tmp_path, name):
    np.save(tmp_path / "raw.npy", np.zeros((4, 6)))
    with pytest.raises(ValueError, match="cannot be the name of an array"):
        ingest({name: Source(path=str(tmp_path / "raw.npy")), "b": Source(path=str(tmp_path / "raw.npy"))},
               str(tmp_path / "sets" / "data.zarr"))  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["raw.npy"]


@pytest.mark.parametrize("suffix", [".npz", ".mat", ".nc"])
def test_a_file_that_has_changed_is_read_anew_by_the_same_process(tmp_path, suffix):
    path, values = tmp_path / f"raw{suffix}", np.arange(24.0).reshape(4, 6)
    for number in (1, 2):
        new = tmp_path / f"new{suffix}"
        if suffix == ".nc":
            xr.Dataset({"v": (("x", "y"), values * number)}).to_netcdf(new, engine="h5netcdf")
        else:
            {".npz": lambda p, v: np.savez(p, v=v), ".mat": lambda p, v: savemat(p, {"v": v})}[suffix](
                new, values * number
            )
        Path(new).replace(path)
        ref = ingest(str(path), str(tmp_path / f"{number}.zarr"))
        np.testing.assert_array_equal(open_dataset(ref.url).v, values * number)


def test_a_source_that_changes_while_it_is_read_is_not_sealed(tmp_path, monkeypatch):
    path, values = tmp_path / "raw.npy", np.arange(24.0).reshape(4, 6)
    np.save(path, values)
    planned, read = plan(str(path), str(tmp_path / "data.zarr")), blocks._read

    def swapped(*given: Any) -> Any:
        np.save(path, values + 1)
        return read(*given)

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_read", swapped)
        with pytest.raises(ValueError, match="changed since the ingest"):
            write_block(planned, 0)
    assert not (tmp_path / "data.zarr/.ingest/blocks").exists()


def test_a_folder_that_changes_while_it_is_read_is_not_sealed(tmp_path):
    path, values = str(tmp_path / "raw.zarr"), np.arange(24.0).reshape(4, 6)
    array = zarr.create_array(path, shape=values.shape, chunks=(4, 3), dtype="f8")
    array[...] = values
    planned = plan(path, str(tmp_path / "data.zarr"))
    reports = [write_block(planned, i) for i in range(planned.blocks)]
    Path(path).rename(tmp_path / "away.zarr")
    with pytest.raises(FileNotFoundError, match="No such file"):
        seal(planned, reports)
    (tmp_path / "away.zarr").rename(path)
    assert (tmp_path / "data.zarr/.ingest/blocks").exists()  # nothing is lost
    array[0, 0] = 9
    with pytest.raises(ValueError, match=r"raw\.zarr' changed since the ingest"):
        seal(planned, reports)
    assert not (tmp_path / "data.zarr/zarr.json").exists()
    discard(planned.url)
    assert open_dataset(ingest(path, planned.url).url).array[0, 0] == 9


@pytest.mark.parametrize("name", ["", "seismic"])
@pytest.mark.parametrize("kind", ["zarr", "netcdf"])
def test_a_dataset_from_segy_is_a_source_like_any_other(sgy, tmp_path, kind, name):
    """Its trace numbers and masks are kept with it, though it is no SEG-Y file."""
    write_traces(sgy, np.arange(12, dtype="f4").reshape(3, 4), {189: [1, 1, 2], 193: [1, 2, 1]})
    first = str(tmp_path / "first.zarr")
    ingest({name: Source(path=sgy)}, first)
    wanted = open_dataset(first).load()
    if kind == "netcdf":
        first = str(tmp_path / "copy.nc")
        wanted.drop_attrs(deep=False).drop_encoding().to_netcdf(first, engine="h5netcdf")
    again, renamed = (str(tmp_path / f"{n}.zarr") for n in ("again", "renamed"))
    ingest(first, again)
    xr.testing.assert_identical(
        open_dataset(again).load().drop_attrs(deep=False), wanted.drop_attrs(deep=False)
    )
    ingest({"data": Source(path=first)}, renamed)
    ds = open_dataset(renamed)
    assert ds.data.attrs["ancillary_variables"] == "data_trace_mask data_trace_number"
    assert set(ds.data_vars) == {"data", "data_trace_mask", "data_trace_number"}
    np.testing.assert_array_equal(ds.data, wanted[name or "amplitude"])
    np.testing.assert_array_equal(ds.data_trace_mask, [[True, True], [True, False]])
