"""Old checkpoints can be deleted, but only where two newer ones are intact."""

import pytest
from storage_cases import IDENTITY, ToyState, after, assert_same

from pylops_distributed.runs.pruning import find_removable
from pylops_distributed.storage.atomic_group import Variable
from pylops_distributed.storage.checkpoints import CheckpointStore, Retention
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run

NAMES = [f"i{iteration:08d}-a0001" for iteration in range(1, 6)]


@pytest.fixture
def run(tmp_path):
    """A finished run of five checkpoints."""
    run = Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY, provenance={"name": "run"})
    with run.attempt() as attempt, CheckpointStore(attempt, retention=Retention(5)) as store:
        for iteration in range(1, 6):
            store.save(after(iteration))
            store.wait()
        run.write_result(attempt, {"model": Variable(("x",), [1.0, 2.0])}, checkpoint=NAMES[-1])
    return run


@pytest.mark.parametrize(
    ("corrupt", "left"),
    [([], NAMES[3:]), (NAMES[4:], NAMES[2:]), (NAMES[3:], NAMES[1:]), (NAMES[1:], NAMES), (NAMES, NAMES)],
)
def test_the_newest_two_intact_ones_stay(run, tmp_path, corrupt, left):
    for name in corrupt:
        (tmp_path / "run.zarr/checkpoints" / name / "kold/c").write_bytes(b"12345678")
    for one in find_removable(tmp_path):
        one.delete()
    assert list(run.storage.dirs("checkpoints")) == left
    if corrupt != NAMES:
        with run.attempt() as attempt, CheckpointStore(attempt) as store:
            newest = max(set(NAMES) - set(corrupt))
            assert_same(store.latest(ToyState).state, after(int(newest[1:9])))


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "stopped"])
def test_retention_counts_while_a_run_is_solved_and_pruning_after_it_is_finished(tmp_path, finished):
    run = Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY, provenance={"name": "run"})
    with run.attempt() as attempt, CheckpointStore(attempt, retention=Retention(3, every=2)) as store:
        for iteration in range(1, 8):
            store.save(after(iteration))
            store.wait()
        if finished:
            run.write_result(attempt, {"model": Variable(("x",), [1.0, 2.0])}, checkpoint="i00000007-a0001")
    kept = [int(name[1:9]) for name in run.storage.dirs("checkpoints")]
    assert kept == [2, 4, 5, 6, 7]
    removable = [one.path.rpartition("/")[2] for one in find_removable(tmp_path)]
    assert [int(name[1:9]) for name in removable] == ([2, 4, 5] if finished else [])


def test_an_abandoned_run_on_s3_is_deleted_and_its_neighbour_is_not(bucket):
    for name in ("abandoned", "kept"):
        run = Run.create_or_open(
            f"{bucket}/pruning/{name}.zarr", identity=IDENTITY, provenance={"name": name}
        )
        with run.attempt() as attempt, CheckpointStore(attempt) as store:
            store.save(after(1))
            store.wait()
            if name == "kept":
                run.write_result(attempt, {"model": Variable(("x",), [1.0, 2.0])})
    (one,) = (
        one
        for one in find_removable(f"{bucket}/pruning", days=-1)
        if "abandoned" in one.run.storage.url and not one.path
    )
    one.delete()
    left = set(open_storage(f"{bucket}/pruning").list())
    assert left
    assert all(key.startswith("kept.zarr/") for key in left)
