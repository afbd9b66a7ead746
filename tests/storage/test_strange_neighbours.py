"""A folder of runs is listed whatever else it holds."""

import pytest
from storage_cases import resume

from pylops_distributed.storage.run import list_runs

CONTENTS = {
    "text": b"{", "nothing": b"null", "list": b"[]", "bytes": b"\xff\xfe\x00", "nested": b"[" * 100_000,
    "no attributes": b'{"zarr_format": 3}',
}  # fmt: skip
LINKS = {"to itself": "neighbour.zarr", "to the folder": ".", "to nothing": "nowhere"}


@pytest.fixture
def runs(tmp_path):
    resume(str(tmp_path / "run.zarr"), 1)
    return tmp_path


def names(folder):
    return [run.storage.url.rpartition("/")[2] for run in list_runs(folder)]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_runs_next_to_a_broken_one_are_listed(runs, content, caplog):
    (runs / "neighbour.zarr").mkdir()
    (runs / "neighbour.zarr" / "zarr.json").write_bytes(content)
    assert names(runs) == ["run.zarr"]
    assert "run neighbour.zarr is left out: the metadata zarr.json has changed" in caplog.text


@pytest.mark.parametrize("target", LINKS.values(), ids=list(LINKS))
def test_runs_next_to_a_link_are_listed(runs, target):
    (runs / "neighbour.zarr").symlink_to(runs / target)
    assert names(runs) == ["run.zarr"]


def test_a_run_behind_a_link_is_listed(runs, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    resume(str(elsewhere / "other.zarr"), 1)
    (runs / "link.zarr").symlink_to(elsewhere / "other.zarr")
    assert names(runs) == ["link.zarr", "run.zarr"]
