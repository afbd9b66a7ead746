"""A driver in a separate network: solves on workers elsewhere, from the newest checkpoint on, and prints a report."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress

import dask.array as da
import numpy as np
from distributed import Client

from pylops_distributed import Diagonal, FirstDerivative, MatrixMult, tuning
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import Session
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

SIZE = 400


def problem() -> tuple[object, da.Array]:
    """Two workers must talk in each step."""
    rng = np.random.default_rng(1)
    values = rng.standard_normal((SIZE, SIZE)) + 30 * np.eye(SIZE)
    op = MatrixMult(da.from_array(values, chunks=SIZE // 4)) @ (
        Diagonal(da.from_array(np.linspace(1, 2, SIZE), chunks=SIZE // 4)) + FirstDerivative(SIZE)
    )
    return op, da.from_array(rng.standard_normal(SIZE), chunks=SIZE // 4)


def main(address: str, url: str, niter: int) -> None:
    """Solve, and print what became of it as one line of JSON."""
    op, y = problem()
    last = time.monotonic()
    report: dict[str, object] = {"error": None}
    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)
        attempt = Run.create_or_open(url, identity={"problem": "cut"}).attempt()
        store = CheckpointStore(attempt, client=client)
        try:
            session = Session(CGLS(niter, tol=-1.0), op, y, store=store, save=Every(25))
            report["resumed"], last = session.iteration, time.monotonic()
            while session.reason is None:
                session.run(seconds=0.5)
                last = time.monotonic()
                print(json.dumps({"iteration": session.iteration}), flush=True)
            store.close()
        except Exception as error:
            report["error"] = f"{type(error).__name__}: {error}"
            with suppress(Exception):  # as Inversion does
                store.close(tuning.seconds("inversion.save-grace"))
        attempt.close()
        report["silent"] = time.monotonic() - last
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
