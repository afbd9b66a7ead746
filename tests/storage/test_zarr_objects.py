"""Zarr's view of a folder that is deleted while the view is on its way to a worker."""

import pickle

import dask.array as da
import numpy as np
import pytest

from pylops_distributed.storage.object_store import create_array, open_storage


@pytest.fixture
def array(tmp_path):
    """An array in a folder."""
    return create_array(open_storage(tmp_path / "run.zarr"), "x", (4,), (2,), "f8")


def test_it_arrives_and_every_use_is_an_error(array, tmp_path):
    sent = pickle.dumps(array)
    open_storage(tmp_path / "run.zarr").delete_prefix("x")
    for came in (pickle.loads(sent), pickle.loads(pickle.dumps(pickle.loads(sent)))):
        with pytest.raises(FileNotFoundError, match="on their way"):
            came[:] = 1.0
        with pytest.raises(FileNotFoundError, match="on their way"):
            came[:]
    assert not (tmp_path / "run.zarr/x").exists()


def test_it_is_as_before_where_the_folder_is_back(array, tmp_path):
    sent = pickle.dumps(array)
    open_storage(tmp_path / "run.zarr").delete_prefix("x")
    again = pickle.dumps(pickle.loads(sent))
    array = create_array(open_storage(tmp_path / "run.zarr"), "x", (4,), (2,), "f8")
    array[:] = 3.0
    assert pickle.loads(again)[0] == 3.0


def test_no_worker_leaves_its_cluster(array, tmp_path, cluster):
    writes = da.store(da.ones(4, chunks=2), array, compute=False, lock=False)
    open_storage(tmp_path / "run.zarr").delete_prefix("x")
    before = set(cluster.scheduler_info()["workers"])
    with pytest.raises(FileNotFoundError, match="on their way"):
        cluster.compute(writes).result(30)
    assert cluster.submit(np.sum, np.arange(3.0)).result(30) == 3.0
    assert set(cluster.scheduler_info()["workers"]) == before
