"""Verify finds any fault of a run; repair brings back its newest intact checkpoint, and nothing less."""

import shutil

import numpy as np
import pytest
import xarray as xr
from storage_cases import ToyState, after, assert_same, resume

from pylops_distributed.errors import CorruptionError
from pylops_distributed.ingest import ingest, open_dataset
from pylops_distributed.runs.audit import repair, verify
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.lease import RunBusyError
from pylops_distributed.storage.run import Run


@pytest.fixture
def place(tmp_path):
    """A run of two checkpoints and a result."""
    url = tmp_path / "run.zarr"
    resume(str(url), 3)
    run = Run.open(url)
    with run.attempt() as attempt:
        run.write_result(attempt, {"model": Variable(("x",), [1.0, 2.0])}, checkpoint="i00000003-a0001")
    return url


def checkpoint(place, iteration=3):
    return place / "checkpoints" / f"i{iteration:08d}-a0001"


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def chunk(group, name="model"):
    return next(p for p in sorted((group / name / "c").rglob("*")) if p.is_file())


def exchange(one, other):
    """Exchange two files, each of which is intact."""
    data = one.read_bytes(), other.read_bytes()
    assert data[0] != data[1]
    assert len(data[0]) == len(data[1])
    other.write_bytes(data[0])
    one.write_bytes(data[1])


DAMAGE = {
    "flipped": lambda place: flip(chunk(checkpoint(place))),
    "truncated": lambda place: chunk(checkpoint(place)).write_bytes(b"12"),
    "deleted": lambda place: chunk(checkpoint(place)).unlink(),
    "empty": lambda place: chunk(checkpoint(place)).write_bytes(b""),
    "array metadata": lambda place: flip(checkpoint(place) / "model" / "zarr.json"),
    "metadata": lambda place: flip(checkpoint(place) / "zarr.json"),
    "swapped": lambda place: (checkpoint(place) / "zarr.json").write_bytes(
        (checkpoint(place, 2) / "zarr.json").read_bytes()
    ),
    "chunks of an array swapped": lambda place: exchange(
        checkpoint(place) / "model/c/0/0", checkpoint(place) / "model/c/1/0"
    ),
    "another checkpoint": lambda place: (
        shutil.rmtree(checkpoint(place)),
        shutil.copytree(checkpoint(place, 2), checkpoint(place)),
    ),
    "another run's checkpoint": lambda place: (
        shutil.rmtree(checkpoint(place)),
        resume(str(place.parent / "other.zarr"), 3, identity={"problem": "other"}),
        shutil.copytree(checkpoint(place.parent / "other.zarr"), checkpoint(place)),
    ),
    "another checkpoint's chunk": lambda place: chunk(checkpoint(place)).write_bytes(
        chunk(checkpoint(place, 2)).read_bytes()
    ),
}


def test_an_intact_run(place):
    assert verify(place) == []
    assert repair(place) == []


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_corrupt_checkpoint_is_found_and_repaired(place, damage):
    damage(place)
    (found,) = verify(place)
    assert found.path == "checkpoints/i00000003-a0001"
    assert found.harmful
    assert repair(place) == [found]
    assert verify(place) == []
    with Run.open(place).attempt() as attempt, CheckpointStore(attempt) as store:
        assert_same(store.latest(ToyState).state, after(2))


def test_a_corrupt_result_is_found_and_deleted(place):
    path = Run.open(place).result
    flip(chunk(place / path))
    (found,) = verify(place)
    assert (found.path, found.harmful) == (path, True)
    repair(place)
    assert Run.open(place).result is None
    assert not (place / path).exists()
    assert checkpoint(place).exists()


def test_unfinished_writes_harm_nothing(place):
    (place / "checkpoints" / "i00000004-a0001" / "model").mkdir(parents=True)
    (place / "checkpoints" / "i00000004-a0001" / "model" / "zarr.json").write_text("{}")
    (found,) = verify(place)
    assert (found.path, found.harmful) == ("checkpoints/i00000004-a0001", False)
    repair(place)
    assert verify(place) == []


