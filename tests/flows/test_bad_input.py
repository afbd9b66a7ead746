"""Bad input ends with a clear message and exit code 2 (3: busy), before a flow, worker or solver starts."""

import struct
from contextlib import closing

import numpy as np
import pytest
import xarray as xr
import yaml

from pylops_distributed.ingest import ingest, write_segy
from pylops_distributed.inversion.inversion import begin
from pylops_distributed.storage.run import list_runs
from pylops_flows.settings.pipeline import load

SAMPLES = 64
TRACE = 240 + 4 * SAMPLES


def spoil(path, what):
    """Make a good SEG-Y file of one that cannot be read."""
    data = bytearray(path.read_bytes())
    match what:
        case "no segy":
            data = b"PK not a survey" * 1000
        case "truncated":
            del data[-100:]
        case "duplicates":  # the second trace gets the line numbers of the first
            first = 3600 + 188
            data[first + TRACE : first + TRACE + 8] = data[first : first + 8]
        case "sample interval":
            data[3216:3218] = struct.pack(">h", 2000)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no segy", "is no SEG-Y file"),
        ("truncated", "truncated"),
        ("duplicates", "are both at inline=1001, crossline=2001"),
        ("sample interval", "2000 in the binary header"),
    ],
)
def test_a_bad_file(run_rejected, config, what, words):
    spoil(config.parent / "seismic.sgy", what)
    for done in (
        run_rejected("run", config, "--root", config.parent, alone=what == "truncated"),
        run_rejected("ingest", config.parent / "seismic.sgy", config.parent / "out.zarr"),
    ):
        assert done.code == 2
        assert words in done.text
        assert "seismic.sgy" in done.text
    assert not list(config.parent.rglob("*.zarr"))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "solver.nitr=3",
            ["the values of --set cannot be used", "--set solver.nitr: unknown key; did you mean niter?"],
        ),
        ("solvr={}", ["solvr: unknown key"]),
        ("problem.wavelet.peek=3", ["--set problem.wavelet.peek: unknown key; did you mean peak?"]),
        ("sources.amplitude.pth=a", ["sources.amplitude.pth: unknown key; did you mean path?"]),
        ("timeouts.later=3", ["timeouts.later: unknown key; expected one of ingest, invert, postprocess"]),
        ("problem.name=postack", ["did you mean 'poststack'?"]),
        ("solver={", ["--set solver: the value '{' is not YAML: expected the node content"]),
        ("solver.name=cglss", ["did you mean 'cgls'?"]),
        ("solver.name=magic", ["solver.name", "'cgls'", "'magic'"]),
        ("solver.niter=0", ["solver.niter", "greater than or equal to 1", "got 0"]),
        ("problem.name=nothing", ["problem.name", "'poststack'", "'nothing'"]),
        ("problem.wavelet={kind: richer}", ["problem.wavelet: 'kind' is 'richer'", "did you mean ricker?"]),
        ("problem.background=-1", ["problem.background", "greater than 0"]),
        ("problem.amplitude=data", ["has no variable 'data'", "'amplitude'"]),
        ("problem.truth=porosity", ["has no variable 'porosity'", "'impedance'"]),
        ("cluster.hardware=abacus", ["hardware must be one of", "'abacus'"]),
        ("sources.amplitude.path=nowhere.sgy", ["there is no file", "nowhere.sgy"]),
        ("sources.amplitude.format=tape", ["format='tape' is unknown", "'segy'"]),
        (
            "sources.amplitude.options={dims: {inline: 9, crossline: 193}}",
            ["'inline' is 0 in all 168 traces"],
        ),
        ("sources.amplitude.options={dims: {inline: 190}}", ["no trace header field starts at byte 190"]),
        ("sources.amplitude.options={byte: 9}", ["unknown options ['byte']", "expected some of"]),
        ("niter", ["--set 'niter' is not a setting: write --set KEY=VALUE"]),
    ],
)
def test_a_bad_setting(run_rejected, config, setting, words):
    done = run_rejected("run", config, "--root", config.parent, "--set", setting)
    assert done.code == 2
    for word in words:
        assert word in done.text
    assert not list(config.parent.rglob("*.zarr"))


def test_every_wrong_key_is_named_at_once(run_rejected, tmp_path):
    (tmp_path / "c.yaml").write_text("dataset: a.zarr\nsolvr: {}\nproblem: {peak: 2}\n")
    done = run_rejected("run", tmp_path / "c.yaml", alone=True)
    assert done.code == 2
    assert "solvr: unknown key" in done.text
    assert "problem.peak: unknown key" in done.text
    assert "c.yaml cannot be used" in done.text
    assert "--set" not in done.text
    for text in ("a: [", r'"\Ua000E6F9"'):  # a letter that there is not
        (tmp_path / "c.yaml").write_text(text)
        assert "is not YAML" in run_rejected("run", tmp_path / "c.yaml").text
    (tmp_path / "c.yaml").write_text("name: nothing\n")
    assert "give `sources` (raw files) or `dataset`" in run_rejected("run", tmp_path / "c.yaml").text
    assert "expected a YAML file with settings" in run_rejected("run", tmp_path / "d.yaml").text


