"""S3 behind a network that fails: nothing that was acknowledged is lost, and nobody is taken for somebody else."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flaky import FAULTS, Choose, Flaky, flaky_bucket
from storage_cases import IDENTITY, ToyState, after, assert_same, resume

from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.object_store import open_storage
from pylops_distributed.storage.run import Run

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture
def store() -> Iterator[tuple[str, Flaky]]:
    """A bucket, and what lies between us and it."""
    with flaky_bucket() as (bucket, network):
        yield f"{bucket}/{uuid.uuid4().hex}", network


def first(fault: str, method: str) -> Choose:
    """The first request of a method fails."""
    left = [fault]
    return lambda how, *_: left.pop() if how == method and left else None


def newest(url: str) -> ToyState:
    with Run.create_or_open(url, identity=IDENTITY).attempt() as attempt, CheckpointStore(attempt) as store:
        found = store.latest(ToyState)
    assert found is not None
    return found.state


@pytest.mark.parametrize("fault", FAULTS)
def test_a_writer_meets_its_own_success(store: tuple[str, Flaky], fault: str) -> None:
    url, network = store
    storage = open_storage(url)
    network.choose = first(fault, "PUT")
    assert storage.put_new("key", b"mine")
    assert network.struck[fault] == 1
    network.choose = first(fault, "PUT")
    assert not storage.put_new("key", b"theirs")
    assert storage.get("key") == b"mine"


@pytest.mark.parametrize("fault", FAULTS)
def test_publishing_a_checkpoint(store: tuple[str, Flaky], fault: str) -> None:
    """The one put that makes a checkpoint exist."""
    (url, network), left = store, [fault]

    def choose(method: str, path: str, headers: dict[str, str]) -> str | None:
        publishes = method == "PUT" and path.endswith("i00000002-a0001/zarr.json")
        return left.pop() if publishes and left else None

    network.choose = choose
    resume(url, 3)
    assert not left
    assert_same(newest(url), after(3))


@pytest.mark.parametrize("seed", range(3))
def test_faults_at_random(store: tuple[str, Flaky], tmp_path: Path, seed: int) -> None:
    (url, network), rng, ack = store, random.Random(seed), tmp_path / "ack"
    ack.write_text("0")
    while int(ack.read_text()) < 6:
        network.choose = lambda *_: rng.choice(FAULTS) if rng.random() < 0.07 else None
        try:
            resume(url, 6, ack)
        except OSError as error:
            print("said so:", error)
        network.choose = lambda *_: None
        promised = int(ack.read_text())
        if promised:
            found = newest(url)
            assert found.iteration >= promised
            assert_same(found, after(found.iteration))
    print(network.struck)
    assert sum(network.struck[fault] for fault in FAULTS) > 10


@pytest.mark.parametrize("fault", ["busy", "half"])
def test_a_store_that_is_away_is_not_taken_for_damage(store: tuple[str, Flaky], fault: str) -> None:
    url, network = store
    resume(url, 3)
    network.choose = lambda method, path, _: fault if method == "GET" and "/c/" in path else None
    with pytest.raises(OSError, match="could not be read"):
        newest(url)
    network.choose = lambda *_: None
    assert_same(newest(url), after(3))
