"""Local files: links are never followed to delete, what cannot be deleted is said, and nothing needs hard links."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from storage_cases import after, resume

from pylops_distributed.runs.audit import repair
from pylops_distributed.runs.pruning import find_removable
from pylops_distributed.storage import local_files as files
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.checkpoint_policies import Retention
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run

NO_LINKS = """
#include <errno.h>
int link(const char *a, const char *b) { errno = EPERM; return -1; }
int linkat(int f, const char *a, int g, const char *b, int h) { errno = EPERM; return -1; }
"""
NO_RENAMING = (
    "int renameat2(int f, const char *a, int g, const char *b, int h) { errno = EINVAL; return -1; }\n"
)


@pytest.fixture
def two(tmp_path):
    """Two runs; a checkpoint of the first is a link to one of the second."""
    one, other = tmp_path / "one.zarr", tmp_path / "two.zarr"
    resume(str(one), 3)
    resume(str(other), 3)
    link = one / "checkpoints/i00000001-a0001"
    link.symlink_to(other / "checkpoints/i00000003-a0001")
    return one, other, link


def contents(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("how", ["solve", "prune", "repair"])
def test_a_linked_checkpoint_is_never_deleted_in_the_other_run(two, how):
    one, other, link = two
    before = contents(other)
    if how == "solve":
        resume(str(one), 5)
    elif how == "repair":
        repair(one)
    else:
        with Run.open(one).attempt() as attempt:
            Run.open(one).write_result(attempt, {"model": Variable(("x",), [1.0])})
        for found in find_removable(one.parent):
            found.delete()
    assert contents(other) == before
    assert not link.is_symlink()


@pytest.mark.parametrize("name", ["checkpoints", "attempts"])
def test_nothing_is_deleted_through_a_linked_folder(tmp_path, name):
    url = tmp_path / "run.zarr"
    resume(str(url), 3)
    (url / name).rename(tmp_path / "elsewhere")
    (url / name).symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path / "elsewhere")
    storage = open_storage(url)
    inner = next(iter(storage.dirs(name)))
    for delete in (storage.delete_prefix, storage.delete):
        with pytest.raises(
            OSError, match=rf"{name} is a link to .*elsewhere: nothing is deleted through links"
        ):
            delete(f"{name}/{inner}/zarr.json")
    assert contents(tmp_path / "elsewhere") == before


def test_a_linked_run_is_not_deleted_but_said(tmp_path):
    real = tmp_path / "elsewhere/r.zarr"
    resume(str(real), 3)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/r.zarr").symlink_to(real)
    before = contents(real)
    (found,) = find_removable(tmp_path / "runs", days=-1)
    with pytest.raises(OSError, match=r"r\.zarr is a link to .*elsewhere/r\.zarr: delete that, or the link"):
        found.delete()
    assert contents(real) == before


@pytest.fixture
def undeletable():
    """A way to keep a file from being deleted, also by root."""
    kept = []

    def keep(path):
        if os.geteuid():
            path.parent.chmod(0o500)
        elif subprocess.run(["chattr", "+i", path], capture_output=True).returncode:
            pytest.skip("needs files that cannot be deleted")
        kept.append(path)

    yield keep
    for path in kept:
        subprocess.run(["chattr", "-i", path], check=False) if not os.geteuid() else path.parent.chmod(0o700)


def test_what_cannot_be_deleted_is_said(tmp_path, undeletable):
    resume(str(tmp_path / "r.zarr"), 3)
    file = tmp_path / "r.zarr/checkpoints/i00000003-a0001/model/zarr.json"
    undeletable(file)
    with pytest.raises(
        OSError, match=r"i00000003-a0001 could not be deleted, 1 files of it are left: .*zarr.json"
    ) as info:
        open_storage(tmp_path / "r.zarr").delete_prefix("checkpoints/i00000003-a0001")
    assert info.value.errno in (errno.EPERM, errno.EACCES)
    (found,) = find_removable(tmp_path, days=-1)
    with pytest.raises(OSError, match=r"r.zarr could not be deleted"):
        found.delete()
    assert file.exists()
    (left,) = find_removable(tmp_path)
    assert left.words == "its deletion was broken off"


def test_a_solver_continues_where_an_old_checkpoint_cannot_be_deleted(tmp_path, undeletable, caplog):
    resume(str(tmp_path / "r.zarr"), 2)
    undeletable(tmp_path / "r.zarr/checkpoints/i00000001-a0001/model/zarr.json")
    resume(str(tmp_path / "r.zarr"), 5)
    assert [entry.iteration for entry in published_checkpoints(open_storage(tmp_path / "r.zarr"))] == [4, 5]
    assert "could not be deleted" in caplog.text


def test_a_deletion_is_of_the_folder_that_was_opened(tmp_path):
    resume(str(tmp_path / "r.zarr"), 2)
    with files.open_folder(tmp_path / "r.zarr") as folder:
        (tmp_path / "r.zarr").rename(tmp_path / "moved.zarr")
        resume(str(tmp_path / "r.zarr"), 2)
        before = contents(tmp_path / "r.zarr")
        files.clear(folder, tmp_path / "r.zarr")
    assert list((tmp_path / "moved.zarr").iterdir()) == []
    assert contents(tmp_path / "r.zarr") == before


def test_a_new_run_may_take_the_place_of_a_deleted_one(tmp_path):
    resume(str(tmp_path / "r.zarr"), 2)
    (found,) = find_removable(tmp_path, days=-1)
    found.delete()
    assert not (tmp_path / "r.zarr").exists()
    resume(str(tmp_path / "r.zarr"), 1)
    (again,) = find_removable(tmp_path, days=-1)
    resume(str(tmp_path / "r.zarr"), 2)
    with pytest.raises(RuntimeError, match="worked on meanwhile"):
        again.delete()
    assert [entry.iteration for entry in published_checkpoints(open_storage(tmp_path / "r.zarr"))] == [1, 2]


@pytest.mark.parametrize("renames", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_file_system_without_hard_links(tmp_path, renames):
    """As exFAT, and many network file systems: the loader replaces the calls in the library's process."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs a compiler and Linux")
    source, library = tmp_path / "nolink.c", tmp_path / "nolink.so"
    source.write_text(NO_LINKS + ("" if renames else NO_RENAMING))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"from storage_cases import resume; resume({str(tmp_path / 'runs/r.zarr')!r}, 2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
    )
    if renames:
        assert done.returncode == 0, done.stderr
        resume(str(tmp_path / "runs/r.zarr"), 4)
    else:
        assert "neither hard links nor a renaming that replaces nothing" in done.stderr
        assert not (tmp_path / "runs").exists()


def test_renaming_replaces_nothing(tmp_path):
    (tmp_path / "a").write_text("a")
    files._rename_new(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").write_text("c")
    with pytest.raises(FileExistsError):
        files._rename_new(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "a"


@pytest.mark.parametrize("name", ["my runs", "straße", "a%20b", "c#d", "震源 x"])
def test_places_are_printed_as_paths(tmp_path, name):
    url = tmp_path / name / "r.zarr"
    resume(str(url), 2)
    storage = Run.open(url).storage
    assert Path(storage.place) == url
    assert Run.open(storage.place).attrs == Run.open(storage.url).attrs
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt, retention=Retention(2)) as store:
        store.save(after(3))
        store.wait()
        assert [entry.iteration for entry in store.list()] == [2, 3]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_files_being_written_are_not_listed(tmp_path):
    storage = open_storage(tmp_path)
    storage.put("a/b", b"1")
    with files._staged(tmp_path / "a/c", b"2", None) as part:
        assert part.exists()
        assert list(storage.list()) == ["a/b"]


def test_whether_files_can_be_made_in_a_folder(tmp_path):
    files.ensure_create(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        files.ensure_create(tmp_path / "file")
