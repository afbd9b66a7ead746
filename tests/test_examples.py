"""The examples in docstrings run and give what they say."""

import doctest
import pkgutil
from importlib import import_module

import dask
import pytest

import pylops_distributed

MODULES = [m.name for m in pkgutil.walk_packages(pylops_distributed.__path__, "pylops_distributed.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    with dask.config.set(scheduler="sync"):
        assert not doctest.testmod(import_module(name)).failed
