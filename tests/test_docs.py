"""What README and docs show works: Python is run, commands are understood by the command line."""

import inspect
import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
import typer

import pylops_distributed
from pylops_distributed.ingest import Source, ingest
from pylops_distributed.ingest.formats.segy.presets import PRESETS
from pylops_distributed.ingest.formats.source import FORMATS, SHARED, WORDS
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.problems.registry import PROBLEMS
from pylops_flows.cli.main import app
from pylops_flows.settings.pipeline import load

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path, language):
    found = re.findall(r"^```(\w*)\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
    return [text for kind, text in found if kind == language]


@pytest.fixture(scope="session")
def demo_runs(tmp_path_factory):
    """A folder in which the demo was run, on a small volume."""
    root = tmp_path_factory.mktemp("demo") / "runs"
    settings = load(ROOT / "data/sample/demo.yaml", {"root": str(root), "solver": {"niter": 3}})
    dataset, solver = ingest(settings.sources, settings.target).url, settings.solver.build()
    run = begin(settings.root, dataset, settings.problem, solver, name=settings.name)
    with Inversion(run, solver) as inversion:
        inversion.advance()
    write_result(run)
    return root


@pytest.fixture
def demo(demo_runs, tmp_path, monkeypatch):
    """A copy of that folder, to work in."""
    shutil.copytree(demo_runs, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("path", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_runs(path):
    names = {}
    for block in blocks(path, "python"):
        exec(compile(block, path.name, "exec"), names)


def test_commands_are_understood():
    group = typer.main.get_command(app)
    shown = set()
    for line in (line for path in PAGES for block in blocks(path, "") for line in block.splitlines()):
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            if words and Path(words[0]).name == "pld":
                if words[1].startswith("--"):
                    assert any(words[1] in option.opts for option in group.get_params(typer.Context(group)))
                    continue
                command = group.commands[words[1]]
                command.make_context(words[1], words[2:])  # raises for what it does not know
                shown.add(words[1])
    assert shown == set(group.commands)


def test_every_problem_has_a_page_with_figures_and_a_picture(tmp_path):
    names = runpy.run_path(str(ROOT / "docs/pages.py"))
    names["write_pages"](tmp_path)
    for name in PROBLEMS:
        page, picture = (tmp_path / f"{name}.md").read_text(), ROOT / f"docs/problems/{name}.png"
        assert re.search(r"^\| [\w ]*(error|misfit) \| \d+\.\d\d \|$", page, re.MULTILINE)
        assert ".. math::" in page
        assert (ROOT / "docs/problems" / re.search(r"literalinclude} (\S+)", page)[1]).is_file()
        assert 1e3 < picture.stat().st_size < 8e4


def test_every_option_of_every_reader_is_on_the_page_of_options(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    runpy.run_path(str(ROOT / "docs/option_pages.py"))["write_options"](tmp_path / "options.md")
    page = (tmp_path / "options.md").read_text()
    sections = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))
    rows = {
        name: re.findall(r"^\| `(\w+)` \| .+ \|.*\| .+ \|$", text, re.MULTILINE)
        for name, text in sections.items()
    }
    assert (rows["Every format"], rows["Arrays"]) == ([*SHARED], [*WORDS])
    for name, form in FORMATS.items():
        (title,) = [one for one, text in sections.items() if f"`format: {name}`" in text]
        parameters = [*inspect.signature(form.load_reader()).parameters]
        assert rows[title] == [one for one in parameters if one not in ("path", "wanted")]
    assert rows["Every source"] == [name for name in Source.model_fields if name != "path"]
    assert re.findall(r"^\| `(\w+)` \|", sections["Presets of SEG-Y"], re.MULTILINE) == [*PRESETS]


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_make_runs_the_commands_of_contributing():
    text = (ROOT / "Makefile").read_text()
    values = dict(re.findall(r"^(\w+) := (.*)$", text, re.MULTILINE))
    for name in ["PYTEST", "BIN"]:
        text = text.replace(f"$({name})", values[name])
    recipes = dict(re.findall(r"^(\w+):\n\t(.*)$", text.replace("$(BIN)", values["BIN"]), re.MULTILINE))
    rows = re.findall(r"^\|[^|]*\| (`.*)\| `(\w+)` \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    shown = {name: re.search(r"`([^`]+)`", row).group(1) for row, name in rows if name != "make"}
    assert len(shown) > 10
    assert {name: recipes[name] for name in shown} == shown


def test_the_version_is_everywhere_the_same():
    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert pylops_distributed.__version__ == citation.group(1)
