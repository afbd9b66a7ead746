"""Docstrings: examples run, and operators tell what they do, from where, and how they are called."""

import doctest
import pkgutil
from importlib import import_module
from inspect import getdoc

import dask
import pytest

import pylops_distributed as pld

MODULES = [m.name for m in pkgutil.walk_packages(pld.__path__, f"{pld.__name__}.") if not m.ispkg]
PACKAGES = (pld.basicoperators, pld.signalprocessing, pld.avo, pld.medical, pld.waveeqprocessing)
OPERATORS = [(package, name) for package in PACKAGES for name in package.__all__ if name[0].isupper()]


def examples_of(name):
    return [t for t in doctest.DocTestFinder(exclude_empty=True).find(import_module(name)) if t.examples]


@pytest.mark.parametrize("name", [name for name in MODULES if examples_of(name)])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    with dask.config.set(scheduler="sync"):
        for test in examples_of(name):
            runner.run(test)
    assert not runner.failures


@pytest.mark.parametrize(("package", "name"), OPERATORS, ids=[name for _, name in OPERATORS])
def test_operators_tell_all(package, name):
    text = getdoc(getattr(package, name))
    for part in ("Parameters", "See Also", "References", "Examples"):
        assert f"\n{part}" in text, f"{name} lacks {part}"
    assert ":math:" in text or ".. math::" in text, f"{name} has no formula"
