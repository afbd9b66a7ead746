"""Runs as labelled arrays: opened alone, and side by side."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from pylops_distributed import compare, list_runs, open_run
from pylops_distributed.optimization.algorithms.cgls import CGLSState
from pylops_distributed.runs.iterates import open_group_dataset
from pylops_distributed.storage.checkpoint_policies import Retention
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run


def same(opened, storage, name):
    """Check a checkpoint of the tree against its group, opened array by array."""
    expected = open_group_dataset(storage, f"checkpoints/{name}")
    xr.testing.assert_identical(opened, expected)
    for array in (a for a in opened.data_vars.values() if a.ndim):
        assert isinstance(array.data, da.Array)
        assert array.chunks == expected[array.name].chunks


def test_checkpoints_equal_the_stored_arrays(runs):
    storage, tree = Run.open(runs["plain"]).storage, open_run(runs["plain"])
    states = tree["checkpoints"].children
    assert [int(s["iteration"]) for s in states.values()] == [2, 4, 6]
    for name, state in states.items():
        same(state.to_dataset(), storage, name)
    iterates = tree["iterates"]["model"]
    assert iterates.dims == ("iteration", "twt", "inline", "crossline")
    for iteration, state in zip((2, 4, 6), states.values(), strict=True):
        np.testing.assert_array_equal(iterates.sel(iteration=iteration), state["model"])
    np.testing.assert_array_equal(iterates[::2, 3:9, 1], iterates.values[::2, 3:9, 1])
    assert tree["history"].sizes["step"] == 7


@pytest.mark.parametrize("chunks", [(2, 2, 2), (4, 2)], ids=["alike", "otherwise"])
def test_iterates_of_attempts_in_other_chunks(tmp_path, chunks):
    run = Run.create_or_open(tmp_path / "run.zarr", identity={}, provenance={"dataset": "nowhere"})
    for n, size in enumerate(chunks):
        with run.attempt() as attempt, CheckpointStore(attempt, retention=Retention(every=1)) as store:
            x = da.full((4, 3), n, chunks=(size, 3))
            store.save(
                CGLSState(n, x, x, x, *(np.float64(k) for k in range(4))), {"cost": np.arange(n + 1.0)}
            )
    tree = open_run(run.storage.url)
    for name, state in tree["checkpoints"].children.items():
        same(state.to_dataset(), run.storage, name)
    model = tree["iterates"]["model"]
    np.testing.assert_array_equal(
        model, np.broadcast_to(np.arange(len(chunks)).reshape(-1, 1, 1), model.shape)
    )
    np.testing.assert_array_equal(model.iteration, range(len(chunks)))


def test_a_run_is_read_anew_when_it_has_changed(tmp_path):
    """A state that takes the place of another is not taken for it."""
    for value in (1.0, 2.0):
        run = Run.create_or_open(tmp_path / "run.zarr", identity={}, provenance={"dataset": "nowhere"})
        with run.attempt() as attempt, CheckpointStore(attempt) as store:
            x = da.full((4,), value)
            for n in (1, 2):
                store.save(CGLSState(n, x, x, x, *map(np.float64, range(4))))
        tree = open_run(run.storage.url)
        assert (tree["iterates"]["model"].values[-1] == value).all()
        run.storage.delete_prefix("")


def test_compare(runs):
    plain, damped = open_run(runs["plain"]), open_run(runs["damped"])
    found = compare(plain, runs["damped"])
    assert list(found["settings"].to_dataset().data_vars) == ["name", "solver.damp", "solver.niter"]
    assert found["settings"]["solver.damp"].values.tolist() == ["0.0", "0.5"]
    assert found["metrics"]["misfit"].values.tolist() == [
        tree["model"].attrs["metrics"]["misfit"] for tree in (plain, damped)
    ]
    assert found["history"]["cost"].shape == (2, 9)
    np.testing.assert_array_equal(
        np.isnan(found["history"]["cost"].values), [[False] * 7 + [True] * 2, [False] * 9]
    )
    difference = found["difference"]["impedance"]
    assert isinstance(difference.data, da.Array)
    assert difference.run.values.tolist() == [damped.name]
    expected = damped["model"]["impedance"].values - plain["model"]["impedance"].values
    np.testing.assert_array_equal(difference.values[0], expected)
    assert np.abs(expected).max() > 0


def test_compare_needs_two_and_compares_models_on_one_grid(runs):
    one = open_run(runs["plain"])
    with pytest.raises(ValueError, match="two or more"):
        compare(one)
    other = one.copy()
    other["model"] = xr.DataTree(one["model"].to_dataset().isel(inline=slice(3)))
    compared = compare(one, other)
    assert "not on one grid" in compared.attrs["models"]
    assert set(compared.children) == {"settings", "metrics", "history"}


def test_runs_are_listed(runs):
    root = runs["plain"].rpartition("/")[0]
    assert sorted(run.storage.url for run in list_runs(root)) == sorted(runs.values())
