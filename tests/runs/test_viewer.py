"""What `pld view` does without a browser; tests/browser looks at its page."""

import sys

import pytest
import xarray as xr
from typer.testing import CliRunner

from pylops_distributed import open_run
from pylops_distributed.runs.viewer import slider, view
from pylops_flows.cli.main import app


def test_without_panel_the_extra_is_named(runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "panel", None)
    result = CliRunner().invoke(app, ["view", runs["plain"], "--no-open"])
    assert result.exit_code == 1
    assert "pip install 'pylops-distributed[view]'" in result.output


def test_tabs(runs):
    pytest.importorskip("panel", reason="needs the extra view")
    about, tabs = view(open_run(runs["plain"]))
    assert "| iterations | 6 |" in about.object
    assert {tab.title for tab in tabs.get_root().tabs} == {
        "Iterates",
        "History",
        "impedance",
        "background",
        "Data",
    }


def test_a_run_that_has_only_begun():
    pytest.importorskip("panel", reason="needs the extra view")
    (about,) = view(xr.DataTree(name="new"))
    assert "no checkpoint yet" in about.object


def test_sliders(runs):
    pytest.importorskip("panel", reason="needs the extra view")
    *sliders, _ = slider(open_run(runs["plain"])["iterates"]["model"])
    assert [(s.label, s.value, len(s.options)) for s in sliders] == [("iteration", 6, 3), ("inline", 1004, 6)]
