"""Sizes and SHA-256 of sources, computed while their headers are read."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest

from pylops_distributed.ingest import open_source
from pylops_distributed.ingest.formats import file_digest


@pytest.fixture
def always_threads(monkeypatch) -> None:
    monkeypatch.setattr(file_digest, "SMALL", 0)
    monkeypatch.setattr(file_digest, "PIECE", 7)


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "sha256"]


@pytest.mark.usefixtures("always_threads")
def test_the_digest_is_that_of_the_file(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(50.0))
    raw = (tmp_path / "a.npy").read_bytes()
    ds = open_source(str(tmp_path / "a.npy"))
    assert (ds.attrs["size"], ds.attrs["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert threads() == []


@pytest.mark.usefixtures("always_threads")
def test_an_error_of_the_reader_ends_the_thread(tmp_path, monkeypatch):
    (tmp_path / "a.npy").write_bytes(b"no such thing" * 10**5)
    with pytest.raises(ValueError, match=r"a\.npy"):
        open_source(str(tmp_path / "a.npy"))
    assert threads() == []


@pytest.mark.usefixtures("always_threads")
def test_an_error_of_the_digest_is_raised(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.arange(50.0))

    def fail(path: str, stop: threading.Event) -> None:
        raise OSError(5, "Input/output error", path)

    monkeypatch.setattr(file_digest, "_of_file", fail)
    with pytest.raises(OSError, match="Input/output error"):
        open_source(str(tmp_path / "a.npy"))
    assert threads() == []


def test_a_digest_that_is_no_longer_wanted_stops(tmp_path):
    path = tmp_path / "a.bin"
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole: reading it takes minutes
    with file_digest.FileDigest(str(path)):
        assert threads() == ["sha256"]
    assert threads() == []
    assert Path(path).stat().st_size == 2**40
