"""Seismic Unix files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from pylops_distributed.ingest import Source, ingest, open_dataset, open_source
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy


@pytest.fixture(params=["<", ">"])
def shots(request, tmp_path) -> Path:
    """Two shots of three channels and four samples of 2 ms."""
    path, order = tmp_path / "shots.su", request.param
    raw = b""
    for k in range(6):
        header = bytearray(240)
        for byte, code, value in ((9, "i", 10 + k // 3), (13, "i", 1 + k % 3), (71, "h", -10), (73, "i", 50 + k),
                                  (109, "h", 8), (115, "H", 4), (117, "H", 2000), (181, "f", 0.5)):  # fmt: skip
            struct.pack_into(order + code, header, byte - 1, value)
        raw += bytes(header) + struct.pack(order + "4f", *(4 * k + np.arange(4)))
    path.write_bytes(raw)
    return path


def test_shots(shots, tmp_path):
    ds = open_source(str(shots))
    assert (ds.attrs["format"], ds.attrs["segy_format"], ds.attrs["segy_text"]) == ("su", 5, "")
    assert ds.amplitude.dims == ("shot", "channel", "time")
    np.testing.assert_array_equal(ds.amplitude.values.ravel(), np.arange(24))
    np.testing.assert_array_equal(ds.time, [8, 10, 12, 14])
    np.testing.assert_array_equal(ds.source_x[0], [5.0, 5.1, 5.2])
    ref = ingest(str(shots), str(tmp_path / "a.zarr"))
    stored = open_dataset(ref.url)
    np.testing.assert_array_equal(stored.amplitude, ds.amplitude)
    assert stored.trace_number.values.ravel().tolist() == list(range(6))
    copy = tmp_path / "copy.su"
    numbers = ds.trace_number.assign_attrs(samples="time")
    copy_segy(str(shots), str(copy), ds.amplitude, numbers, ds.attrs["segy_endian"], {"su": True})
    assert copy.read_bytes() == shots.read_bytes()


def test_any_name(shots, tmp_path):
    other = shots.rename(tmp_path / "shots.dat")
    source = Source(path=str(other), format="su", options={"dims": {"trace": "place"}})
    ref = ingest(source, str(tmp_path / "b.zarr"))
    np.testing.assert_array_equal(open_dataset(ref.url).amplitude.values.ravel(), np.arange(24))


def test_files_that_are_not_su(shots):
    raw = shots.read_bytes()
    shots.write_bytes(raw[:-1])
    with pytest.raises(
        ValueError, match=r"no Seismic Unix file whose traces have one length: .*Give samples="
    ):
        open_source(str(shots))
    shots.write_bytes(b"")
    with pytest.raises(ValueError, match="no Seismic Unix file"):
        open_source(str(shots))
    shots.write_bytes(raw)
    with pytest.raises(ValueError, match="endian='pairwise': expected"):
        open_source(str(shots), endian="pairwise")
    with pytest.raises(ValueError, match="samples=-1"):
        open_source(str(shots), samples=-1)
