"""Imports point one way, and the library works without Prefect."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pylops_distributed

ROOT = Path(pylops_distributed.__file__).parent
PACKAGE = ROOT.name
OPERATORS = {"basicoperators", "signalprocessing", "avo", "lift", "local", "algebra"}
DRIVERS = {"avo", "waveeqprocessing"}  # hold inversions too, which are built on solvers
EDGES = {"ingest", "results", "report", "problem", "problems", "postprocess", "modelling", "inversion"}

# What each part of the library must not import.
FORBIDDEN = {
    "space": OPERATORS | EDGES | {"linearoperator", "optimization", "execution", "store"},
    **dict.fromkeys(
        ("graphs", "columns", "application", "cost", "matrix", "tall"),
        OPERATORS | EDGES | {"linearoperator", "execution", "store"},
    ),
    "linearoperator": {"basicoperators", "signalprocessing", "avo", "lift", "execution", "store"} | EDGES,
    **dict.fromkeys(OPERATORS, EDGES | DRIVERS | {"optimization", "execution", "store"}),
    **dict.fromkeys(DRIVERS, EDGES | {"execution", "store"}),
    "optimization": EDGES | {"signalprocessing", "avo", "lift", "store"},
    "execution": EDGES | OPERATORS | {"store"},
    "limits": OPERATORS | EDGES | {"optimization", "execution", "store"},
    "labelled": EDGES | {"optimization", "execution", "store"},
    "memory": EDGES | OPERATORS | {"space", "linearoperator", "optimization", "execution", "store"},
    "store": EDGES | OPERATORS,
    "ingest": OPERATORS | {"linearoperator", "optimization", "execution", "problem", "problems"},
    "results": OPERATORS | {"linearoperator", "problem", "problems"},
    "utils": EDGES | {"optimization", "execution", "store"},
    "clusters": EDGES | OPERATORS | {"linearoperator", "optimization", "execution", "store"},
}


def imported(path):
    """Full names of the modules, or of things in them, that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(part):
    """Source files of a part: of a module or of a package."""
    return [ROOT / f"{part}.py"] if (ROOT / f"{part}.py").exists() else sorted((ROOT / part).rglob("*.py"))


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_imports_point_one_way(part):
    assert files(part), f"there is no {part} any more"
    for path in files(part):
        parts = {name.split(".")[1] for name in imported(path) if name.startswith(f"{PACKAGE}.")}
        wrong = parts & FORBIDDEN[part] - {part}
        assert not wrong, f"{path} imports {wrong}"


def test_no_file_of_the_library_imports_flows_or_prefect():
    for path in ROOT.rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"pylops_flows", "prefect", "prefect_dask"}, path


def test_importing_the_library_loads_nothing_heavy_and_leaves_logging_alone():
    code = (
        "import logging, sys, pylops_distributed as pld; "
        "pld.utils.backend.dask, pld.utils.dottest, pld.signalprocessing.Convolve1D, pld.optimization, "
        "pld.avo.poststack.PoststackLinearModelling; "
        "print(logging.root.handlers, logging.root.level, *{name.split('.')[0] for name in sys.modules})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True
    )
    handlers, level, *loaded = run.stdout.split()
    assert (handlers, level) == ("[]", "30")
    assert PACKAGE in loaded
    optional = {"prefect", "prefect_dask", "pylops_flows", "dask_jobqueue", "dask_kubernetes", "asyncssh"}
    optional |= {"matplotlib", "bokeh", "h5netcdf", "h5py"}  # slow to import, and most scripts need none
    assert not optional.intersection(loaded)
