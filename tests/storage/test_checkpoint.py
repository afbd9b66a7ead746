from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_cases import IDENTITY, ToyState, after, assert_same, history, lazy, resume, start, step

import pylops_distributed.storage.atomic_group as group_module
from pylops_distributed.compat.dask import meta_of
from pylops_distributed.errors import CorruptionError
from pylops_distributed.inversion import disk_usage as disk
from pylops_distributed.optimization.algorithms.cgls import CGLSState
from pylops_distributed.storage.atomic_group import Variable, open_group, write_group
from pylops_distributed.storage.checkpoints import (
    Budget,
    CheckpointKey,
    CheckpointStore,
    Every,
    Labels,
    Retention,
)
from pylops_distributed.storage.group_metadata import read_attrs
from pylops_distributed.storage.lease import Attempt
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run


@pytest.fixture
def attempt(tmp_path: Path) -> Any:
    with Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY).attempt() as attempt:
        yield attempt


@pytest.mark.parametrize("dtype", ["f4", "c16"])
def test_round_trip_is_exact(place: str, dtype: str) -> None:
    state = after(3, dtype)
    with Run.create_or_open(place, identity=IDENTITY).attempt() as attempt, CheckpointStore(attempt) as store:
        assert store.latest(ToyState) is None
        store.save(state, history(state))
        found = store.latest(ToyState)
    assert found is not None
    assert found.name == "i00000003-a0001"
    assert_same(found.state, state)
    assert_same(step(found.state), after(4, dtype))
    np.testing.assert_array_equal(found.history["cost"], history(state)["cost"])
    assert found.attrs["metrics"] == {"cost": 1.0}


@pytest.mark.parametrize(
    "value", [np.float32(np.nan), np.float64(-0.0), np.complex64(1 - np.inf * 1j), np.float64(5e-324)]
)
def test_scalars_keep_their_bits(attempt: Attempt, value: Any) -> None:
    state = ToyState(x=lazy(np.ones(2), (2,)), iteration=1, s=lazy(np.ones(1), (1,)), kold=value)
    with CheckpointStore(attempt) as store:
        store.save(state)
        found = store.latest(ToyState)
    assert found is not None
    assert type(found.state.kold) is type(value)
    assert found.state.kold.tobytes() == value.tobytes()


chunked = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple), max_size=3).map(tuple)


@settings(max_examples=25, deadline=None)
@given(chunks=chunked, dtype=st.sampled_from(["f4", "f8", "c8", "c16", "i4", "?"]), seed=st.integers(0, 99))
def test_any_chunks_are_restored(tmp_path_factory: Any, chunks: Any, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(map(sum, chunks))
    values = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), dtype="u1").view(dtype).reshape(shape)
    if dtype == "?":
        values = rng.random(shape) < 0.5
    storage = open_storage(tmp_path_factory.mktemp("any"))
    data = da.from_array(values, chunks=chunks) if chunks else da.from_array(values)
    write_group(storage, "g", {"v": Variable(tuple(f"d{i}" for i in range(len(shape))), data)}, {})
    back = open_group(storage, "g").lazy("v")
    assert back.chunks == data.chunks
    assert back.dtype == values.dtype
    assert back.compute().tobytes() == values.tobytes()


def test_labels_make_datasets(attempt: Attempt, tmp_path: Path) -> None:
    t = xr.Variable(("t",), np.arange(3) * 0.004, {"units": "s"})
    coords = {
        "z": Variable(("z",), np.arange(4.0), {"units": "m"}),
        "cdp_x": Variable(("z", "x"), np.ones((4, 3))),
    }
    labels = {
        "domain": Labels(("z", "x"), coords, {"units": "m/s"}),
        "codomain": (Labels(("t",), {"t": t}), Labels(("a", "b"))),
    }
    state = after(2)
    with CheckpointStore(attempt, labels=labels) as store:
        store.save(state, history(state))
    ds = xr.open_zarr(tmp_path / "run.zarr/checkpoints/i00000002-a0001", consolidated=False)
    assert ds.model.dims == ("z", "x")
    assert ds.model.attrs == {"units": "m/s", "role": "x"}
    assert ds.z.attrs["units"] == "m"
    assert ds.data_residual.t.values.tolist() == t.values.tolist()
    assert ds.data_residual_1.dims == ("a", "b")
    assert ds.cost_history.dims == ("step",)
    assert ds.coords["iteration"] == 2
    assert "cdp_x" in ds.model.coords
    np.testing.assert_array_equal(ds.model, state.x)
    tree = xr.open_datatree(tmp_path / "run.zarr", engine="zarr", consolidated=False)
    assert tree["checkpoints/i00000002-a0001/kold"].item() == state.kold


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"domain": Labels(("z",))}, r"the domain has 2 axes, its labels 1: \('z',\)"),
        ({"codomain": (Labels(("t",)),)}, "the codomain has more than 1 blocks, labels are given for 1"),
        (
            {"domain": Labels(("z", "t")), "codomain": (Labels(("z",)), Labels(("a", "b")))},
            "axis 'z' has length 4 in",
        ),
        ({"domain": Labels(("z", "x"), {"z": Variable(("z",), np.zeros(5))})}, "in model and 5 in z"),
        (
            {"domain": Labels(("z", "x"), {"kold": Variable((), 1.0)})},
            r"named as arrays of the state: \['kold'\]",
        ),
    ],
)
def test_labels_must_fit(attempt: Attempt, labels: Any, message: str) -> None:
    with CheckpointStore(attempt, labels=labels, background=False) as store:
        with pytest.raises(ValueError, match=message):
            store.save(start())
        assert store.list() == []


