from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from segy_files import lines, write_traces

from pylops_distributed.ingest import (
    BlockReport,
    DatasetRef,
    Plan,
    Source,
    Statistics,
    discard,
    ingest,
    locate,
    open_dataset,
    plan,
    read_ref,
    seal,
    write_block,
    write_segy,
)
from pylops_distributed.ingest.formats.segy import choices as segy_choices
from pylops_distributed.storage.object_store import Storage

CHUNKS = {"inline": 2, "crossline": 3}


def test_a_sealed_dataset_holds_data_labels_and_origin(source, url, cube):
    ref = ingest(source, url, chunks=CHUNKS)
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.amplitude, cube)
    assert ds.amplitude.chunks == ((2, 2, 2), (3, 3), (10,))
    assert ds.twt.units == "ms"
    assert ds.cdp_x.dims == ("inline", "crossline")
    assert set(ds.coords) == {"inline", "crossline", "twt", "cdp_x", "cdp_y"}
    (origin,) = ds.attrs["sources"]
    assert origin["source"] == source.path
    assert origin["size"] == Path(source.path).stat().st_size
    assert len(origin["sha256"]) == 64
    assert origin["segy_binary"]["Format"] == 5
    found, wide = ref.arrays["amplitude"].statistics, cube.astype("f8")
    assert (found.count, found.nan, found.inf, found.holes) == (cube.size, 0, 0, 0)
    assert (found.minimum, found.maximum) == (cube.min(), cube.max())
    np.testing.assert_allclose([found.total, found.squares], [wide.sum(), (wide**2).sum()])
    assert ref == read_ref(url)
    assert ref.nonfinite == {}
    with warnings.catch_warnings(action="error"):
        xr.open_zarr(url, consolidated=False)
    assert sorted(entry.name for entry in Path(url).iterdir()) == sorted(
        [*ds.variables, "segy_head_bytes", "segy_header_bytes", "zarr.json"]
    )


def test_values_are_small_json_and_pickle(source, url):
    planned = plan(source, url, chunks=CHUNKS)
    report = write_block(planned, 0)
    ref = seal(planned, [report])
    for value, kind in ((source, Source), (planned, Plan), (report, BlockReport), (ref, DatasetRef)):
        assert kind.model_validate_json(value.model_dump_json()) == value
        assert pickle.loads(pickle.dumps(value)) == value
        assert len(pickle.dumps(value)) < 5000


@pytest.mark.usefixtures("small_blocks")
def test_nothing_opens_before_it_is_sealed(source, url, cube):
    with pytest.raises(FileNotFoundError, match="there is no dataset"):
        open_dataset(url)
    planned = plan(source, url, chunks=CHUNKS)
    assert planned.blocks == 3
    assert planned.nbytes == cube.nbytes
    for index in range(planned.blocks):
        with pytest.raises(FileNotFoundError, match=r"was not finished: run it again .*: pld discard '/"):
            open_dataset(url)
        write_block(planned, index)
    reports = [write_block(planned, index) for index in (2, 1, 0)]
    with pytest.raises(ValueError, match=r"blocks \[0\] of 3 were not written"):
        seal(planned, reports[:2])
    seal(planned, reports)
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


def test_doing_it_again_does_nothing(source, url, monkeypatch):
    ref = ingest(source, url, chunks=CHUNKS)
    monkeypatch.setattr(Storage, "put", lambda *args: pytest.fail("wrote to a sealed dataset"))
    assert ingest(source, url, chunks=CHUNKS) == ref
    moved = Path(source.path).rename(Path(source.path).with_name("moved.sgy"))
    assert ingest(Source(path=str(moved)), url, chunks=CHUNKS) == ref


def test_other_data_are_never_overwritten(source, url, cube, tmp_path):
    ref = ingest(source, url, chunks=CHUNKS)
    with pytest.raises(FileExistsError, match="holds another dataset: its sources, options or chunks differ"):
        ingest(source, url)
    write_segy(source.path, cube + 1, dt_ms=2)
    with pytest.raises(FileExistsError, match="holds another dataset"):
        ingest(source, url, chunks=CHUNKS)
    assert read_ref(url) == ref
    with pytest.raises(FileExistsError, match=r"is not empty, it holds 'file\.sgy'"):
        ingest(source, str(tmp_path))
    with pytest.raises(FileExistsError, match="is sealed, so it is not discarded"):
        discard(url)


