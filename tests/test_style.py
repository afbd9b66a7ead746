"""Files and functions stay short enough to be read at one go."""

import ast
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("pylops_distributed", "flows", "tests", "benchmarks", "examples", "docs", "data", ".ci")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
LINES, LENGTH = 400, 20


def test_files_are_short():
    long = {str(path.relative_to(ROOT)): n for path in FILES if (n := path.read_text().count("\n")) > LINES}
    assert not long


@pytest.mark.parametrize("folder", ["pylops_distributed", "flows"])
def test_nine_functions_in_ten_are_short(folder):
    """Docstrings do not count: those of public functions say what each parameter is."""
    lengths = [
        node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node, clean=False) or "").splitlines())
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert np.quantile(lengths, 0.9) <= LENGTH
