"""Well logs, wavelets and horizons, as text."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pylops_distributed.ingest import Source, ingest, open_dataset, open_source

LAS = """~Version
VERS.   2.0 : CWLS LOG ASCII STANDARD - VERSION 2.0
WRAP.    NO : ONE LINE PER DEPTH STEP
~Well
STRT.M   1000.0 : START DEPTH
STOP.M   1001.0 : STOP DEPTH
STEP.M      0.5 : STEP
NULL.   -999.25 : NULL VALUE
WELL.   A-1 : WELL
~Curve
DEPT.M          : Depth
DT  .US/F       : Sonic
RHOB.G/C3       : Bulk density
ZONE.           : Zone
~ASCII
1000.0  100.0  2.20  sand
1000.5  -999.25  2.25  shale
1001.0  90.0  2.30  sand
"""


@pytest.fixture
def las(tmp_path) -> str:
    (tmp_path / "a.las").write_text(LAS)
    return str(tmp_path / "a.las")


def test_curves_of_a_well(las, url):
    options = {"rename": {"RHOB": "density"}, "units": {"density": "kg/m3", "DT": "us/m"}}
    ingest(Source(path=las, options=options), url)
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.depth, [1000, 1000.5, 1001])
    np.testing.assert_allclose(ds.density, [2200, 2250, 2300])
    np.testing.assert_allclose(ds.DT, np.array([100, np.nan, 90]) / 0.3048)
    assert (ds.depth.units, ds.density.units, ds.DT.units, ds.DT.long_name) == ("m", "kg/m3", "us/m", "Sonic")
    assert ds.attrs["sources"][0]["left_out"] == {"ZONE": "text"}
    assert ds.attrs["sources"][0]["well"]["WELL"] == "A-1"


def test_wells_are_recognised_by_content(las, tmp_path):
    Path(las).rename(tmp_path / "well")
    assert open_source(str(tmp_path / "well")).attrs["format"] == "las"


@pytest.mark.parametrize("text", ["", "nothing of the kind", "~Version\nVERS. 2.0 :\n~Curve\n~ASCII\n"])
def test_other_files_are_no_wells(tmp_path, text):
    (tmp_path / "a.las").write_text(text)
    with pytest.raises(ValueError, match=r"is not a LAS file|LAS file without curves"):
        open_source(str(tmp_path / "a.las"))


def test_the_extra_is_named(las, monkeypatch):
    monkeypatch.setitem(sys.modules, "lasio", None)
    with pytest.raises(ImportError, match=r"pip install 'pylops-distributed\[wells\]'"):
        open_source(las)


TABLE = [(100.0, 200.0, 1504.5), (100.0, 201.0, np.nan), (101.0, 201.0, 1507.5)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "  ", ", "])
@pytest.mark.parametrize("header", [None, ["inline", "crossline", "horizon"]])
def test_horizons_of_any_text(tmp_path, url, separator, header):
    rows = [separator.join(f"{x:g}" if np.isfinite(x) else "1e30" for x in row) for row in TABLE]
    lines = ["# picked in 1998", *([separator.join(header)] if header else []), *rows, ""]
    (tmp_path / "top.dat").write_text("\n".join(lines))
    ingest(
        Source(path=str(tmp_path / "top.dat"), format="horizon", options={"units": {"horizon": "ms"}}), url
    )
    ds = open_dataset(url)
    np.testing.assert_array_equal(ds.inline, [100, 101])
    np.testing.assert_array_equal(ds.horizon, [[1504.5, np.nan], [np.nan, 1507.5]])
    assert ds.horizon.units == "ms"


def test_wavelets(tmp_path):
    (tmp_path / "w.txt").write_text("-0.1\n1\n-0.1\n")
    ds = open_source(str(tmp_path / "w.txt"), format="wavelet", interval={"time": "4 ms"})
    np.testing.assert_array_equal(ds.wavelet, [-0.1, 1, -0.1])
    np.testing.assert_array_equal(ds.time, [0, 4, 8])
    (tmp_path / "v.csv").write_text("time,wavelet\n-4,-0.1\n0,1\n4,-0.1\n")
    ds = open_source(str(tmp_path / "v.csv"), format="wavelet", units={"time": "ms"})
    np.testing.assert_array_equal(ds.time, [-4, 0, 4])
    assert ds.wavelet.dims == ("time",)


def test_tables(tmp_path):
    path = str(tmp_path / "a.csv")
    Path(path).write_text('"x","y","z"\n1,2,3\n4,5,\n')
    ds = open_source(path)
    assert (list(ds), ds.x.dims) == (["x", "y", "z"], ("row",))
    np.testing.assert_array_equal(ds.z, [3, np.nan])
    assert open_source(path, columns=["a", "b", "c"], index="b").a.dims == ("b",)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", {}, "it has no rows"),
        ("x y\n", {}, "it has 0 rows"),
        ("1 2\n3\n", {}, r"no table of 2 numbers a row, .*the row '3'"),
        ("1 2\n3 four\n", {}, "the row '3 four'"),
        ("1 2\n", {"columns": ["a"]}, "no table of 1 numbers a row"),
        ("1 2\n", {"columns": ["a", "a"]}, r"the columns \['a', 'a'\]"),
        ("1 2\n", {"index": "x"}, r"index= has \['x'\], but the columns are"),
        ("1 2\n1 3\n", {"columns": ["a", "b"], "index": "a"}, "1 rows have the same"),
        ("nan 2\n1 3\n", {"columns": ["a", "b"], "index": "a"}, "empty or infinite"),
    ],
)
def test_texts_that_are_no_tables(tmp_path, text, options, words):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(ValueError, match=words):
        open_source(str(tmp_path / "a.txt"), **options)