def test_a_format_that_is_not_recognised(run_rejected, config):
    unnamed, target = config.parent / "survey.seg", config.parent / "out.zarr"
    unnamed.write_bytes(b"seismic" * 1000)
    assert "with pld ingest --format (suffixes .sgy" in run_rejected("ingest", unnamed, target).text
    done = run_rejected("ingest", unnamed, target, "--option", "format=segy")
    assert (done.code, "with pld ingest --format" in done.text) == (2, True), done.text
    named = config.parent / "seismic.sgy"
    flow = run_rejected("ingest", named, target, "--format", "segy", "-o", "dims={inline:189,crossline:193}")
    assert "'inline:189' has no value: write a blank after the colon" in flow.text


@pytest.mark.parametrize("command", ["forward", "invert"])
def test_sources_that_are_not_ingested_yet(run_rejected, config, command):
    target = [config.parent / "out.zarr"] if command == "forward" else []
    done = run_rejected(command, config, *target, "--root", config.parent)
    assert done.code == 2
    assert f"Its sources are ingested by the pipeline: pld run {config}" in done.text


@pytest.mark.parametrize("command", ["show", "resume", "postprocess"])
def test_no_run(run_rejected, tmp_path, command):
    done = run_rejected(command, tmp_path / "nowhere.zarr")
    assert done.code == 2
    assert "there is no run" in done.text


def test_grids_that_differ(run_rejected, config):
    write_segy(str(config.parent / "background.sgy"), np.ones((12, 13, SAMPLES), "f4"), t0_ms=800)
    done = run_rejected("run", config, "--root", config.parent)
    assert done.code == 2
    assert "'background' has 13 'crossline' where the variables before it have 14" in done.text


@pytest.fixture
def stored(tmp_path):
    """Make a dataset of arrays, and settings to invert it with."""

    def make(**arrays):
        path = tmp_path / "in.zarr"
        dims = {3: ("inline", "crossline", "twt"), 2: ("inline", "sample")}
        ds = xr.Dataset({name: (dims[a.ndim], a) for name, a in arrays.items()}, {"twt": 4.0 * np.arange(64)})
        ds.to_zarr(path, mode="w", consolidated=False)
        ref = ingest(str(path), str(tmp_path / "dataset.zarr"))
        config = tmp_path / "c.yaml"
        config.write_text(
            yaml.safe_dump({"dataset": ref.url, "problem": {"wavelet": {"kind": "ricker", "peak": 20}}})
        )
        return config

    return make


ONES = np.ones((2, 3, 64), "f4")


def with_sample(value):
    changed = ONES.copy()
    changed[0, 1, 5] = value
    return changed


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"amplitude": with_sample(np.nan), "background": ONES}, "NaN or infinite (1 in 'amplitude')"),
        ({"amplitude": ONES, "background": with_sample(np.inf)}, "NaN or infinite (1 in 'background')"),
        (
            {"amplitude": ONES, "background": with_sample(-2)},
            "values down to -2, but an impedance is above zero",
        ),
        (
            {"amplitude": ONES.astype("c8"), "background": ONES},
            "'amplitude' is of type complex64, expected real",
        ),
        ({"amplitude": ONES[:, 0], "background": ONES}, "'amplitude' has no dimension 'twt'"),
        ({"amplitude": ONES, "background": ONES[:, 0]}, "'background' has dimensions ('inline', 'sample')"),
    ],
)
def test_data_that_do_not_fit(run_rejected, stored, tmp_path, arrays, words):
    config = stored(**arrays)
    for command in ("run", "invert"):
        done = run_rejected(command, config, "--root", tmp_path)
        assert done.code == 2
        assert words in done.text
    assert not list_runs(tmp_path)


def test_another_request_at_the_place_of_a_run(run_rejected, stored, tmp_path):
    config = stored(amplitude=ONES, background=ONES)
    settings = load(config, {"root": str(tmp_path)})
    solver, params = settings.solver.build(), settings.model_dump(mode="json")
    run = begin(settings.root, settings.target, settings.problem, solver, params=params)
    place = run.storage.folder
    for changes, words in (
        (["problem.lateral=0.2"], ["problem.lateral: 0.0 in the run, 0.2 given"]),
        (
            ["problem.vertical=3", "solver.damp=1"],
            ["problem.vertical: 0.0 in the run, 3.0 given", "solver.damp: 0.0 in the run, 1.0 given"],
        ),
    ):
        options = [word for change in changes for word in ("--set", change)]
        for done in (
            run_rejected("resume", place, *options),
            run_rejected("run", config, "--into", place, *options),
        ):
            assert done.code == 2
            for word in words:
                assert word in done.text
    (tmp_path / "dataset.zarr").rename(tmp_path / "other.zarr")
    other = stored(amplitude=2 * ONES, background=ONES)
    done = run_rejected("run", other, "--into", place)
    assert done.code == 2
    assert "data: " in done.text
    with closing(run.attempt()):
        done = run_rejected("resume", place)
    assert done.code == 3
    assert "is being worked on by process" in done.text
