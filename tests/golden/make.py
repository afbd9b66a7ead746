"""Write the golden run of this version: small, whole, and kept for ever.

    PYTHONPATH=. python tests/golden/make.py

Run once for each release; ``test_golden.py`` reads what every version has written.
"""

import platform
import shutil
import socket
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_flows.cli.demo_data import make_demo
from pylops_flows.settings.pipeline import load

HALF, WHOLE = 6, 12


def main() -> None:
    """Solve half of it, keep the files; solve the rest, and keep the model that it ends in."""
    socket.gethostname = platform.platform = lambda *_: "golden"  # of the machine that made it, nothing
    folder = Path(tempfile.gettempdir()) / "golden"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = load(make_demo(folder, shape=(4, 5, 64)), {"root": str(folder / "runs")})
    ref = ingest(config.sources, f"{folder}/runs/datasets/golden.zarr")
    run = begin(config.root, ref.url, config.problem, config.solver, url=f"{folder}/runs/golden.zarr")
    models = []
    for niter in (HALF, WHOLE):
        solver = config.solver.model_copy(update={"niter": niter, "tol": 0.0})
        with Inversion(run, solver) as inversion:
            inversion.advance()
        if niter == HALF:
            write_result(run)
            kept = shutil.make_archive(str(folder / "golden"), "zip", folder / "runs")
        tree = open_run(run.storage.url)
        models.append(tree["iterates"].to_dataset()["model"].isel(iteration=-1).values)
    cost = tree["history"]["cost"].values
    here = Path(__file__).parent / (version("pylops-distributed") if len(sys.argv) < 2 else sys.argv[1])
    here.mkdir(exist_ok=True)
    shutil.move(kept, here / "run.zip")
    np.savez_compressed(here / "expected.npz", half=models[0], whole=models[1], cost=cost)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
