"""Saving, crashing, damage, pruning and new attempts in any order, against a model in memory."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import dask
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from storage_cases import IDENTITY, ToyState, after, assert_same, history, step

import pylops_distributed.storage.atomic_group as group_module
from pylops_distributed.errors import CorruptionError
from pylops_distributed.storage.checkpoints import CheckpointKey, CheckpointStore, Retention
from pylops_distributed.storage.run import Run

DAMAGES = {
    "cut": lambda raw: raw[: len(raw) // 2],
    "flipped": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "emptied": lambda raw: b"",
}


class Crashed(Exception):
    """The process would be gone."""


class Runs(RuleBasedStateMachine):
    """``intact`` holds what must be found again: iterations that were acknowledged and not corrupted since, by name.

    ``unseen`` have flipped bits in a chunk, which only reading shows: until then, retention counts them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.intact: dict[str, int] = {}
        self.published: set[str] = set()
        self.unseen: set[str] = set()

    @initialize(latest=st.integers(2, 3))
    def begin(self, latest: int) -> None:
        self.retention = Retention(latest)
        self.open()

    def open(self) -> None:
        """A new attempt resumes from the newest intact checkpoint, or says that there is none."""
        self.attempt = Run.create_or_open(self.folder / "run.zarr", identity=IDENTITY).attempt()
        self.store = CheckpointStore(self.attempt, retention=self.retention, background=False)
        try:
            found = self.store.latest(ToyState)
        except CorruptionError:
            assert self.published
            assert not self.intact
            shutil.rmtree(self.folder / "run.zarr/checkpoints")  # as the error says
            self.published.clear()
            self.unseen.clear()
            found = None
        assert (found is None) == (not self.intact)
        if found is not None:
            assert found.name == max(self.intact, key=CheckpointKey.of)
            self.unseen = {
                name for name in self.unseen if CheckpointKey.of(name) < CheckpointKey.of(found.name)
            }
            assert_same(found.state, after(self.intact[found.name]))
        self.state = after(0 if found is None else found.state.iteration)  # in memory, as solvers have it

    @rule(steps=st.integers(1, 3))
    def resume(self, steps: int) -> None:
        for _ in range(steps):
            self.state = step(self.state)

    @rule()
    def go_back(self) -> None:
        """A step has failed: the same attempt resumes from the newest intact checkpoint, if there is one."""
        if not self.intact:
            return
        found = self.store.latest(ToyState)
        assert found is not None
        assert found.name == max(self.intact, key=CheckpointKey.of)
        self.unseen = {name for name in self.unseen if CheckpointKey.of(name) < CheckpointKey.of(found.name)}
        self.state = after(found.state.iteration)

    @rule()
    def save(self) -> None:
        self.try_to_save()
        self.note()

    def try_to_save(self) -> None:
        entry = CheckpointKey(self.attempt.number, self.state.iteration)
        if entry in self.store._unsound:  # to be written anew
            self.published.discard(entry.name)
        self.store.save(self.state, history(self.state))

    @rule(writes=st.integers(0, 6))
    def crash_while_saving(self, writes: int) -> None:
        """The process ends after so many chunks, before anything is tidied up; the lease is given up for it."""
        left = iter(range(writes))
        write, delete = group_module.write_chunk, type(self.store.storage).delete_prefix

        def deadly(path: Path, block: Any) -> bool:
            if next(left, None) is None:
                raise Crashed
            return write(path, block)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(group_module, "write_chunk", deadly)
            patch.setattr(
                type(self.store.storage),
                "delete_prefix",
                lambda s, p: None if "/checkpoints/" in str(s / p) else delete(s, p),
            )
            with contextlib.suppress(Crashed):
                self.try_to_save()
        self.note()
        self.attempt.close()
        self.open()

    @rule()
    def new_attempt(self) -> None:
        self.store.close()
        self.attempt.close()
        self.open()

    @rule()
    def prune(self) -> None:
        self.store.prune()
        self.note()

    @precondition(lambda self: self.intact)
    @rule(data=st.data(), how=st.sampled_from([*sorted(DAMAGES), "lost"]))
    def damage(self, data: Any, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.intact)))
        files = sorted(f for f in (self.folder / "run.zarr/checkpoints" / name).rglob("*") if f.is_file())
        file = data.draw(st.sampled_from(files))
        if how == "lost":
            file.unlink()
            if file.parent.name == name:  # what publishes it
                self.published.discard(name)
        else:
            file.write_bytes(DAMAGES[how](file.read_bytes()))
            if how == "flipped" and file.name != "zarr.json":
                self.unseen.add(name)
        del self.intact[name]

    def note(self) -> None:
        """Note the published ones after a save or a pruning: only the retention may delete intact ones."""
        entries = {entry.name: entry.iteration for entry in self.store.list()}
        new = entries.keys() - self.published
        kept = sorted(self.intact.keys() | new | self.unseen, key=CheckpointKey.of)[-self.retention.latest :]
        assert set(kept) <= entries.keys()
        self.intact = {n: i for n, i in entries.items() if n in self.intact or n in new}
        self.published = set(entries)
        self.unseen &= self.published

    @invariant()
    def only_saved_states_are_read(self) -> None:
        for name, iteration in self.intact.items():
            assert_same(self.store.load(name, ToyState).state, after(iteration))

    def teardown(self) -> None:
        if hasattr(self, "attempt"):
            self.attempt.close()
        shutil.rmtree(self.folder)


@pytest.mark.parametrize(
    "examples", [5, pytest.param(500, marks=[pytest.mark.faults, pytest.mark.timeout(3600)])]
)
def test_any_history_of_a_run_resumes_to_the_same_states(examples: int) -> None:
    with dask.config.set(scheduler="sync"):
        machine = Runs.TestCase
        machine.settings = settings(max_examples=examples, stateful_step_count=12, deadline=None)
        machine("runTest").runTest()
