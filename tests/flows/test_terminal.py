"""The terminal: runs by short names, tables that fit, JSON, completion, and errors in plain words."""

import io
import json
from types import SimpleNamespace

import dask.array as da
import pytest
from rich.console import Console
from typer.testing import CliRunner

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.runs.comparison import compare
from pylops_distributed.runs.reading import open_run
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run
from pylops_flows.cli import comparison_table, runs_table, tables
from pylops_flows.cli.comparison_table import print_comparison, shorten
from pylops_flows.cli.console import describe_error
from pylops_flows.cli.main import app
from pylops_flows.cli.run_names import find_run, ordered_runs
from pylops_flows.cli.runs_table import print_runs

NAMES = ("demo-41b3a5df.zarr", "demo-41b9ffff.zarr", "mri-dc12af62.zarr")  # oldest first


def solve(url, niter):
    """A run made in Python."""
    op = pld.Diagonal(da.linspace(1, 2, 8, chunks=4))
    run = Run.create_or_open(url, identity={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        run_solver(CGLS(niter, tol=0.0), op, da.ones(8, chunks=4), store=store, save=Every(2))
    return run


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A folder with two runs that were solved."""
    root = tmp_path_factory.mktemp("solved") / "runs"
    for name, niter in (("a", 3), ("b", 4)):
        solve(root / f"{name}.zarr", niter)
    return root


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with three runs, in the working folder."""
    for name in NAMES:
        Run.create_or_open(tmp_path / "runs" / name, identity={"name": name}).attempt().close()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def call(*words, code=0):
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == code, done.output
    return SimpleNamespace(out=done.stdout, err=done.stderr)


def test_runs_by_short_names(root):
    assert [name for name, _ in ordered_runs("runs")] == [*reversed(NAMES)]
    places = {name: str(root / name) for name in NAMES}
    for text, name in (
        ("latest", NAMES[2]), ("1", NAMES[2]), ("3", NAMES[0]), ("mri", NAMES[2]), ("dc12", NAMES[2]),
        ("41b3", NAMES[0]), ("demo-41b9", NAMES[1]), ("demo-41b3a5df", NAMES[0]), (NAMES[1], NAMES[1]),
        (f"runs/{NAMES[1]}", NAMES[1]), ("runs/latest", NAMES[2]), (root / NAMES[0], NAMES[0]),
    ):  # fmt: skip
        assert find_run(str(text), "runs") == places[name], text
    Run.open(root / NAMES[0]).attempt().close()  # resumed: it is the latest now
    assert find_run("latest", "runs") == places[NAMES[0]]
    (root.parent / "mri").mkdir()  # another folder of that name is not meant
    assert find_run("mri", "runs") == places[NAMES[2]]


def test_runs_that_are_not_meant_clearly(root):
    with pytest.raises(
        ValueError, match=r"beginning of 2 runs in .*: demo-41b9ffff.zarr and demo-41b3a5df.zarr"
    ):
        find_run("demo", "runs")
    with pytest.raises(FileNotFoundError, match=r"no run mry-dc12 in .*: did you mean mri-dc12af62.zarr\?"):
        find_run("mry-dc12", "runs")
    for text in ("4", "41b"):  # no such number, and too short for a hash
        with pytest.raises(FileNotFoundError, match="there is no run"):
            find_run(text, "runs")
    with pytest.raises(FileNotFoundError, match="give another folder with --root"):
        find_run("latest", "nowhere")
    with pytest.raises(ValueError, match="is empty"):
        find_run(" ", "runs")


def on_terminal(monkeypatch, width, show, *args):
    """Return the lines on a terminal of so many columns."""
    screen = Console(width=width, force_terminal=True, soft_wrap=True, highlight=False, file=io.StringIO())
    for module in (tables, runs_table, comparison_table):
        monkeypatch.setattr(module, "out", screen)
    show(*args)
    return screen.file.getvalue().splitlines()


def test_names_are_never_cut(root, monkeypatch):
    piped = call("runs").out.splitlines()
    assert [line.split("\t")[1] for line in piped] == ["run", *NAMES[::-1]]
    assert {line.count("\t") for line in piped} == {7}
    for width, columns in ((200, 8), (80, 8), (50, 4), (20, 2)):
        heading, *rows = on_terminal(monkeypatch, width, print_runs, "runs")
        assert len(heading.split()) == columns - 1  # the number has no heading
        assert [row.split()[:2] for row in rows] == [[str(n), name] for n, name in enumerate(NAMES[::-1], 1)]
        assert width == 20 or max(map(len, [heading, *rows])) <= width


def test_paths_are_not_encoded(tmp_path, monkeypatch):
    folder = tmp_path / "mein Ordner é" / "дир"
    name = Run.create_or_open(folder / "a b.zarr", identity={}).name
    assert name == "a b.zarr"
    assert call("runs", "--root", folder).out.splitlines()[1].split("\t")[1] == name
    assert f"run: {folder}/{name}" in call("show", "latest", "--root", folder).out
    monkeypatch.chdir(tmp_path)
    nothing = call("runs")
    assert (nothing.out, f"no runs in {tmp_path}/runs" in nothing.err) == ("", True)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("runs",), {"number", "name", "state", "place", "niter"}),
        (("show", "latest"), {"state", "report", "contents", "settings"}),
        (("verify", "1"), {"intact", "findings", "place"}),
        (("compare", "1", "2"), {"runs", "settings", "metrics", "models"}),
        (("problems",), {"name", "description"}),
        (("check", "deblurring"), {"name", "passed", "message"}),
    ],
)
def test_json_is_one_document(solved, monkeypatch, words, keys):
    monkeypatch.chdir(solved.parent)
    done = json.loads(call(*words, "--json").out)
    assert keys <= set(done[0] if isinstance(done, list) else done)


