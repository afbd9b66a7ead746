"""The page of `pld view` in a real browser: it shows sections, iterates and history, and sliders change them."""

from __future__ import annotations

import base64
import io
import os
import shutil
import time
from importlib import import_module
from urllib.parse import urlsplit

import matplotlib.image
import numpy as np
import psutil
import pytest

from pylops_distributed import open_run
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.inversion.result import write_result
from pylops_distributed.runs.report import summary
from pylops_distributed.storage.checkpoint_policies import Every, Retention
from pylops_flows.server.embedded import free_port
from pylops_flows.settings.pipeline import load

pytestmark = pytest.mark.browser
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    given = os.environ.get("PYLOPS_DISTRIBUTED_BROWSER")
    found = given or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )  # None: what Playwright installed itself
    with import_module("playwright.sync_api").sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()


@pytest.fixture
def run(config, tmp_path):
    """A run with iterates of steps 2, 4 and 6."""
    settings = load(config, {"root": str(tmp_path), "solver": {"niter": 6}})
    solver = settings.solver.build()
    made = begin(settings.root, ingest(settings.sources, settings.target).url, settings.problem, solver)
    with Inversion(made, solver, save=Every(2), retention=Retention(every=2)) as inversion:
        inversion.advance()
    write_result(made)
    return made.storage.url


@pytest.fixture
def served(pld, run):
    """Address of the run's page, and the process behind it."""
    port = free_port()
    process = pld("view", run, "--no-open", "--port", port, wait=False)
    assert f"http://127.0.0.1:{port}" in process.stdout.readline()
    yield f"http://127.0.0.1:{port}", process.pid
    process.terminate()
    process.communicate(timeout=30)


def test_the_page(browser, served, run):
    address, pid = served
    tree, page, hosts, errors = open_run(run), browser.new_page(), set(), []
    page.on(
        "request", lambda request: hosts.add(urlsplit(request.url).hostname or "127.0.0.1")
    )  # data: has none
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(address)
    page.get_by_text(f"Run {tree.name}").wait_for()
    for name, value in summary(tree).items():
        assert page.get_by_role("row", name=f"{name} {value}").count() == 1
    newest = picture(page)

    handles = page.locator(".noUi-handle")
    assert handles.count() == 2
    assert page.get_by_text("iteration: 6").count() == 1
    press(page, handles.nth(0), "ArrowLeft")
    older = picture(page, newest)
    assert page.get_by_text("iteration: 4").count() == 1
    press(page, handles.nth(1), "ArrowRight")
    neighbour = picture(page, older)
    press(page, handles.nth(1), "ArrowLeft")
    np.testing.assert_array_equal(picture(page, neighbour), older)

    page.get_by_text("History", exact=True).click()
    history = picture(page, older)
    assert (np.ptp(history[..., :3], axis=2) > 0.3).sum() > 100  # a curve in colour
    for name in tree["model"].to_dataset().data_vars:
        page.get_by_text(str(name), exact=True).click()
        section = picture(page, history)
        press(page, page.locator(".noUi-handle").first, "ArrowLeft")
        picture(page, section)
        history = section
    page.get_by_text("Data", exact=True).click()
    page.locator("img").nth(1).wait_for()
    assert page.locator("img").count() == 2

    assert not errors
    assert hosts == {"127.0.0.1"}  # no fonts, scripts or figures from elsewhere
    listening = {c.laddr.ip for c in psutil.Process(pid).net_connections("tcp") if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def press(page, handle, key):
    """Move a slider by one."""
    handle.focus()
    page.keyboard.press(key)


def picture(page, before=None):
    """Pixels of the picture that is shown, once it is another than ``before``; it must not be empty."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        images = page.locator("img")
        source = images.first.get_attribute("src") if images.count() else None
        if source and images.first.bounding_box():
            pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(source.partition(",")[2])))
            if before is None or pixels.shape != before.shape or (pixels != before).any():
                assert pixels[..., :3].std() > 0.05
                return pixels
        page.wait_for_timeout(50)
    raise AssertionError("the picture did not change")
