"""MDIO files, in the layouts of its versions 0 and 1, written with Zarr."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from pylops_distributed.ingest import Source, ingest, open_dataset, open_source
from pylops_distributed.problems.registry import load_problem

HEADERS = np.dtype([("inline", "i4"), ("crossline", "i4"), ("cdp_x", "f8")])
MASK = np.ones((4, 3), bool)
MASK[1, 2] = False
pytestmark = pytest.mark.filterwarnings("ignore:The data type:FutureWarning", "ignore:.*zarr:UserWarning")


@pytest.fixture
def samples(rng):
    values = rng.normal(size=(4, 3, 20)).astype("f4")
    values[~MASK] = np.nan
    return values


@pytest.fixture(params=[2, 3])
def mdio_1(request, tmp_path, samples) -> str:
    """All arrays in the root, with names of axes; headers of traces are records, those of the file attributes."""
    path, version = str(tmp_path / "survey.mdio"), request.param
    root = zarr.open_group(path, mode="w", zarr_format=version)
    root.attrs.update(apiVersion="1.0.0", createdOn="2025-01-01", name="PostStack3DTime")

    def put(name: str, values: np.ndarray, dims: tuple[str, ...], **attrs: object) -> None:
        named = {"dimension_names": dims} if version == 3 else {}
        array = root.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=values.shape or (), **named
        )
        array[...] = values
        array.attrs.update(attrs if version == 3 else attrs | {"_ARRAY_DIMENSIONS": list(dims)})

    put("amplitude", samples, ("inline", "crossline", "time"), coordinates="cdp_x", long_name="Amplitude")
    put("inline", np.arange(10, 14, dtype="i4"), ("inline",))
    put("crossline", np.arange(3, dtype="i4"), ("crossline",))
    put("time", 4 * np.arange(20, dtype="i4"), ("time",), units="ms")
    put("cdp_x", np.arange(12.0).reshape(4, 3), ("inline", "crossline"), units="m")
    put("trace_mask", MASK, ("inline", "crossline"))
    put("headers", np.zeros((4, 3), HEADERS), ("inline", "crossline"))
    put("segy_file_header", np.array("", "U1"), (), textHeader="C01 of a survey")
    return path


def test_version_1_is_inverted_after_one_new_name(mdio_1, samples, url, caplog):
    ingest(Source(path=mdio_1, options={"rename": {"time": "twt"}}), url)
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.amplitude, samples)
    np.testing.assert_array_equal(ds.trace_mask, MASK)
    np.testing.assert_array_equal(ds.twt, 4 * np.arange(20))
    np.testing.assert_array_equal(ds.inline, np.arange(10, 14))
    assert set(ds.coords) == {"inline", "crossline", "twt", "cdp_x"}
    assert (ds.twt.units, ds.cdp_x.dims) == ("ms", ("inline", "crossline"))
    assert set(ds.attrs["sources"][0]["left_out"]) == {"headers", "segy_file_header"}
    assert "are not stored" not in caplog.text
    statistics = ds.attrs["arrays"]["amplitude"]["statistics"]
    assert (statistics["holes"], statistics["nan"]) == (20, 0)
    problem = {
        "name": "poststack",
        "background": 5e6,
        "wavelet": {"kind": "ricker", "peak": 60},
    }
    load_problem(problem).check(ds)


@pytest.fixture
def mdio_0(tmp_path, samples) -> str:
    """Samples in one group, headers and mask in another, and the grid as an attribute of the root."""
    path = str(tmp_path / "survey.mdio")
    root = zarr.open_group(path, mode="w", zarr_format=2)
    axes = {"inline": [10, 11, 12, 13], "crossline": [0, 1, 2], "sample": [4 * i for i in range(20)]}
    root.attrs["dimension"] = [{"name": name, "coords": values} for name, values in axes.items()]
    root.attrs.update(api_version="0.8.3", trace_count=11)
    data, extras = root.create_group("data"), root.create_group("metadata")
    extras.attrs["text_header"] = ["C01 of a survey"]
    for name, chunks in {"chunked_012": (2, 2, 10), "chunked_01": (2, 2, 20)}.items():
        array = data.create_array(name, shape=samples.shape, dtype="f4", chunks=chunks)
        array[...] = np.nan_to_num(samples)
        headers = extras.create_array(f"{name}_trace_headers", shape=MASK.shape, dtype=HEADERS, chunks=(2, 2))
        headers[...] = np.zeros(MASK.shape, HEADERS)
    extras.create_array("live_mask", shape=MASK.shape, dtype="bool", chunks=(4, 3))[...] = MASK
    return path


def test_version_0(mdio_0, samples, url):
    names = {"chunked_012": "amplitude", "sample": "twt"}
    ingest(Source(path=mdio_0, options={"rename": names, "units": {"twt": "ms"}}), url)
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.amplitude, np.nan_to_num(samples))
    np.testing.assert_array_equal(ds.trace_mask, MASK)
    assert ds.amplitude.dims == ("inline", "crossline", "twt")
    assert ds.attrs["arrays"]["amplitude"]["statistics"]["count"] == samples.size
    np.testing.assert_array_equal(ds.twt, 4 * np.arange(20))
    assert (ds.twt.units, ds.amplitude.attrs["ancillary_variables"]) == ("ms", "trace_mask")
    assert ds.attrs["sources"][0]["left_out"]["chunked_01"] == "the same samples in other chunks"


def test_an_inner_group_can_be_chosen(mdio_0):
    assert "chunked_012" in open_source(mdio_0, group="data")
    assert open_source(mdio_0, group="data", variables=["chunked_01"]).chunked_01.dims[0] == "dim_0"


def test_other_hierarchies_are_no_mdio(mdio_0):
    root = zarr.open_group(mdio_0, mode="a")
    root.attrs["dimension"] = [{"name": "inline"}]
    with pytest.raises(ValueError, match=r"group=, of \['data', 'metadata'\]"):
        open_source(mdio_0)
    assert Path(mdio_0).exists()
