"""Settings are read from the source of solvers: they are those of the classes, and no solver is imported for them."""

import subprocess
import sys
from dataclasses import MISSING, fields
from typing import get_type_hints

import pytest

from pylops_distributed.settings.declared_fields import REQUIRED, Unknown, read_class
from pylops_distributed.settings.solver_settings import ALGORITHMS, SOLVERS, injected_fields

LOADED = """
import sys
from pylops_distributed.settings.solver_settings import SOLVERS
for form in SOLVERS.values():
    form.model_json_schema()
SOLVERS["cgls"](name="cgls", niter=3)
print(*sys.modules)
"""


@pytest.mark.parametrize("name", ALGORITHMS)
def test_fields_are_those_of_the_class(name):
    module, _, class_name = ALGORITHMS[name].partition(":")
    declared, algorithm = read_class(module, class_name), SOLVERS[name].algorithm()
    hints, injected = get_type_hints(algorithm), {f.name for f in injected_fields(algorithm)}
    assert list(declared.fields) == [f.name for f in fields(algorithm)]
    assert declared.checks == hasattr(algorithm, "__post_init__")
    for f in fields(algorithm):
        default = declared.fields[f.name].default
        if f.default_factory is not MISSING:
            assert default == f.default_factory()
        elif f.default is MISSING:
            assert default is REQUIRED
        else:
            assert (default, type(default)) == (f.default, type(f.default))
        if f.name not in injected:
            assert declared.fields[f.name].type == hints[f.name]
    assert not injected & SOLVERS[name].model_fields.keys()


def test_no_solver_is_imported_for_its_settings():
    command = [sys.executable, "-c", LOADED]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"dask", "xarray", "pylops", "pylops_distributed.optimization.algorithms.cgls"} & set(loaded)


def test_types_of_other_packages_are_unknown():
    state = read_class("pylops_distributed.optimization.algorithms.cgls", "CGLS").variables["state"]
    assert state is Unknown
