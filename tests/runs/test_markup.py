"""Names of strangers are shown, and never are HTML or Markdown: in the report, Prefect's artifacts and the viewer."""

import html
import re
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr

from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.runs import markup
from pylops_distributed.runs.reading import open_run
from pylops_distributed.runs.report import draw, summary, write_report
from pylops_distributed.runs.viewer import view
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_flows.runtime.artifacts import report_markdown

EVIL = "<script>alert(1)<"
TAG = re.compile(r"<(script|img src=y|b>)|javascript:", re.IGNORECASE)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evil")
    about = {"units": "<b>u</b>", "long_name": EVIL}
    dims = ("x<img src=y onerror=alert(1)>", "t")
    raw = xr.Dataset(
        {"d<script>": (dims, np.ones((6, 8)), about)}, {"t": np.arange(8.0)}, attrs={"title": EVIL}
    )
    raw.to_netcdf(folder / "raw.nc", engine="h5netcdf")
    solver = SOLVERS["cgls"](name="cgls", niter=3)
    forward = {"path": "pylops_distributed.Identity", "args": [[6, 8]]}
    problem = load_problem({"name": "linear", "observed": "d<script>", "forward": forward})
    with dask.config.set(scheduler="sync"):
        ref = ingest(str(folder / "raw.nc"), str(folder / "ds.zarr"))
        run = begin(
            str(folder), ref.url, problem, solver, name="<script>`|*x*", params={"name": "</pre><script>"}
        )
        with Inversion(run, solver) as inversion:
            inversion.advance()
        write_result(run)
        yield run.storage.url


def test_report_artifact_and_viewer(run):
    with dask.config.set(scheduler="sync"):
        tree = open_run(run)
        page = Path(write_report(run)).read_text()
        pictures = draw(tree)
        evil = {f"<script>{name}": png for name, png in pictures.items()}
        texts = [page, report_markdown(run, "/a/<script>|`x.html", summary(tree), evil)]
        pytest.importorskip("panel", reason="needs pip install 'pylops-distributed[view]'")
        texts.append(view(tree)[0].object)
    for text in texts:
        assert not TAG.search(text)
        assert "script" in html.unescape(text)


@pytest.mark.parametrize(
    "value", ["<script>", "a|b", "`x`", "[a](javascript:x)", "![a](b)", "a\nb", "&lt;", "\\<b>"]
)
def test_values_are_shown_as_they_are(value):
    line = " ".join(value.split())
    assert not re.search(r"[<>|`\[\n]", markup.text(value))
    assert html.unescape(markup.text(value)) == line
    code = markup.code(value)
    if code != f"`{value}`":
        code = code.removeprefix("<code>").removesuffix("</code>")
        assert not re.search(r"[<>|`\[\n]", code)
        assert html.unescape(code) == line
    shown = markup.opening(value)
    assert "<script" not in shown
    assert markup.text("a_b-1.5e+3") == "a_b-1.5e+3"
    assert markup.code("/a/b c.zarr") == "`/a/b c.zarr`"
