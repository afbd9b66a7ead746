"""What code reads while it is imported or runs is part of a run: files, modules by name, the environment, tables."""

import sys

import numpy as np
import pytest
from identity_cases import code, own, problem

FILE = "float(np.load({}))"
KIND = "class K:\n    def __init__(self, a): self.a = a\n"
DISPATCH = (
    "import functools\n@functools.singledispatch\ndef f(x): return 0\n@f.register\ndef _(x: int): return "
)
CHANGES = {
    "user's package named flows": (
        {"flows": "def f(): return 2.0", "own": problem("f()", "from flows import f")}, {"flows": "def f(): return 2.5"}
    ),
    "module imported by its name": (
        {"helper": "SCALE = 2.0", "own": problem("importlib.import_module('helper').SCALE", "import importlib")},
        {"helper": "SCALE = 2.5"},
    ),
    "method of a single dispatch": (
        {"own": problem("f(1)", DISPATCH + "2.0")}, {"own": problem("f(1)", DISPATCH + "2.5")}
    ),
}  # fmt: skip
READS = {
    "table": ("T", "T = [float(np.load('w.npy'))]", "[0]"),
    "mapping": ("T", "T = {'a': np.load('w.npy').item()}", "['a']"),
    "labelled array": ("float(W)", "W = xr.DataArray(np.load('w.npy'))", ""),
    "object": ("C.a", KIND + "C = K(np.load('w.npy').item())", ""),
    "constant path": (FILE.format("'w.npy'"), "", ""),
    "path in a global": (FILE.format("PATH"), "PATH = 'w.npy'", ""),
    "Path in a global": (FILE.format("PATH"), "from pathlib import Path\nPATH = Path('w.npy')", ""),
    "next to the module": (
        FILE.format("Path(__file__).parent / 'w.npy'"), "from pathlib import Path", ""
    ),
    "in a folder": (FILE.format("os.path.join('data', 'w.npy')"), "import os", ""),
}  # fmt: skip
ENVIRONMENT = ["os.environ['SCALE']", "os.getenv('SCALE', '1')", "os.environ.get(NAME)", "environ['SCALE']"]


@pytest.mark.parametrize(("first", "second"), CHANGES.values(), ids=list(CHANGES))
def test_code_that_is_found_by_name_is_part_of_it(folder, first, second):
    before = own(folder, **first)
    assert own(folder) == before
    assert own(folder, **second) != before


@pytest.mark.parametrize("name", READS)
def test_files_that_code_reads_are_part_of_it(folder, name, monkeypatch):
    scale, imports, index = READS[name]
    file = folder / "data/w.npy" if name == "in a folder" else folder / "w.npy"
    file.parent.mkdir(exist_ok=True)
    if name == "next to the module":
        (folder / "elsewhere").mkdir()
        monkeypatch.chdir(folder / "elsewhere")
    np.save(file, 2.0)
    before = own(folder, own=problem(scale + index, imports))
    assert own(folder) == before
    np.save(file, 2.5)
    assert own(folder) != before


@pytest.mark.parametrize("how", ENVIRONMENT)
def test_the_environment_is_part_of_it(folder, monkeypatch, how):
    monkeypatch.setenv("SCALE", "2.0")
    before = own(folder, own=problem(f"float({how})", "import os\nfrom os import environ\nNAME = 'SCALE'"))
    monkeypatch.setenv("OTHER", "1")
    assert own(folder) == before
    monkeypatch.setenv("SCALE", "2.5")
    assert own(folder) != before


def test_secrets_of_the_environment_are_not(folder, monkeypatch):
    """A token that is new every hour begins no other run, and leaves no digest of itself."""
    monkeypatch.setenv("API_TOKEN", "a")
    before = own(folder, own=problem("float(len(os.environ['API_TOKEN']))", "import os"))
    monkeypatch.setenv("API_TOKEN", "b")
    assert own(folder) == before


def test_a_table_counts_as_it_is_loaded(folder):
    before = own(folder, own=problem("T['a']", "T = {'a': 2.0}"))
    loaded = sys.modules["own"].Own()
    (folder / "own.py").write_text(problem("T['a']", "T = {'a': 2.5}"))
    assert code(loaded) == before
    assert own(folder) != before


def test_what_code_changes_counts_by_its_text(folder):
    """A cache, a counter, or a list that grows, is of the moment: the same run resumes with it."""
    more = """
    def f(self):
        CACHE['a'] = 2.0
        SEEN.append(1)
        C.n = C.n + 1
        D.count()
        return CACHE['a']
    """
    kinds = "class K:\n    n = 0\nclass L:\n    def count(self): self.n = getattr(self, 'n', 0) + 1\n"
    before = own(folder, own=problem("self.f()", kinds + "CACHE, SEEN = {}, []\nC, D = K(), L()", more=more))
    loaded = sys.modules["own"].Own()
    loaded.f()
    assert code(loaded) == before
