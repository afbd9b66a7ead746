"""Errors: one base class, and an exit code each, which the documentation lists."""

import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

import pylops_distributed
import pylops_flows
from pylops_distributed import errors
from pylops_distributed.errors import ExitCode, PylopsDistributedError, exit_code_of

PAGE = (Path(__file__).parents[1] / "docs/errors.md").read_text()
CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, PylopsDistributedError)]


def test_the_documentation_lists_every_error_with_its_code():
    listed = {}
    for name, builtin, code in re.findall(r"^\| `(\w+)` \| (?:`(\w+)` )?\| (\d) \|$", PAGE, re.MULTILINE):
        listed[name] = (builtin, int(code))
    own = {}
    for cls in CLASSES[1:]:
        builtin = cls.__bases__[1].__name__ if len(cls.__bases__) > 1 else ""
        own[cls.__name__] = (builtin, cls.exit_code.value)
    assert listed == own
    assert list(listed) == sorted(listed)


def test_the_documentation_lists_every_code():
    codes = re.findall(r"^\| (\d) \| (.+) \|$", PAGE, re.MULTILINE)
    assert codes == [(str(code.value), code.meaning) for code in ExitCode]


def test_the_documentation_lists_the_errors_of_python_that_are_bad_input():
    ((names, code),) = re.findall(
        r"^Of Python's own errors, (.+?) end a command with (\d)", PAGE, re.M | re.DOTALL
    )
    assert re.findall(r"`(\w+)`", names) == [cls.__name__ for cls in errors.INPUT_ERRORS]
    assert all(exit_code_of(cls("x")) == int(code) for cls in errors.INPUT_ERRORS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError("full"), 1),
        (TypeError("a bug"), 1),
        (KeyboardInterrupt(), 4),
        (errors.InterruptedBySignal(), 4),
    ],
)
def test_codes_of_other_errors(error, code):
    assert exit_code_of(error) == code


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_travel_between_processes(cls):
    back = pickle.loads(pickle.dumps(cls("what happened")))
    assert (type(back), back.args) == (cls, ("what happened",))


def test_no_error_for_users_is_defined_elsewhere():
    for package in (pylops_distributed, pylops_flows):
        for path in Path(inspect.getfile(package)).parent.rglob("*.py"):
            if path.name == "errors.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                bases = [ast.unparse(b) for b in node.bases] if isinstance(node, ast.ClassDef) else []
                error = any(re.search(r"(Error|Exception)$", base) for base in bases)
                assert not error or node.name.startswith("_"), f"{path}: {node.name}"
