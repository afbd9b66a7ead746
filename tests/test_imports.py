"""Layers are folders: imports go one way, in no circle, and none hides inside a function."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest
from layers import ALLOWED, LIBRARY, PIPELINES, picture

import pylops_distributed
import pylops_flows
from pylops_distributed.clusters.client import HARDWARE
from pylops_distributed.execution import ON_CLUSTERS
from pylops_distributed.linearoperator.late_binding import LATE
from pylops_distributed.problems.registry import PROBLEMS
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_flows.cli.late_binding import LATE as LATE_IN_COMMANDS

ROOTS = {m.__name__: Path(m.__file__).parent for m in (pylops_distributed, pylops_flows)}


def module_of(path: Path, package: str) -> str:
    parts = (package, *path.relative_to(ROOTS[package]).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_of(path, package): path for package, root in ROOTS.items() for path in sorted(root.rglob("*.py"))
}


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules, or of things in them, that a file imports anywhere, in functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_imported(module: str) -> set[str]:
    """Our own modules that a module imports."""
    found = set()
    for name in imported(FILES[module]):
        while name and name not in FILES:
            name = name.rpartition(".")[0]
        found |= {name} - {"", module}
    return found


def layer(module: str) -> str:
    """Folder of a module, or its own name where it lies flat in its package."""
    package, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    return first if package == pylops_distributed.__name__ else f"{package}.{first}".rstrip(".")


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_what_its_folder_may(module):
    here = layer(module)
    assert here in ALLOWED, f"{module}: say in tests/layers.py what {here!r} may import"
    wrong = {m for m in modules_imported(module) if layer(m) not in {here, *ALLOWED[here]}}
    assert not wrong, f"{module} imports {wrong}"


def test_the_table_itself_has_no_circle():
    TopologicalSorter(ALLOWED).prepare()
    assert {name for name in ALLOWED if name} == {layer(m) for m in FILES} - {""}
    assert set(LIBRARY) | set(PIPELINES) == set(ALLOWED)


def test_no_circle_of_files():
    TopologicalSorter({module: modules_imported(module) for module in FILES}).prepare()


def test_few_modules_lie_flat():
    assert len(list(ROOTS["pylops_distributed"].glob("*.py"))) - 1 <= 6


@pytest.mark.parametrize("location", [*LATE.values(), *LATE_IN_COMMANDS.values()])
def test_late_bound_names_exist(location):
    module, _, attribute = location.partition(":")
    assert hasattr(import_module(module), attribute)


@pytest.mark.parametrize("registry", [HARDWARE, ON_CLUSTERS, PROBLEMS, SOLVERS])
def test_names_of_registries_exist(registry):
    assert all(registry[name] is not None for name in registry)


# Where functions import by name: the two tables, and code of users.
BY_NAME = {
    "pylops_distributed.registry",
    "pylops_distributed.linearoperator.late_binding",
    "pylops_distributed.compat.numpy",
    "pylops_distributed.problems.registry",
    "pylops_distributed.problems.fields.operator_spec",
    "pylops_distributed.storage.code_reads",
    "pylops_distributed.storage.source_code",
    # Read by its path as workers start, before anything is imported.
    "pylops_distributed.clusters.pylops_distributed_preload",
}


@pytest.mark.parametrize(
    "module", [m for m in FILES if m.startswith("pylops_distributed") and m not in BY_NAME]
)
def test_functions_import_by_the_tables_alone(module):
    """Imports in functions are found by ruff (PLC0415), those by name here."""
    assert not {"importlib.import_module", "importlib"} & set(imported(FILES[module]))


@pytest.mark.parametrize("module", [m for m in FILES if m.startswith(pylops_distributed.__name__)])
def test_the_library_never_imports_prefect(module):
    assert not {name.split(".")[0] for name in imported(FILES[module])} & {"prefect", "prefect_dask"}


def in_a_new_process(code: str) -> list[str]:
    command, folders = [sys.executable, "-c", code], [str(root.parent) for root in ROOTS.values()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_library_costs_nothing_until_it_is_used():
    code = "import sys; bare = {*sys.modules}; import pylops_distributed; print(*{*sys.modules} - bare)"
    loaded = in_a_new_process(code)
    assert pylops_distributed.__name__ in loaded
    assert not {name.partition(".")[0] for name in loaded} & {"numpy", "dask", "pylops", "xarray"}
    assert len(loaded) < 80  # as benchmarks/startup.py, which measures seconds, too


def test_importing_the_library_loads_nothing_heavy_and_leaves_logging_alone():
    code = (
        "import logging, sys, pylops_distributed as pld; "
        "pld.utils.backend.dask, pld.utils.dottest, pld.signalprocessing.Convolve1D, pld.optimization, "
        "pld.avo.poststack.PoststackLinearModelling; "
        "print(logging.root.handlers, logging.root.level, *{name.split('.')[0] for name in sys.modules})"
    )
    handlers, level, *loaded = in_a_new_process(code)
    assert (handlers, level) == ("[]", "30")
    optional = {"prefect", "prefect_dask", "pylops_flows", "dask_jobqueue", "dask_kubernetes", "asyncssh"}
    optional |= {"matplotlib", "bokeh", "h5netcdf", "h5py"}  # slow to import, and most scripts need none
    assert not optional.intersection(loaded)


@pytest.mark.parametrize(
    "package", ["", *(p.name for p in ROOTS["pylops_distributed"].iterdir() if p.is_dir())]
)
def test_every_lazy_name_exists(package):
    module = import_module(f"{pylops_distributed.__name__}.{package}".rstrip("."))
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name)


def test_the_picture_in_the_docs_is_that_of_the_table():
    page = Path(__file__).parents[1] / "docs/design.md"
    assert f"```text\n{picture()}\n```" in page.read_text(), "draw it with `python tests/layers.py`"
