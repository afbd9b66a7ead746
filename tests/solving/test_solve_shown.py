"""What people see of a solve: its progress, its history, its result in a notebook."""

import sys

import dask
import numpy as np
import pytest

import pylops_distributed as pld
from pylops_distributed.solving.solve_progress import ProgressBar

OP = pld.MatrixMult(np.random.default_rng(0).standard_normal((20, 12)))
DATA = OP @ np.ones(12)
DELAY = "pylops-distributed.solving.progress-delay"


@pytest.fixture
def terminal(monkeypatch):
    """Rich takes the captured output for a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.usefixtures("terminal")
def test_a_bar_is_drawn_on_terminals(capsys):
    pld.solve(OP, DATA, niter=5, tol=0, progress=True)
    out, err = capsys.readouterr()
    assert not out
    for part in ("cgls", "━", "5/5", "cost"):
        assert part in err


@pytest.mark.usefixtures("terminal")
def test_by_default_only_solves_that_take_long_are_shown(capsys):
    pld.solve(OP, DATA)
    assert capsys.readouterr().err == ""
    with dask.config.set({DELAY: 0}):
        pld.solve(OP, DATA, progress=False)
        assert capsys.readouterr().err == ""
        pld.solve(OP, DATA)
    assert "━" in capsys.readouterr().err


def test_where_nothing_is_redrawn_there_are_lines(capsys):
    with dask.config.set({DELAY: 0}):
        pld.solve(OP, DATA, niter=5, tol=0)
    assert capsys.readouterr().err == ""
    pld.solve(OP, DATA, niter=5, tol=0, progress=True)
    assert capsys.readouterr().err.startswith("cgls: step 5 of at most 5, cost ")


def test_progress_leaves_steps_in_batches(monkeypatch):
    looks = []
    watch = ProgressBar.watch
    monkeypatch.setattr(ProgressBar, "watch", lambda *about: (looks.append(about), watch(*about))[1])
    solution = pld.solve(OP, DATA, "ista", niter=300, tol=0, progress=True)
    assert solution.iteration == 300
    assert 0 < len(looks) < 100


def test_plot_draws_the_history_and_returns_the_axes(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    solution = pld.solve(OP, DATA, niter=5, tol=0)
    axes = solution.plot()
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), solution.history["cost"])
    np.testing.assert_array_equal(line.get_xdata(), np.arange(6))
    assert axes.get_yscale() == "log"
    assert axes.get_title() == "cgls: reached the maximum number of iterations"
    assert solution.plot("cost1", "seconds", ax=axes) is axes
    assert len(axes.lines) == 3
    with pytest.raises(ValueError, match="no 'costs'; it has: cost, cost1"):
        solution.plot("costs")
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ModuleNotFoundError, match="python -m pip install matplotlib"):
        solution.plot()


def test_results_describe_themselves(tmp_path):
    solution = pld.solve(OP, DATA, niter=5, tol=0, checkpoint=tmp_path / "<x>.zarr")
    text, page = repr(solution), solution._repr_html_()
    for part in (
        "solver: cgls",
        "iteration: 5",
        "model: ndarray (12,) float64",
        f"checkpoint: {tmp_path}/<x>.zarr",
    ):
        assert part in text
    assert "&lt;x&gt;.zarr" in page
    assert "reached the maximum number of iterations" in page