def test_other_data_are_another_dataset_where_the_url_asks_for_it(source, cube, tmp_path):
    url = f"{tmp_path}/cube-{{fingerprint}}.zarr"
    first = ingest(source, url, chunks=CHUNKS)
    assert first.url.endswith(f"cube-{first.fingerprint[:8]}.zarr")
    assert ingest(source, url, chunks=CHUNKS) == first
    write_segy(source.path, cube + 1, dt_ms=2)
    place = locate(source, url, chunks=CHUNKS)
    assert not Path(place).exists()
    second = ingest(source, url, chunks=CHUNKS)
    assert second.url == Path(place).as_uri() != first.url
    np.testing.assert_array_equal(open_dataset(first.url).amplitude, cube)
    np.testing.assert_array_equal(open_dataset(second.url).amplitude, cube + 1)


def test_an_unfinished_ingest_of_something_else_is_not_mixed_in(source, url, cube):
    write_block(plan(source, url, chunks=CHUNKS), 0)
    write_segy(source.path, cube + 1, dt_ms=2)
    with pytest.raises(FileExistsError, match=r"unfinished ingest of .*--replace.*: pld discard '/"):
        plan(source, url, chunks=CHUNKS)
    discard(url)
    with pytest.raises(FileNotFoundError, match="neither a dataset nor an unfinished ingest"):
        discard(url)
    ingest(source, url, chunks=CHUNKS)
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube + 1)


def test_a_source_that_changes_meanwhile_is_noticed(source, url, cube):
    planned = plan(source, url, chunks=CHUNKS)
    write_segy(source.path, cube + 1, dt_ms=2)
    with pytest.raises(ValueError, match=r"changed since the ingest .* plan it again"):
        write_block(planned, 0)


def test_flipped_bits_are_noticed(source, url, rng):
    ingest(source, url, chunks=CHUNKS)
    chunk = Path(url, "amplitude/c/1/1/0")
    whole = chunk.read_bytes()
    for place in rng.choice(len(whole), 20, replace=False):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.integers(8)
        chunk.write_bytes(flipped)
        with pytest.raises((ValueError, RuntimeError)):
            open_dataset(url).amplitude.load()


def test_missing_chunks_are_noticed(source, url):
    planned = plan(source, url, chunks=CHUNKS)
    report = write_block(planned, 0)
    chunk = Path(url, "amplitude/c/1/1/0")
    kept = chunk.read_bytes()
    chunk.unlink()
    with pytest.raises(ValueError, match="'amplitude' has 5 of 6 chunks"):
        seal(planned, [report])
    chunk.write_bytes(kept)
    seal(planned, [report])
    chunk.unlink()
    with pytest.raises(ValueError, match="is corrupt: 'amplitude' has 5 of 6 chunks"):
        open_dataset(url)


def test_zarr_of_others_is_not_taken_for_a_dataset(url):
    xr.Dataset({"a": ("x", np.ones(3))}).to_zarr(url, consolidated=False)
    with pytest.raises(ValueError, match=r"were not ingested \(schema None\)"):
        open_dataset(url)


def test_nan_in_traces_and_holes_are_counted_apart(sgy, url):
    samples = np.ones((5, 4), "f4")
    samples[0, 1], samples[3, 2:] = np.nan, [np.inf, -np.inf]
    headers = lines(np.array([1, 2]), np.array([1, 2, 3]))
    write_traces(sgy, samples, {byte: values[:5] for byte, values in headers.items()})
    ref = ingest(sgy, url, chunks={"inline": 1, "crossline": 2})
    assert ref.nonfinite == {"amplitude": 3}
    found = ref.arrays["amplitude"].statistics
    assert (found.count, found.nan, found.inf, found.holes) == (17, 1, 2, 4)
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.trace_mask, [[True, True, True], [True, True, False]])
    assert np.isnan(ds.amplitude.values[1, 2]).all()
    assert ds.attrs["arrays"]["amplitude"]["statistics"]["nan"] == 1


def test_holes_alone_are_finite_data(sgy, url):
    write_traces(sgy, np.ones((3, 4), "f4"), {189: [1, 1, 2], 193: [1, 2, 1]})
    assert ingest(sgy, url).nonfinite == {}


