"""How much of the types is left open: `Any` written in signatures, and errors of mypy that are ignored."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [
    p for base in ("pylops_distributed", "flows/pylops_flows") for p in sorted((ROOT / base).rglob("*.py"))
]
MOST_ANY = 150
MOST_IGNORED = 15


def count_any(tree):
    """Number of `Any` in annotations of parameters and results, those in strings too."""
    return sum(
        len(re.findall(r"\bAny\b", ast.unparse(annotation)))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for annotation in (*parameters(node.args), node.returns)
        if annotation is not None
    )


def parameters(arguments):
    """Annotations of all parameters."""
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    return [p.annotation for p in named if p is not None]


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("def f(x: Any, *a: 'Any', **k: int) -> dict[str, Any]: ...", 3),
        ("class A:\n    async def f(self, y: t.Any) -> None:\n        def g(z: Any): ...", 2),
        ("x: Any = 1\ndef f(x: Anything) -> NDArray: ...", 0),
    ],
)
def test_each_any_of_a_signature_is_counted(code, number):
    assert count_any(ast.parse(code)) == number


def test_few_signatures_leave_a_type_open():
    numbers = {str(p.relative_to(ROOT)): count_any(ast.parse(p.read_text())) for p in FILES}
    most = sorted(numbers.items(), key=lambda pair: -pair[1])[:10]
    assert sum(numbers.values()) <= MOST_ANY, (
        f"{sum(numbers.values())} times Any in signatures, most in {most}"
    )


def test_no_name_stands_for_any():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            alias = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"
            value = ast.unparse(node.value) if alias or isinstance(node, ast.Assign) else ""
            assert value not in ("Any", "typing.Any"), f"{path}:{node.lineno}"


def test_few_errors_of_types_are_ignored():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"# type: ignore", line)
    ]
    assert len(found) <= MOST_IGNORED, found