def test_json_has_no_numbers_that_json_has_not(root):
    (run,) = (record for record in json.loads(call("runs", "--json").out) if record["name"] == NAMES[2])
    assert (run["state"], run["iteration"], run["process"]) == ("interrupted", None, None)
    assert call("show", "nothing", "--json", code=2).out == ""


def test_compare_shows_what_differs(solved, monkeypatch):
    trees = [open_run(solved / f"{name}.zarr") for name in "ab"]
    for tree, folder in zip(trees, ("old", "new"), strict=True):
        tree.attrs["params"] = {"dataset": f"/a/long/way/down/{folder}/data.zarr"}
    lines = on_terminal(monkeypatch, 200, print_comparison, compare(*trees))
    assert lines[0].split() == ["a.zarr", "b.zarr"]
    rows = [line.split() for line in lines]
    assert ["solver.niter", "3", "4"] in rows
    assert ["dataset", "…/old/data.zarr", "…/new/data.zarr"] in rows
    narrow = on_terminal(monkeypatch, 20, print_comparison, compare(*trees))
    assert narrow[narrow.index("solver.niter") :][:3] == ["solver.niter", "  a.zarr  3", "  b.zarr  4"]
    assert shorten(["/a/b", "-"]) == ["/a/b", "-"]


def complete(shell, *words):
    text = " ".join(("pld", *words))
    env = {"_PLD_COMPLETE": f"complete_{shell}", "COMP_WORDS": text, "COMP_CWORD": str(len(words)),
           "_TYPER_COMPLETE_ARGS": text, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}  # fmt: skip
    return CliRunner().invoke(app, [], prog_name="pld", env=env).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_names_of_runs(root, shell):
    found = complete(shell, "show", "demo-4")
    assert [name in found for name in NAMES] == [True, True, False]


def test_shells_complete_commands(root):
    assert "compare" in complete("bash", "comp")


def test_version():
    assert call("--version").out == f"pylops-distributed {pld.__version__}\n"


def test_errors_have_no_names_of_classes(root):
    assert call("show", "nothing", code=2).err.startswith("error: there is no run nothing in ")
    (root / NAMES[0] / "zarr.json").write_text("{")
    assert "Error" not in call("runs").err
    assert describe_error(OSError(28, "No space left on device", "/x")) == "No space left on device: /x"
    assert "KeyError, not foreseen: PLD_TRACEBACK=1" in describe_error(KeyError("x"))
