"""A pytest plugin under which PyLops' tests run against this library, and that writes down what they did."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import redirect
from feeding import Feeder

feeder = Feeder()
borrowed: set[str] = set()
items: dict[str, dict[str, Any]] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Before anything of the suite is imported."""
    feeder.install()
    redirect.install(config.rootpath / "pytests", feeder.wrap, borrowed)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to count anew."""
    feeder.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended."""
    if report.when == "call" or report.outcome != "passed":
        lines = str(report.longrepr).splitlines() if report.failed else []
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        items[report.nodeid] = {
            "outcome": report.outcome, "applied": feeder.counted(), "message": " | ".join(errors[:3]),
        }  # fmt: skip


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be imported is one failed item."""
    if report.failed:
        lines = str(report.longrepr).splitlines()
        items[report.nodeid] = {"outcome": "failed", "message": lines[-1] if lines else ""}


def pytest_sessionfinish() -> None:
    """Write the report."""
    Path(os.environ["PEERS_REPORT"]).write_text(json.dumps({"items": items, "borrowed": sorted(borrowed)}))
