"""Tries of a solve: used up by what fails again and again, not by failures with checkpoints between them."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from prefect.logging import disable_run_logger

from pylops_distributed import LinearOperator
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.errors import WorkerLostError
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.lease import RunBusyError
from pylops_flows.cli.demo_data import make_case
from pylops_flows.cli.problem_template import Template
from pylops_flows.settings.pipeline import load
from pylops_flows.tasks import RETRIES, SWEEP_RETRIES, solve_segment

NITER, EACH = 40, 5


class Failing(LinearOperator):
    """An operator of which some products fail, on the first chunk."""

    def __init__(self, op, fails):
        super().__init__(domain=op.domain, codomain=op.codomain)
        self.op, self.fails, self.products = op, fails, 0

    def _matvec(self, x):
        return self.op._matvec(x).map_blocks(self._strike, meta=meta_of(x))

    def _rmatvec(self, y):
        return self.op._rmatvec(y)

    def _strike(self, block, block_id):
        self.products += not any(block_id)
        if not any(block_id) and (error := self.fails(self.products)) is not None:
            raise error
        return block


@pytest.fixture
def inversion(tmp_path, monkeypatch):
    """The template's inversion, with an operator that fails."""
    monkeypatch.setattr("dask.config.config", {"scheduler": "synchronous"})
    settings = load(
        make_case("pylops_flows.cli.problem_template:Template", tmp_path), {"root": str(tmp_path / "runs")}
    )
    solver = settings.solver.model_copy(update={"niter": NITER, "tol": 0.0}).build()
    dataset, operator = ingest(settings.sources, settings.target).url, Template.operator

    def opened(fails, name="run"):
        monkeypatch.setattr(Template, "operator", lambda self, ds: Failing(operator(self, ds), fails))
        run = begin(settings.root, dataset, settings.problem, solver, name=name)
        return Inversion(run, solver, save=Every(EACH))

    return opened


def solve(inversion):
    """All segments, as a flow asks for them; returns their number, and the model."""
    segments = 0
    with disable_run_logger():
        while inversion.progress.reason is None:
            solve_segment.fn(inversion, lambda _: False)
            segments += 1
    return segments, inversion.session.state.x.compute()


def test_failures_with_checkpoints_between_them_do_not_count(inversion):
    with inversion(lambda _: None, "whole") as whole:
        segments, model = solve(whole)
    assert segments == 1
    away = OSError("away for a moment")
    with inversion(lambda n: away if n % 12 == 0 else None) as struck:
        segments, found = solve(struck)
    assert segments > 4  # a segment has four tries
    np.testing.assert_array_equal(found, model)


@pytest.mark.parametrize(
    "error", [OSError("away for good"), FileNotFoundError("no such"), ValueError("wrong")]
)
def test_a_failure_without_a_checkpoint_since_is_raised(inversion, error):
    with inversion(lambda n: error if n > 14 else None) as struck:
        with disable_run_logger():
            if type(error) is OSError:
                solve_segment.fn(struck, lambda _: False)
            with pytest.raises(type(error), match=str(error)):
                solve_segment.fn(struck, lambda _: False)
        assert struck.store.list()[-1].iteration == 2 * EACH


def test_a_last_state_that_is_lost_before_it_is_saved(inversion, monkeypatch):
    with inversion(lambda _: None, "whole") as whole:
        _, model = solve(whole)
    write, lost = CheckpointStore._write, []

    def lose(self, entry, *job):
        if entry.iteration == NITER and not lost:
            lost.append(entry)
            raise WorkerLostError("a block of the state is gone with its worker")
        write(self, entry, *job)

    monkeypatch.setattr(CheckpointStore, "_write", lose)
    with inversion(lambda _: None) as struck:
        segments, found = solve(struck)
        assert (segments, len(lost), struck.kept) == (2, 1, NITER)
    np.testing.assert_array_equal(found, model)


def away_once(inversion, monkeypatch):
    """The next beginning fails, those after it do not."""
    begin = inversion._begin

    def away(*_, **__):
        monkeypatch.setattr(inversion, "_begin", begin)
        raise OSError("away for a moment")

    monkeypatch.setattr(inversion, "_begin", away)


def test_a_failed_spread_over_more_workers_continues(inversion, monkeypatch):
    with inversion(lambda _: None, "whole") as whole:
        _, model = solve(whole)
    with inversion(lambda _: None) as struck:
        struck.session.run(seconds=0)
        away_once(struck, monkeypatch)
        with pytest.raises(OSError, match="for a moment"):
            struck._spread()
        _, found = solve(struck)
    np.testing.assert_array_equal(found, model)


def test_a_new_beginning_that_fails_is_tried_again(inversion, monkeypatch):
    with inversion(lambda _: None, "whole") as whole:
        _, model = solve(whole)
    with inversion(lambda _: None) as struck:
        struck.session.run(seconds=0)
        struck.store.stuck = True
        away_once(struck, monkeypatch)
        with pytest.raises(OSError, match="for a moment"):
            struck.advance()
        _, found = solve(struck)
    np.testing.assert_array_equal(found, model)


def test_a_run_that_a_lost_worker_held_is_tried_again_alone():
    def state(error):
        return SimpleNamespace(result=Mock(side_effect=error))

    in_sweep, alone = (options["retry_condition_fn"] for options in (SWEEP_RETRIES, RETRIES))
    assert in_sweep(None, None, state(RunBusyError("held")))
    assert in_sweep(None, None, state(OSError("away")))
    assert not in_sweep(None, None, state(ValueError("wrong")))
    assert not alone(None, None, state(RunBusyError("held")))
