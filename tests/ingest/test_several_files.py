"""Several files as one survey: angle stacks, vintages and receivers along a new axis, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError
from segy_files import write_traces

from pylops_distributed.ingest import Source, ingest, open_dataset, write_segy
from pylops_flows.settings.pipeline import load

ANGLES = [5, 15, 25]


@pytest.fixture
def stacks(rng) -> np.ndarray:
    return rng.normal(size=(3, 4, 5, 6)).astype("f4")


@pytest.fixture(params=["sgy", "npy", "npz", "nc", "zarr"])
def files(request, tmp_path: Path, stacks) -> list[str]:
    """A stack a file, named by its angle."""
    paths = []
    for angle, stack in zip(ANGLES, stacks, strict=True):
        path = tmp_path / f"stack_{angle}.{request.param}"
        ds = xr.Dataset({"amplitude": (("inline", "crossline", "twt"), stack)}, {"inline": np.arange(4)})
        match request.param:
            case "sgy":
                write_segy(str(path), stack, dt_ms=4)
            case "npy":
                np.save(path, stack)
            case "npz":
                np.savez(path, amplitude=stack)
            case "nc":
                ds.to_netcdf(path, engine="h5netcdf")
            case _:
                ds.to_zarr(path, consolidated=False)
        paths.append(str(path))
    return paths


def options(files: list[str]) -> dict[str, object]:
    bare = files[0].endswith(("npy", "npz"))
    return {"dims": ["inline", "crossline", "twt"], "interval": "4 ms"} if bare else {}


@pytest.mark.parametrize("angles", [ANGLES, r"stack_(\d+)"], ids=["listed", "in names"])
def test_angle_stacks(files, stacks, url, angles, tmp_path):
    pattern = str(tmp_path / f"stack_*{Path(files[0]).suffix}")
    where = {"paths": files} if angles is ANGLES else {"path": pattern}
    source = Source(**where, along={"angle": angles}, options=options(files))
    assert Source.model_validate_json(source.model_dump_json()) == source
    ref = ingest({"data": source}, url)
    ds = open_dataset(url)
    assert ds.data.dims == ("angle", "inline", "crossline", "twt")
    np.testing.assert_array_equal(ds.data, stacks)
    np.testing.assert_array_equal(ds.angle, ANGLES)
    assert ds.data.chunks[0] == (1, 1, 1)
    assert ref == ingest({"data": source}, url)
    other = Source(paths=files, along={"angle": [5, 15, 30]}, options=options(files))
    with pytest.raises(FileExistsError, match="another dataset"):
        ingest({"data": other}, url)


def test_chunks_along_the_new_axis(files, stacks, url):
    source = Source(
        paths=files, along={"angle": None}, options=options(files), chunks={"angle": -1, "twt": 6}
    )
    ingest({"data": source}, url)
    ds = open_dataset(url)
    assert ds.data.chunks[0] == (3,)
    np.testing.assert_array_equal(ds.angle, [0, 1, 2])
    np.testing.assert_array_equal(ds.data, stacks)


def test_a_file_that_changes_is_noticed(files, url):
    source = Source(paths=files[:2], along={"angle": [1, 2]}, options=options(files))
    before = source.stamp()
    Path(files[1]).touch()
    if Path(files[1]).is_file():
        assert source.stamp() != before


@pytest.fixture
def stack(tmp_path):
    """A function that writes a stack with other numbers, and returns its path."""

    def write(name: str, shape: tuple[int, ...] = (4, 5, 6), **more: object) -> str:
        path = str(tmp_path / f"{name}.sgy")
        write_segy(path, np.ones(shape, "f4"), **({"dt_ms": 4} | more))
        return path

    return write


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"shape": (4, 5, 7)}, r"the grids differ: .*b\.sgy' has .*'twt': 7.*window="),
        ({"dt_ms": 2}, r"the grids differ in 'twt': .*0.0 to 10.0 ms .*0.0 to 20.0 ms"),
        ({"inline": np.arange(4) + 9}, r"the grids differ in 'inline'"),
    ],
)
def test_grids_must_agree(stack, url, other, words):
    source = Source(paths=[stack("a"), stack("b", **other)], along={"angle": [1, 2]})
    with pytest.raises(ValueError, match=words):
        ingest(source, url)
    assert not Path(url).exists()


def test_a_window_makes_grids_agree(stack, url):
    paths = [stack("a"), stack("b", shape=(4, 5, 7))]
    ingest(Source(paths=paths, along={"vintage": [1998, 2006]}, window={"twt": [0, 20]}), url)
    assert open_dataset(url).amplitude.shape == (2, 4, 5, 6)


@pytest.mark.parametrize(
    ("along", "words"),
    [
        ({"angle": [1]}, "does not fit 2 files"),
        ({"angle": [1, 1]}, "more than once"),
        ({"angle": [1, 2], "offset": [1, 2]}, "expected the name of the new axis"),
        ({"inline": [1, 2]}, "has an axis of that name already"),
        ({"angle": r"stack_\d+"}, "finds no number"),
        ({"angle": "("}, "finds no number"),
    ],
)
def test_axes_that_do_not_fit(stack, along, words):
    paths = [stack("stack_1"), stack("stack_2")]
    with pytest.raises(ValueError, match=words):
        Source(paths=paths, along=along).open(checksum=False)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        Source(path="nothing_*.sgy", along={"angle": None}).open()
    with pytest.raises(ValidationError, match="need the axis along which"):
        Source(paths=paths)
    with pytest.raises(ValidationError, match="given twice"):
        Source(path=paths[0], window={}, options={"window": {}})


def test_holes_and_positions_that_differ(tmp_path, url):
    """A receiver a file: where it is differs, and so do the shots that it has."""
    paths = []
    for number, lines in enumerate(([1, 2, 3], [1, 3])):
        path = str(tmp_path / f"{number}.sgy")
        values = np.array(lines, "f4")[:, None] + 10 * number + np.zeros(4, "f4")
        write_traces(path, values, {189: lines, 193: [1] * len(lines), 181: [100 * number + 1] * len(lines)})
        paths.append(path)
    full = str(tmp_path / "2.sgy")
    write_traces(full, np.full((3, 4), 7, "f4"), {189: [1, 2, 3], 193: [1] * 3, 181: [900] * 3})
    options = {"dims": {"inline": 189, "crossline": 193}, "coords": {"cdp_x": 181}}
    ingest(Source(paths=[paths[0], full], along={"receiver": [1, 2]}, options=options), url)
    ds = open_dataset(url)
    assert ds.amplitude.shape[0] == 2
    assert "receiver" in ds.cdp_x.dims
    with pytest.raises(ValueError, match="the grids differ"):
        Source(paths=paths, along={"receiver": [1, 2]}, options=options).open()


def test_in_settings_paths_count_from_their_folder(stack, tmp_path):
    stack("near"), stack("far")
    (tmp_path / "run.yaml").write_text(
        "sources:\n  data: {paths: [near.sgy, far.sgy], along: {angle: [5, 25]}, window: {twt: [4, 12]}}\n"
    )
    source = load(tmp_path / "run.yaml").sources["data"]
    assert source.files() == [str(tmp_path / "near.sgy"), str(tmp_path / "far.sgy")]
    assert source.open().amplitude.shape == (2, 4, 5, 3)
    (tmp_path / "bad.yaml").write_text("sources:\n  data: {path: near.sgy, windw: {twt: [4, 12]}}\n")
    with pytest.raises(ValueError, match="windw: unknown key"):
        load(tmp_path / "bad.yaml")
