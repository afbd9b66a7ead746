"""Headers of SEG-Y files that datasets keep byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.segy_cases import Case, write_case
from pylops_distributed.ingest import Source, ingest, open_dataset
from pylops_distributed.ingest.formats.segy.template_copy import write_with_headers
from pylops_distributed.ingest.raw_headers import stored_headers

LAYOUT = ("poststack3d", (), -10, "one", "shuffled")
CASES = {
    "revision 1": Case("segy", 3, (1, 0), "big", *LAYOUT, texts=2),
    "revision 2": Case(
        "segy", 7, (2, 1), "little", *LAYOUT, texts=-1, extra=2, named=True, trailers=1, gap=40, long=True
    ),
    "pairs": Case("segy", 5, (0, 0), "pairwise", *LAYOUT),
    "su": Case("su", 5, (0, 0), "little", "cdp_gathers", (), 1, "one", "shuffled"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("variable", ["", "seismic"])
def test_a_dataset_holds_all_to_write_the_file_again(tmp_path, tuned, rng, name, variable):
    tuned("ingest.chunk", 3000)  # several chunks of headers
    path, case = tmp_path / "survey.dat", CASES[name]
    written = write_case(case, path, rng)
    raw = path.read_bytes()
    source = Source(path=str(path), format=case.form, options=written.options)
    url = ingest({variable: source} if variable else source, str(tmp_path / "a.zarr")).url
    path.unlink()
    ds = open_dataset(url)
    assert not [key for key in ds.variables if "header" in str(key)]
    numbers = ds[f"{variable}_trace_number" if variable else "trace_number"]
    array = ds[variable or "amplitude"]
    copy = str(tmp_path / "copy.sgy")
    headers = stored_headers(url, variable or "amplitude")
    write_with_headers(headers, copy, array, numbers.assign_attrs(samples=array.dims[-1]), keep_format=True)
    assert Path(copy).read_bytes() == raw
    short = array.isel({array.dims[-1]: slice(0, -1)})
    with pytest.raises(ValueError, match=rf"has {short.shape[-1]} samples a trace, and the SEG-Y file"):
        write_with_headers(headers, copy, short, numbers.assign_attrs(samples=array.dims[-1]))


def test_headers_that_changed_are_found(tmp_path, rng):
    path = tmp_path / "survey.sgy"
    write_case(CASES["revision 1"], path, rng)
    url = ingest(Source(path=str(path), options={"preset": "poststack3d"}), str(tmp_path / "a.zarr")).url
    chunk = next(
        one for one in (tmp_path / "a.zarr/segy_header_bytes").rglob("*") if one.name == "0" and one.is_file()
    )
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        stored_headers(url, "amplitude").rows(0, 1)


def test_datasets_of_arrays_have_none(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    assert stored_headers(ingest(str(tmp_path / "a.npy"), str(tmp_path / "a.zarr")).url, "a") is None
