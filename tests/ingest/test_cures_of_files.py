"""Errors of readers that name an option as the cure: the option, taken out of the message, opens the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from segy_files import write_traces

from pylops_distributed.ingest import Source, ingest, open_dataset, open_source
from pylops_distributed.ingest.discarding import discard
from pylops_flows.cli.options import parse_settings

TRACES = np.arange(12, dtype="f4").reshape(4, 3)
LINE = {21: [1, 2, 3, 4]}


def segy(**how: object) -> Callable[[Path], None]:
    """Writes a SEG-Y file of one line, with other headers."""
    headers = LINE | how.pop("headers", {})
    return lambda path: write_traces(str(path), TRACES, headers, **how)


def groups(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["run/one"] = TRACES


def two_grids(path: Path) -> None:
    np.savez(path, one=TRACES, two=TRACES[:2])


def feet(path: Path) -> None:
    xr.Dataset({"one": ("x", np.arange(3.0), {"units": "ft"})}).to_netcdf(path, engine="h5netcdf")


# File, how it is made, options that are given, words of the error, and what they name as the cure.
CURES = [
    ("a.sgy", segy(headers={117: 0}, binary={3217: 0}), [], r"give (interval=)", "interval=4"),
    ("a.sgy", segy(headers={117: 2000}, binary={3217: 4000}), [], r"with (interval=)", "interval=4"),
    ("a.sgy", segy(headers={109: [0, 4, 0, 4]}), [], r"give (start=)", "start=0"),
    ("a.sgy", segy(headers={21: 1}), [], r"or (preset='headerless')", "{}"),
    ("a.sgy", segy(headers={21: 1, 25: [1, 2, 3, 4]}), [], r"with (dims=)", "dims={{trace: 25}}"),
    ("a.sgy", segy(headers={115: 9}, binary={3221: 9}), [], r"(samples=)", "samples=3"),
    ("a.h5", groups, [], r"\(-o (group=run)\)", "{}"),
    ("a.npz", two_grids, ["dims=[x, t]"], r"with\s(variables=)", "variables=[one]"),
    ("a.npz", two_grids, ["interval=4 ms", "variables=[one]"], r"name the axes with (dims=)", "dims=[x, twt]"),
    ("a.npz", two_grids, ["window.dim_1=[0, 4]", "variables=[one]"], r"with (coords=) or", "coords.dim_1=[0, 4, 8]"),
    ("a.nc", feet, ["units.one=ms"], r"correct it: -o '(units\.one=\{from: ms, to: ms\})'", "{}"),
    ("a.nc", feet, ["units.one=wobbles"], r"-o '(units\.one=)\{from: UNIT", "units.one={{from: m/s, to: m/s}}"),
    ("a.npz", two_grids, ["rename={x: y}"], r"(rename=) has", "rename={{one: y}}"),
    ("a.npz", two_grids, ["chunks={x: 1}"], r"(chunks) name \['x'\]", "chunks={{one_dim_0: 1}}"),
    ("a.txt", lambda path: path.write_text("1 2\n3 4\n"), ["index=x"], r"with (columns=)", "columns=[x, y]"),
    ("a.dat", lambda path: path.write_text("1 2 3\n"), [], r"with pld ingest (--format)", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "write", "given", "words", "cure"), CURES)
def test_the_option_that_an_error_names_is_the_cure(tmp_path, name, write, given, words, cure):
    path = tmp_path / name
    write(path)
    with pytest.raises(ValueError, match=words) as error:
        open_source(str(path), **parse_settings(given))
    found = re.search(words, str(error.value))[1]
    if cure is None:
        assert open_source(str(path), format="table").sizes
        return
    option = cure.format(found).replace("'", "")  # of Python's texts
    assert option.startswith(re.match(r"\w+", found)[0])
    assert open_source(str(path), **(parse_settings(given) | parse_settings([option]))).sizes


def test_another_dataset_is_replaced_or_discarded(tmp_path, url):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", TRACES + ord(name))
    ingest(str(tmp_path / "a.npy"), url)
    with pytest.raises(FileExistsError, match=r"replace|discard"):
        ingest(str(tmp_path / "b.npy"), url)
    ingest(str(tmp_path / "b.npy"), url, replace=True)
    assert "b" in open_dataset(url)
    with pytest.raises(FileExistsError, match="sealed=True"):
        discard(url)
    discard(url, sealed=True)
    ingest(str(tmp_path / "a.npy"), url)
    assert "a" in open_dataset(url)


def test_files_on_other_grids_share_a_window(tmp_path):
    for name, start in {"a": 0.0, "b": 4.0}.items():
        ds = xr.Dataset({"one": ("twt", np.arange(3.0))}, {"twt": start + 4 * np.arange(3)})
        ds.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
    paths, along = tuple(str(tmp_path / f"{name}.nc") for name in "ab"), {"n": None}
    with pytest.raises(ValueError, match=r"the option window="):
        Source(path="", paths=paths, along=along).open()
    window = {"window": {"twt": [4, 8]}}
    assert Source(path="", paths=paths, along=along, options=window).open().sizes == {"n": 2, "twt": 2}
