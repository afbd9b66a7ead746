from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from segy_survey import survey

from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.storage.checkpoint_policies import Every, Retention
from pylops_flows.settings.pipeline import load


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two finished runs on one survey from SEG-Y, the second with more damping and more steps."""
    folder = tmp_path_factory.mktemp("runs")
    config = survey(folder)
    return {name: invert(config, folder, name, niter, damp) for name, (niter, damp) in RUNS.items()}


RUNS = {"plain": (6, 0.0), "damped": (8, 0.5)}


def invert(config: Path, folder: Path, name: str, niter: int, damp: float) -> str:
    changes: dict[str, Any] = {"root": str(folder), "name": name, "solver": {"niter": niter, "damp": damp}}
    settings = load(config, changes)
    solver = settings.solver.build()
    run = begin(
        settings.root, ingest(settings.sources, settings.target).url, settings.problem, solver, name=name,
        params=settings.model_dump(mode="json"),
    )  # fmt: skip
    with Inversion(run, solver, save=Every(2), retention=Retention(every=2)) as inversion:
        inversion.advance()
    write_result(run, "as asked")
    return str(run.storage.url)
