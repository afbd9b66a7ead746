"""docs/own-problem.md, executed: its module, checked, then swept on workers that do not have it."""

import io
import re
import site
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pylops_distributed import open_run
from pylops_distributed.problems.registry import find_problem
from pylops_distributed.storage.run import list_runs
from pylops_flows.cli.demo_data import make_case
from pylops_flows.cli.main import app
from pylops_flows.cli.new_problem import problem_text

PAGE = Path(__file__).parents[2] / "docs/own-problem.md"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The page's module in a folder that is this process' own, and no worker's."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert code == problem_text("Blur")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "blur.py"
    sys.modules.pop("blur", None)


def invoke(*words):
    done = CliRunner().invoke(app, list(map(str, words)))
    return done.exit_code, done.output


def test_begun_checked_and_not_overwritten(module):
    assert invoke("new", "problem", "blur")[0] == 0
    assert module.read_text() == problem_text("Blur")
    code, text = invoke("check", "blur.py")
    assert code == 0, text
    for word in ("passes the dot test", "in 4 chunks of up to", "a checkpoint", "tasks a step"):
        assert word in text
    for words, message in (
        (("new", "problem", "blur"), "already exists"),
        (("new", "problem", "my-blur"), "cannot be the name of a Python module"),
        (("new", "problem", "json"), "is already the name of an importable module"),
        (("new", "problem", "xarray"), "is already the name of an importable module"),
        (("new", "operator", "blur"), "pld new problem blur"),
        (("check", "sharp.py"), "there is no file"),
        (("demo", "blur:Sharp"), "cannot be imported"),
        (("demo", "json:JSONDecoder"), "is in the package 'json'"),
        (("demo", "blur:np"), "is no subclass"),
    ):
        code, text = invoke(*words)
        assert (code, message in text) == (2, True), text


def test_a_problem_in_another_folder(module, tmp_path, monkeypatch):
    folder = tmp_path / "problems"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path])
    (folder / "haze.py").write_text(problem_text("Haze"))
    (folder / "wave.py").write_text(problem_text("Wave"))
    code, text = invoke("check", "problems/haze.py")
    assert code == 0, text
    assert sys.path[-1] == str(folder)
    code, text = invoke("check", "problems/wave.py")  # a module of Python
    assert (code, "is the name of another module" in text) == (2, True), text
    sys.modules.pop("haze")


def test_a_wrong_adjoint_is_found(module):
    right = "return Convolve1D(self._traces(ds).shape, h / h.sum(), offset=16, axis=-1)"
    wrong = (
        "class Wrong(Convolve1D):\n"
        "            def _rmatvec(self, y):\n"
        "                return 2 * super()._rmatvec(y)\n\n        "
    ) + right.replace("Convolve1D", "Wrong")
    text = problem_text("Blur")
    assert right in text
    module.write_text(text.replace(right, wrong))
    code, text = invoke("check", "blur.py")
    assert code == 1, text
    assert "FAIL adjoint" in text


@pytest.mark.slow
def test_swept_on_workers_that_do_not_have_the_module(pld, server, environment, workers, module, tmp_path):
    module.write_text(problem_text("Blur"))
    path = f"{tmp_path}:{environment['PYTHONPATH']}"
    here = f"cluster={{hardware: '{workers.scheduler_address}', options: {{}}}}"
    settings = [here, "solver.niter=30", "problem.smooth=[0.01, 0.1, 1, 10]"]
    config = make_case("blur:Blur", tmp_path)
    options = [word for setting in settings for word in ("--set", setting)]
    code, text = pld("sweep", config, "--root", tmp_path / "runs", *options, PYTHONPATH=path, **server)
    assert code == 0, text
    folder = Path(text.strip().splitlines()[-1].removeprefix("sweep: "))
    assert (folder / "lcurve.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(io.BytesIO((folder / "sweep.csv").read_bytes()))
    assert list(table["label"]) == ["smooth=0.01", "smooth=0.1", "smooth=1", "smooth=10"]
    assert table["residual"].is_monotonic_increasing
    assert table["prior"].is_monotonic_decreasing
    runs = {run.attrs["problem"]["smooth"]: run for run in list_runs(str(tmp_path / "runs"))}
    assert sorted(runs) == [0.01, 0.1, 1.0, 10.0]
    for smooth, run in runs.items():
        assert run.status().state == "finished"
        assert run.attrs["problem"]["name"] == "blur:Blur"
        residual = open_run(run.storage.url)["residual"]["residual"].values
        np.testing.assert_allclose(np.linalg.norm(residual), table["residual"][sorted(runs).index(smooth)])


OTHERS = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\nclass Blur: pass\n"


@pytest.mark.parametrize("how", ["user", "added", "inside", "appended"])
def test_packages_of_others_are_not_imported_by_name(how, module, tmp_path, monkeypatch):
    """Only the folder of work, PYTHONPATH and what a program puts first itself: no folder of packages is among them."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path.with_name(tmp_path.name + "-others")
    if how == "user":
        monkeypatch.setattr(site, "getusersitepackages", lambda: str(folder))
        monkeypatch.syspath_prepend(str(folder))
    elif how == "inside":  # an environment in the folder of work
        folder = tmp_path / "env" / "lib" / "site-packages"
        monkeypatch.syspath_prepend(str(folder))
    folder.mkdir(parents=True)
    (folder / "strangers.py").write_text(OTHERS)
    if how == "added":
        site.addsitedir(str(folder))
    elif how == "appended":
        sys.path.append(str(folder))
    with pytest.raises(ValueError, match=r"'strangers', which is installed.*PYLOPS_DISTRIBUTED_PACKAGES"):
        find_problem("strangers:Blur")
    assert "strangers" not in sys.modules
    assert not (folder / "ran").exists()
    monkeypatch.setenv("PYLOPS_DISTRIBUTED_PACKAGES", "strangers")
    with pytest.raises(ValueError, match="no subclass"):
        find_problem("strangers:Blur")
    assert (folder / "ran").exists()
    sys.modules.pop("strangers")
