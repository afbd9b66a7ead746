"""The table of commands: each is imported when it is called, and none of them imports Prefect for its help."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pylops_flows.cli import commands
from pylops_flows.cli.command_table import COMMANDS
from pylops_flows.cli.main import app

HEAVY = {
    "prefect",
    "prefect_dask",
    "zarr",
    "xarray",
    "pydantic",
    "dask",
    "numpy",
    "distributed",
    "pylops",
    "pandas",
}
IMPORTED = """
import sys
from pylops_flows.cli.main import app
try:
    app(sys.argv[1:])
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def imported_by(environment, *words, code=0):
    command = [sys.executable, "-c", IMPORTED, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return set(done.stderr.split()), done.stdout


def test_commands_that_read_or_reject_import_no_more_than_they_need(environment, tmp_path):
    mistake = tmp_path / "c.yaml"
    mistake.write_text("dataset: a.zarr\nproblem: {vertcal: 1}\nsolver: {name: cgls, niter: 0}\n")
    for words, code in ((("runs", "--root", str(tmp_path)), 0), (("run", str(mistake)), 2)):
        modules, _ = imported_by(environment, *words, code=code)
        assert not modules & {"prefect", "xarray", "pandas", "pylops", "scipy", "distributed"}


def test_a_command_is_one_file_and_one_line():
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(COMMANDS)
    assert all(entry.location == f"{name}:{name}_command" for name, entry in COMMANDS.items())


def test_help_imports_no_command(environment):
    modules, text = imported_by(environment, "--help")
    assert not modules & HEAVY
    for name, entry in COMMANDS.items():
        assert f"│ {name} " in text
        assert entry.help.split()[0] in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name):
    function = COMMANDS[name].load()
    assert inspect.getdoc(function).partition("\n")[0] == COMMANDS[name].help
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert COMMANDS[name].help[:30] in done.output


def test_no_command_imports_prefect_for_its_help(environment):
    calls = (
        "from pylops_flows.cli.command_table import COMMANDS\nfor entry in COMMANDS.values(): entry.load()"
    )
    script = f"import sys\n{calls}\nprint(*sys.modules)"
    command = [sys.executable, "-c", script]
    modules = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"prefect", "prefect_dask"} & set(modules)


def test_a_name_that_is_no_command_is_rejected_with_the_nearest():
    done = CliRunner().invoke(app, ["rum"])
    assert done.exit_code == 2
    assert "run" in done.output
