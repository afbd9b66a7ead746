"""Errors of a problem that a file lacks something for: the option that each of them names is the cure."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.ingest import Source, ingest, open_dataset
from pylops_distributed.problems.registry import load_problem
from pylops_flows.cli.options import parse_settings

PROBLEM = {"name": "poststack", "background": "background", "wavelet": {"kind": "ricker", "peak": 30}}


@pytest.mark.parametrize(
    ("axis", "values", "units", "words", "cure"),
    [
        (
            "time",
            4.0 * np.arange(120),
            "ms",
            r"no dimension 'twt', .* rename, such as (\{time: twt\})",
            "rename={}",
        ),
        (
            "twt",
            4.0 * np.arange(120),
            "m",
            r"'twt' is in 'm', expected 'ms': .* -o '(units\.twt=\{.*?\})'",
            "{}",
        ),
        ("twt", 4.0 * np.arange(120) / 3, "", None, ""),
        (
            "twt",
            0.004 * np.arange(120),
            "",
            r"look like seconds; .*state the unit, -o (units\.twt=s)",
            "{}",
        ),
        ("twt", np.arange(120), "", r"sample numbers; .*interval, such as (\{twt: 4 ms\})", "interval={}"),
        ("twt", np.arange(120), "", r"sample numbers; .*state the unit, -o (units\.twt=ms)", "{}"),
    ],
)
def test_a_coordinate_is_put_right(tmp_path, url, axis, values, units, words, cure, rng):
    amplitude, rocks = rng.normal(size=(3, 120)), np.full((3, 120), 6e6)
    ds = xr.Dataset({"amplitude": (("x", axis), amplitude), "background": (("x", axis), rocks)})
    ds = ds.assign_coords({axis: (axis, values, {"units": units} if units else {})})
    ds.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    ingest(str(tmp_path / "a.nc"), url)
    if words is None:
        load_problem(PROBLEM).check(open_dataset(url))
        return
    with pytest.raises(ValueError, match=words) as error:
        load_problem(PROBLEM).check(open_dataset(url))
    option = cure.format(re.search(words, str(error.value))[1])
    ingest(Source(path=str(tmp_path / "a.nc"), options=parse_settings([option])), url, replace=True)
    load_problem(PROBLEM).check(open_dataset(url))


def test_a_background_in_a_unit_of_another_kind(tmp_path, url, rng):
    arrays = {name: (("x", "twt"), rng.normal(size=(3, 120)) + 10) for name in ("amplitude", "background")}
    ds = xr.Dataset(arrays).assign_coords(twt=("twt", 4.0 * np.arange(120), {"units": "ms"}))
    ds.background.attrs["units"] = "ft"
    ds.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    ingest(str(tmp_path / "a.nc"), url)
    words = r"'background' is in 'ft', expected a unit like .* -o '(units\.background=\{.*?\})'"
    with pytest.raises(ValueError, match=words) as error:
        load_problem(PROBLEM).check(open_dataset(url))
    option = re.search(words, str(error.value))[1]
    ingest(Source(path=str(tmp_path / "a.nc"), options=parse_settings([option])), url, replace=True)
    load_problem(PROBLEM).check(open_dataset(url))