def test_nothing_is_deleted_where_nothing_is_intact(place):
    for iteration in (2, 3):
        flip(chunk(checkpoint(place, iteration)))
    with pytest.raises(CorruptionError, match="all 2 checkpoints"):
        repair(place)
    assert checkpoint(place).exists()


def test_a_run_being_worked_on_is_left_alone(place):
    flip(chunk(checkpoint(place)))
    with Run.open(place).attempt(), pytest.raises(RunBusyError):
        repair(place)


def test_another_dataset_under_the_same_name_is_found(tmp_path):
    Run.create_or_open(
        tmp_path / "run.zarr", identity={"data": "abc"}, provenance={"dataset": str(tmp_path / "gone.zarr")}
    )
    (found,) = verify(tmp_path / "run.zarr")
    assert "cannot be read" in found.words
    assert str(tmp_path / "gone.zarr") in found.words


def test_copies_next_to_checkpoints_are_reported_and_left_alone(place):
    copy = place / "checkpoints" / "i00000002-a0001.bak"
    shutil.copytree(checkpoint(place, 2), copy)
    (found,) = verify(place)
    assert (found.path, found.harmful) == ("checkpoints/i00000002-a0001.bak", False)
    assert repair(place) == []
    resume(str(place), 5)
    assert (copy / "zarr.json").exists()
    assert [entry.iteration for entry in published_checkpoints(Run.open(place).storage)] == [4, 5]


@pytest.fixture
def stored(tmp_path):
    """A dataset with coordinates of numbers and of text, and a run on it."""
    ds = xr.Dataset(
        {"wells": (("station", "angle"), np.arange(24.0).reshape(4, 6))},
        {"angle": np.arange(6) * 5, "station": np.array(["Ærø", "B", "C", "D"], object)},
    )
    ds.to_zarr(tmp_path / "raw.zarr", consolidated=False)
    ref = ingest(str(tmp_path / "raw.zarr"), str(tmp_path / "data.zarr"))
    Run.create_or_open(
        tmp_path / "run.zarr", identity={"data": ref.fingerprint}, provenance={"dataset": ref.url}
    )
    return tmp_path / "data.zarr"


def changed(file, old, new):
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: (data / "angle/c/0").unlink(), "'angle' has 0 of 1 chunks"),
        (lambda data: shutil.rmtree(data / "angle"), "angle"),
        (lambda data: flip(data / "angle/c/0"), "angle"),
        (lambda data: flip(data / "station/c/0"), "station"),
        (lambda data: changed(data / "angle/zarr.json", b'"int64"', b'"uint64"'), "metadata of 'angle'"),
        (
            lambda data: changed(data / "zarr.json", b'"minimum":0.0', b'"minimum":9.0'),
            "has changed since it was written",
        ),
    ],
)
def test_corrupt_labels_and_metadata_of_a_dataset_are_found(stored, damage, words):
    run = stored.parent / "run.zarr"
    assert verify(run) == []
    assert open_dataset(str(stored)).angle.values.tolist() == [0, 5, 10, 15, 20, 25]
    damage(stored)
    (found,) = verify(run)
    assert words in found.words
    with pytest.raises(ValueError, match=r"corrupt|checksum"):
        open_dataset(str(stored)).load()


def test_swapped_chunks_of_a_dataset_are_found(tmp_path):
    np.save(tmp_path / "raw.npy", np.arange(24.0).reshape(4, 6))
    ref = ingest(str(tmp_path / "raw.npy"), str(tmp_path / "data.zarr"), chunks={"dim_0": 2, "dim_1": 6})
    Run.create_or_open(
        tmp_path / "run.zarr", identity={"data": ref.fingerprint}, provenance={"dataset": ref.url}
    )
    assert verify(tmp_path / "run.zarr") == []
    (name,) = ref.arrays
    exchange(*(tmp_path / "data.zarr" / name / "c" / i / "0" for i in "01"))
    (found,) = verify(tmp_path / "run.zarr")
    assert "chunk (0, 0) has changed since it was written" in found.words
