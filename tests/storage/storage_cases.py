"""A small solver state with a step that is exact to the bit, and ways to kill a process while it saves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import zarr.storage

import pylops_distributed.storage.atomic_group as group_module
from pylops_distributed.execution.state import State, scalar, vector
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.object_store import Storage
from pylops_distributed.storage.run import Run
from pylops_distributed.vectors.space import BlockVector, Vector

IDENTITY = {"problem": "toy", "solver": {"name": "CGLS", "damp": 0.5}}


@dataclass(frozen=True)
class ToyState(State):
    s: Vector = vector("data_residual", "codomain")
    kold: Any = scalar("kold")


def start(dtype: str = "f4") -> ToyState:
    x = np.linspace(-1, 1, 12, dtype="f8").reshape(4, 3).astype(dtype)
    s = BlockVector((lazy(np.arange(3, dtype=dtype), ((1, 2),)), lazy(np.ones((2, 2), dtype), 2)))
    return ToyState(x=lazy(x, ((1, 3), (3,))), iteration=0, s=s, kold=np.float32(0.1))


def lazy(values: np.ndarray, chunks: Any) -> da.Array:
    return da.from_array(values, chunks=chunks)


def step(state: ToyState) -> ToyState:
    k = np.float32(state.kold * np.float32(1.01))
    (x,) = da.compute(state.x)
    return ToyState(
        x=lazy((x * k + state.iteration).astype(x.dtype), state.x.chunks),
        iteration=state.iteration + 1,
        s=state.s.map(lambda a: lazy((a.compute() * 0.7).astype(a.dtype), a.chunks)),
        kold=k,
    )


def after(iteration: int, dtype: str = "f4") -> ToyState:
    state = start(dtype)
    for _ in range(iteration):
        state = step(state)
    return state


def history(state: ToyState) -> dict[str, np.ndarray]:
    return {"cost": np.arange(state.iteration + 1) / 3}


def assert_same(a: State, b: State) -> None:
    """Equal to the bit, types and chunks included."""
    assert type(a) is type(b)
    for f in fields(a):
        mine, others = (
            (v.arrays if isinstance(v, BlockVector) else (v,))
            for v in (getattr(a, f.name), getattr(b, f.name))
        )
        for p, q in zip(mine, others, strict=True):
            assert getattr(p, "chunks", None) == getattr(q, "chunks", None), f.name
            p, q = (np.asarray(v.compute() if isinstance(v, da.Array) else v) for v in (p, q))
            assert (p.dtype, p.shape, p.tobytes()) == (q.dtype, q.shape, q.tobytes()), f.name


def resume(url: str, iterations: int, ack: Path | None = None, identity: dict[str, Any] = IDENTITY) -> None:
    """Resume the run at ``url``, and save every iteration; acknowledged ones are noted in ``ack``."""
    with Run.create_or_open(url, identity=identity).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
        state = start() if found is None else found.state
        while state.iteration < iterations:
            state = step(state)
            store.save(state, history(state))
            store.wait()
            if ack is not None:
                ack.write_text(str(state.iteration))


def resume_and_die(
    url: str, iterations: int, ack: Path, at: int, mode: str, count: Path, settings: dict[str, str]
) -> None:
    """As :func:`resume`, killed ``before``, ``half`` way or ``after`` the write number ``at``."""
    os.environ.update(settings)  # the fork server was started before there was a bucket
    arm(at, mode)
    resume(url, iterations, ack)
    count.write_text(str(arm.calls))


def arm(at: int, mode: str) -> None:
    """Have this process killed at one of its writes or deletions."""
    arm.calls = 0

    @contextmanager
    def deadly(place: Path | None, data: bytes | None) -> Iterator[None]:
        struck = arm.calls == at
        arm.calls += 1
        if struck and mode == "half" and place is not None:
            tear(place, data)
        if struck and mode != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if struck:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(name: str) -> None:
        original = getattr(Storage, name)

        def wrapped(self: Storage, key: str, *data: bytes) -> Any:
            with deadly(self.folder and self.folder / key, data[0] if data else None):
                return original(self, key, *data)

        setattr(Storage, name, wrapped)

    for name in ("put", "put_new", "delete", "delete_prefix"):
        wrap(name)
    original_set = zarr.storage.ObjectStore.set

    async def wrapped_set(self: Any, key: str, value: Any) -> None:
        prefix = getattr(self.store, "prefix", None)
        with deadly(prefix / key if isinstance(prefix, Path) else None, value.to_bytes()):
            await original_set(self, key, value)

    zarr.storage.ObjectStore.set = wrapped_set
    original_chunk = group_module.write_chunk

    def wrapped_chunk(path: Path, block: np.ndarray) -> bool:
        with deadly(path, block.tobytes()):
            return original_chunk(path, block)

    group_module.write_chunk = wrapped_chunk


def tear(place: Path, data: bytes | None) -> None:
    """Leave a write, or the deletion of a folder, half done."""
    if data is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data[: len(data) // 2])
    elif place.is_dir():
        files = sorted(p for p in place.rglob("*") if p.is_file())
        for file in files[: len(files) // 2]:
            file.unlink()