def test_several_volumes_on_one_grid(source, url, cube, tmp_path):
    np.save(tmp_path / "background.npy", cube * 2)
    background = Source(
        path=str(tmp_path / "background.npy"), options={"dims": ["inline", "crossline", "twt"]}
    )
    ref = ingest({"seismic": source, "background": background}, url, chunks=CHUNKS)
    ds = open_dataset(url)
    assert set(ref.arrays) == {"seismic", "background"}
    assert set(ds.data_vars) == {*ref.arrays, "seismic_trace_number"}
    np.testing.assert_array_equal(ds.background, ds.seismic * 2)
    assert [one["format"] for one in ds.attrs["sources"]] == ["segy", "npy"]


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({"dt_ms": 4}, (6, 6, 10), r"coordinate 'twt': 'b' has 0.0 to 36.0 ms \(10\), .* 0.0 to 18.0 ms"),
        ({"inline": np.arange(6) + 2}, (6, 6, 10), "coordinate 'inline'"),
        ({"origin": (1, 0)}, (6, 6, 10), "coordinate 'cdp_x'"),
        ({}, (6, 5, 10), r"'b' has 5 'crossline' where the variables before it have 6"),
    ],
)
def test_grids_that_differ(source, url, tmp_path, options, shape, message):
    other = str(tmp_path / "b.sgy")
    write_segy(other, np.ones(shape, "f4"), **({"dt_ms": 2} | options))
    with pytest.raises(ValueError, match=message):
        ingest({"a": source, "b": Source(path=other)}, url)
    assert not Path(url).exists()


def test_only_numbers_are_ingested(tmp_path, url):
    words = np.array(["one", "another"], dtype=object)
    xr.Dataset({"a": ("x", np.ones(2)), "b": ("x", words)}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="'b' is text: only numbers can be ingested"):
        ingest(Source(path=str(tmp_path / "a.nc"), options={"variables": ["b"]}), url)
    assert not Path(url).exists()
    ingest(str(tmp_path / "a.nc"), url)
    assert list(open_dataset(url).data_vars) == ["a"]
    assert open_dataset(url).attrs["sources"][0]["left_out"] == {"b": "text"}


def test_dates_words_flags_and_complex_numbers(tmp_path, url):
    data = np.array([[1 + 1j, 2], [3, 4j]], "c8")
    coords = {
        "shot": np.array(["2020-01-01", "2021-01-01"], "M8[ns]"),
        "name": ("shot", np.array(["one", "another"], np.dtypes.StringDType())),
        "live": ("shot", [True, False]),
    }
    xr.Dataset({"spectrum": (("shot", "f"), data)}, coords).to_zarr(
        str(tmp_path / "in.zarr"), consolidated=False
    )
    ref = ingest(str(tmp_path / "in.zarr"), url)
    ds = open_dataset(url)
    xr.testing.assert_equal(ds.load(), xr.Dataset({"spectrum": (("shot", "f"), data)}, coords))
    assert ref.arrays["spectrum"].statistics.maximum == 4.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_statistics_without_finite_samples(value):
    found = Statistics.of(np.full(3, value))
    assert (found.count, found.minimum, found.maximum, found.nan + found.inf) == (0, None, None, 3)
    assert Statistics.merge([found, Statistics.of(np.array([1, -2]))]).minimum == -2


def test_workers_read_no_headers_again(source, url, cube, monkeypatch):
    planned = plan(source, url, chunks=CHUNKS)
    monkeypatch.setattr(segy_choices, "scan_headers", lambda *args: pytest.fail("scanned the headers again"))
    seal(planned, [write_block(planned, index) for index in range(planned.blocks)])
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


def test_on_s3(bucket, source, cube):
    url = f"{bucket}/cube.zarr"
    planned = plan(source, url, chunks=CHUNKS)
    with pytest.raises(FileNotFoundError, match="was not finished"):
        open_dataset(url)
    assert ingest(source, url, chunks=CHUNKS).fingerprint == planned.fingerprint
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
    assert plan(source, url, chunks=CHUNKS).sealed


@pytest.mark.usefixtures("small_blocks", "cluster")
def test_on_processes(source, url, cube):
    ref = ingest(source, url, chunks=CHUNKS)
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
    assert json.loads(ref.model_dump_json())["arrays"]["amplitude"]["chunks"] == [2, 3, 10]
