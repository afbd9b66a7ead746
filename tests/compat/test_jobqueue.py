"""The behaviour of dask_jobqueue that this library relies on."""

import pytest
from distributed.security import Security

from pylops_distributed.compat.jobqueue import DeletesKeyFiles

jobqueue = pytest.importorskip("dask_jobqueue", reason="needs pip install 'pylops-distributed[cluster]'")


class Tidy(DeletesKeyFiles, jobqueue.SLURMCluster):
    pass


def test_the_files_of_a_temporary_key_are_deleted_with_the_cluster(tmp_path):
    pytest.importorskip("cryptography")
    cluster = Tidy(
        n_workers=0, cores=1, memory="1GB", security=Security.temporary(), protocol="tls://",
        shared_temp_directory=str(tmp_path), scheduler_options={"host": "127.0.0.1", "dashboard_address": ":0"},
    )  # fmt: skip
    assert len(list(tmp_path.iterdir())) == 3
    cluster.close()
    assert not list(tmp_path.iterdir())