def test_a_state_that_is_not_finite_is_not_saved(attempt: Attempt) -> None:
    state = start()
    bad = ToyState(x=da.where(state.x > 0.99, np.inf, state.x), iteration=7, s=state.s, kold=state.kold)
    with CheckpointStore(attempt, background=False) as store:
        store.save(state)
        with pytest.raises(
            FloatingPointError, match=r"model holds NaN or infinity, first in chunk \(1, 0\).*i00000007"
        ):
            store.save(bad)
        assert [e.iteration for e in store.list()] == [0]
        assert not list(store.storage.list("checkpoints/i00000007-a0001"))


def test_an_error_in_the_background_surfaces(attempt: Attempt) -> None:
    def fail() -> Any:
        raise ZeroDivisionError("no such luck")

    bad = da.from_delayed(dask.delayed(fail)(), (4,), float)
    with CheckpointStore(attempt) as store:
        store.save(ToyState(x=bad, iteration=1, s=bad, kold=np.float32(1)))
        with pytest.raises(ZeroDivisionError, match="no such luck"):
            store.save(after(2))
        store.save(after(2))
        store.wait()
        assert [e.iteration for e in store.list()] == [2]


def test_the_error_of_the_last_save_hides_no_other(attempt: Attempt, caplog: Any) -> None:
    """A lost worker, say, takes a save along; whoever catches its loss resumes."""
    bad = da.map_blocks(_fail, chunks=((4,),), dtype=float, meta=np.empty(0))
    state = ToyState(x=bad, iteration=1, s=bad, kold=np.float32(1))

    def save(error: Exception | None) -> None:
        with CheckpointStore(attempt) as store:
            store.save(state)
            if error is not None:
                raise error

    with pytest.raises(KeyError, match="first"):
        save(KeyError("first"))
    assert "the last save of" in caplog.text
    with pytest.raises(ZeroDivisionError):
        save(None)


def _fail(**_: Any) -> Any:
    raise ZeroDivisionError("no such luck")


def test_saving_does_not_hold_the_solver_up(attempt: Attempt) -> None:
    gate = threading.Event()

    def held(block: Any) -> Any:
        gate.wait(60)
        return block

    state = start()
    slow = ToyState(
        x=state.x.map_blocks(held, dtype=state.x.dtype, meta=meta_of(state.x)),
        iteration=0,
        s=state.s,
        kold=state.kold,
    )
    with CheckpointStore(attempt) as store:
        store.save(slow)  # would not return before the gate opens
        assert store.list() == []
        gate.set()
        store.wait()
        assert [e.iteration for e in store.list()] == [0]


def test_retention(attempt: Attempt) -> None:
    with CheckpointStore(attempt, retention=Retention(latest=2, every=3)) as store:
        store.storage.put("checkpoints/i00000099-a0001/model/c/0", b"left by a save that failed")
        for iteration in range(8):
            store.save(after(iteration))
            store.wait()
        assert [e.iteration for e in store.list()] == [0, 3, 6, 7]
        left = {key.split("/")[1] for key in store.storage.list("checkpoints") if key.count("/") > 1}
        assert left == {e.name for e in store.list()}
    with pytest.raises(ValueError, match="at least the latest 2"):
        Retention(latest=1)


def test_when_to_save() -> None:
    assert [i for i in range(1, 31) if Every(10).due(i, 0.0)] == [10, 20, 30]
    assert Every(10, seconds=5).due(3, 5.0)
    assert not Every(10, seconds=5).due(3, 4.9)
    assert not Every(None, seconds=5).due(10, 0.0)

    class Store:
        seconds = 2.0

    assert Budget(Store(), 0.05).due(1, 40.0)
    assert not Budget(Store(), 0.05).due(1, 39.0)
    assert Budget(Store(), 0.05, least=50.0).due(1, 50.0)
    assert not Budget(Store(), 0.05, least=50.0).due(1, 49.0)


def test_saving_a_saved_iteration_again_changes_nothing(attempt: Attempt) -> None:
    with CheckpointStore(attempt, background=False) as store:
        store.save(after(1))
        before = {k: store.storage.get(k) for k in store.storage.list("checkpoints")}
        store.save(after(1))
        assert {k: store.storage.get(k) for k in store.storage.list("checkpoints")} == before


def test_another_kind_of_state_is_rejected(attempt: Attempt) -> None:
    with CheckpointStore(attempt) as store:
        store.save(start())
        with pytest.raises(TypeError, match="holds a ToyState, not a CGLSState"):
            store.latest(CGLSState)


