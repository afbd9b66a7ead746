"""Datasets that stand in the way: replaced, deleted, and never by mistake."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import zarr
from typer.testing import CliRunner

from pylops_distributed.ingest import Source, discard, ingest, open_dataset, plan, planning, write_block
from pylops_distributed.storage import local_files
from pylops_flows.cli.main import app


@pytest.fixture
def other(tmp_path) -> Source:
    np.save(tmp_path / "other.npy", np.arange(6.0))
    return Source(path=str(tmp_path / "other.npy"))


def pld(*words: object, answer: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], input=answer)
    return done.exit_code, done.output


@pytest.mark.parametrize("state", ["sealed", "unfinished", "corrupt", "half deleted"])
def test_another_dataset_is_replaced_where_asked_for(source, other, url, state, cube):
    if state == "unfinished":
        write_block(plan(other, url), 0)
    else:
        ingest(other, url)
    if state == "corrupt":
        root = Path(url, "zarr.json")
        root.write_bytes(root.read_bytes()[:-9])
    if state == "half deleted":
        Path(url, "other/zarr.json").unlink()
    with pytest.raises((FileExistsError, ValueError)):
        ingest(source, url)
    ingest(source, url, replace=True)
    assert set(open_dataset(url).data_vars) == {"amplitude", "trace_number"}
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)
    assert not Path(url, "other").exists()


def test_what_a_stopped_replacement_left_is_discarded_too(source, other, url, tmp_path):
    ingest(other, url)
    plan(source, url, replace=True)
    assert open_dataset(url).other.shape == (6,)
    assert [path.name for path in tmp_path.glob(".*")] == [f".{Path(url).name}.replacement"]
    discard(url, sealed=True)
    assert [*tmp_path.glob(".*")] == []


def test_a_dataset_behind_a_link_is_replaced_behind_it(source, other, url, tmp_path, cube):
    ingest(other, url)
    link = tmp_path / "link.zarr"
    link.symlink_to(url)
    ingest(source, str(link), replace=True)
    assert link.is_symlink()
    np.testing.assert_array_equal(open_dataset(url).amplitude, cube)


def test_folders_change_places_where_the_system_cannot_swap(tmp_path, monkeypatch):
    monkeypatch.setattr(local_files, "_renamed", lambda *args: errno.ENOSYS)
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    local_files.exchange(tmp_path / "a", tmp_path / "b")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*/*")) == ["a/b", "b/a"]


def test_the_same_dataset_is_not_written_again(source, url):
    ingest(source, url)
    before = Path(url, "zarr.json").stat().st_mtime_ns
    ingest(source, url, replace=True)
    assert Path(url, "zarr.json").stat().st_mtime_ns == before


def test_folders_that_are_no_datasets_are_never_replaced(source, tmp_path, url):
    ingest(source, url)
    zarr.create_array(tmp_path / "theirs.zarr/a", data=np.ones(3))
    zarr.open_group(tmp_path / "theirs.zarr")
    inner = tmp_path / "theirs.zarr"
    with pytest.raises(FileExistsError, match="were not ingested"):
        ingest(source, str(inner), replace=True)
    with pytest.raises(FileExistsError, match="were not ingested"):
        discard(str(inner), sealed=True)
    with pytest.raises(FileExistsError, match="is not empty"):
        ingest(source, str(tmp_path), replace=True)
    with pytest.raises(FileExistsError, match="lies in it"):
        ingest(Source(path=url, options={"variables": ["amplitude"]}), url, replace=True)
    with pytest.raises(FileExistsError, match="lies in it"):
        ingest(f"{url}/amplitude", url, replace=True)
    assert open_dataset(url).amplitude.shape == (6, 6, 10)
    assert (inner / "a/zarr.json").exists()


def test_a_source_that_cannot_be_read_replaces_nothing(source, url, tmp_path):
    ingest(source, url)
    (tmp_path / "bad.npy").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="is not an NPY"):
        ingest(str(tmp_path / "bad.npy"), url, replace=True)
    assert open_dataset(url).amplitude.shape == (6, 6, 10)


def test_an_error_of_planning_leaves_no_folder(source, url, monkeypatch):
    def fail(*args: object) -> None:
        raise TypeError("no such type")

    monkeypatch.setattr(planning, "_whole_names", lambda ds: [])
    monkeypatch.setattr(planning, "_ensure", fail)
    with pytest.raises(TypeError, match="no such type"):
        plan(source, url)
    assert not Path(url).exists()


def test_discard_asks_first(source, url):
    ingest(source, url)
    code, text = pld("discard", url, answer="n\n")
    assert code != 0, text
    assert open_dataset(url).amplitude.shape == (6, 6, 10)
    code, text = pld("discard", url, answer="y\n")
    assert (code, url in text) == (0, True), text
    assert not Path(url).exists()
    plan(source, url)
    assert pld("discard", url)[0] == 0  # of an unfinished one nothing is lost
    assert not Path(url).exists()
    code, text = pld("discard", url, "--yes")
    assert (code, "neither a dataset nor" in text) == (2, True), text
