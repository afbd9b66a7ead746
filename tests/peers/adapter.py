"""A pytest plugin under which PyLops' tests run against this library, and that writes down what they did."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import redirect
from as_they_are import NumpyFeeder
from feeding import Feeder

# In which kind of arrays the tests' vectors come into the library.
feeder = {"chunks": Feeder, "numpy": NumpyFeeder}[os.environ["PEERS_ARRAYS"]]()


def pytest_configure(config: pytest.Config) -> None:
    """Before anything of the suite is imported."""
    feeder.install()
    redirect.install(config.rootpath / "pytests", feeder.wrap)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to count anew."""
    feeder.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended."""
    if report.when == "call" or report.outcome != "passed":
        lines = str(report.longrepr).splitlines() if report.failed else []
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        note(report.nodeid, report.outcome, feeder.counted(), " | ".join(errors[:3]))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be imported is one failed item."""
    if report.failed:
        lines = str(report.longrepr).splitlines()
        note(report.nodeid, "failed", {}, lines[-1] if lines else "")


def note(node: str, outcome: str, applied: dict[str, int], message: str) -> None:
    """Add a line to the report at once: an interruption loses no item that has ended."""
    item = {"outcome": outcome, "applied": applied, "message": message}
    with Path(os.environ["PEERS_REPORT"]).open("a") as file:
        file.write(json.dumps([node, item]) + "\n")