def test_newer_attempts_come_first() -> None:
    passed_over = CheckpointKey.of("i00000030-a0001")
    assert max(passed_over, CheckpointKey.of("i00000025-a0002")).name == "i00000025-a0002"
    assert CheckpointKey.of("i00000030-a0001").path == "checkpoints/i00000030-a0001"


def test_a_killed_publisher_is_not_seen_but_swept(tmp_path: Path) -> None:
    url = str(tmp_path / "run.zarr")
    resume(url, 3)
    storage = open_storage(url)
    left = "checkpoints/i00000004-a0001/model/c/0/0"
    storage.put(left, b"half")
    run = Run.open(url)
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        assert not storage.exists(left)
        assert [e.iteration for e in store.list()] == [2, 3]


def test_published_groups_are_not_written_over(place: str) -> None:
    storage = open_storage(place)
    write_group(storage, "g", {"v": Variable((), 1.5)}, {"a": 1})
    with pytest.raises(FileExistsError, match="never written over"):
        write_group(storage, "g", {}, {"a": 2})
    assert read_attrs(storage, "g")["a"] == 1


def test_lost_chunks_are_noticed_before_publishing(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    write_chunk = group_module._write_chunk

    def forgetful(block: Any, place: Any, index: Any, **options: Any) -> int:
        return 1 if index == (1, 0) else write_chunk(block, place, index, **options)

    monkeypatch.setattr(group_module, "_write_chunk", forgetful)
    with CheckpointStore(attempt, background=False) as store:
        with pytest.raises(OSError, match="model: 1 of 2 chunks were stored"):
            store.save(start())
        assert store.list() == []


def test_blocks_of_another_shape_are_rejected(attempt: Attempt) -> None:
    """An operator's result may not have the shape it says; nothing fills it up."""
    state = start()
    spoilt = replace(state, x=state.x.map_blocks(lambda block: block[:, :2], dtype=state.x.dtype))
    with CheckpointStore(attempt, background=False) as store:
        with pytest.raises(ValueError, match=r"block of model has shape \(\d, 2\), expected \(\d, 3\)"):
            store.save(spoilt)
        assert store.list() == []


def test_the_reported_disk_use_equals_the_bytes_written(attempt: Attempt) -> None:
    data = da.ones((5, 7), chunks=((2, 3), (3, 3, 1)), dtype="f4")
    state = ToyState(x=data, iteration=1, s=lazy(np.ones(1), (1,)), kold=np.float32(0))
    with CheckpointStore(attempt, background=False) as store:
        store.save(state)
    manifest = read_attrs(attempt.storage, "checkpoints/i00000001-a0001")["manifest"]["model"]
    assert manifest["stored_bytes"] == disk._padded_nbytes(data) + 4 * manifest["nchunks"]  # a checksum each
    assert disk._padded_nbytes(data) == 4 * 6 * 9


def test_text_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="names has type <U1, expected numbers"):
        write_group(open_storage(tmp_path), "g", {"names": Variable(("k",), np.array(["a"]))}, {})


@pytest.mark.usefixtures("cluster")
@pytest.mark.filterwarnings("ignore:Sending large graph")
def test_workers_write_and_read_their_own_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    original = zarr.storage.ObjectStore.set

    async def noted(self: Any, key: str, value: Any) -> None:
        keys.append(key)
        await original(self, key, value)

    monkeypatch.setattr(zarr.storage.ObjectStore, "set", noted)
    run = Run.create_or_open(tmp_path / "run.zarr", identity=IDENTITY)
    with (
        run.attempt() as attempt,
        CheckpointStore(attempt) as store,
    ):
        state = after(2)
        (kept,) = dask.persist(state)
        store.save(kept, history(state))
        found = store.latest(ToyState)
        assert found is not None
        assert_same(found.state, state)
        (again,) = dask.persist(found.state)
        assert_same(again, state)
    assert keys
    assert not [key for key in keys if key.startswith("c")]


def test_warnings_name_the_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = str(tmp_path / "run.zarr")
    resume(url, 3)
    storage = open_storage(url)
    storage.delete("checkpoints/i00000003-a0001/model/c/1/0")
    with Run.open(url).attempt() as attempt, CheckpointStore(attempt, verify="fast") as store:
        with caplog.at_level(logging.WARNING, "pylops_distributed.storage.checkpoints"):
            found = store.latest(ToyState)
        assert found is not None
        assert found.name == "i00000002-a0001"
        assert "i00000003-a0001 is corrupt" in caplog.text
        assert "model: nchunks is 1, was written as 2" in caplog.text
        store.save(step(found.state))  # the corrupt one must not push the intact one out
        store.wait()
        assert [e.name for e in store.list()] == ["i00000002-a0001", "i00000003-a0002"]
        for entry in store.list():
            storage.delete(f"{entry.path}/kold/c")
        with pytest.raises(CorruptionError, match=r"all checkpoints .* are corrupt.*delete checkpoints/"):
            store.latest(ToyState)
