"""Workers killed, started again or added amid a solve of the library: it resumes to the same bits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import dask.array as da
import numpy as np
import psutil
import pytest
from distributed import Client, LocalCluster

import pylops_distributed as pld
from pylops_distributed.compat.distributed import FutureCancelledError
from pylops_distributed.errors import WorkerLostError
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

NITER = 200


def kill(client: Client, count: int) -> None:
    for pid in list(client.run(lambda: psutil.Process().pid).values())[:count]:
        psutil.Process(pid).kill()


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["restart", "kill one", "kill both", "join"])
def test_a_solve_resumes_to_the_same_bits(tmp_path: Path, how: str) -> None:
    scale = da.from_array(np.linspace(1, 300, 4000), chunks=500)
    problem = CGLS(NITER, tol=0.0), pld.Diagonal(scale), scale + 1
    wanted = run_solver(*problem).state.x.compute()
    run, errors = Run.create_or_open(tmp_path / "run.zarr", identity={}), []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):

        def strike() -> None:
            while len(list((tmp_path / "run.zarr").glob("checkpoints/i*/zarr.json"))) < 2:
                time.sleep(0.01)
            match how:
                case "restart":
                    client.restart(timeout=60)
                case "join":
                    cluster.scale(3)
                case _:
                    kill(client, 2 if how == "kill both" else 1)

        striking = threading.Thread(target=strike)
        striking.start()
        while True:
            try:
                with run.attempt() as attempt, CheckpointStore(attempt, client=client) as store:
                    found = run_solver(*problem, store=store, save=Every(5)).state.x.compute()
                break
            except (WorkerLostError, FutureCancelledError) as error:  # the latter of a save
                errors.append(error)
                assert len(errors) < 8
        striking.join()
    assert len(errors) == (0 if how == "join" else 1)
    np.testing.assert_array_equal(found, wanted, strict=True)
