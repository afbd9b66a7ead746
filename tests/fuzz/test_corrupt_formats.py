"""Corrupt files of every format: they are read, or an error says which of them cannot be, at once and in little memory.

By default a few inputs of each kind; ``--hypothesis-profile=fuzz`` tries 7,000 of each, ``sampled`` 700.
"""

from __future__ import annotations

import resource
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dask
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from seeds import NAMED, write_seeds

from pylops_distributed.errors import PylopsDistributedError
from pylops_distributed.ingest import Source, info, ingest, open_dataset, open_source
from pylops_distributed.ingest.formats.source import SHARED, WORDS

pytestmark = pytest.mark.timeout(7200)
MEMORY = 500_000  # kB
KINDS = (
    "a.csv", "a.h5", "a.las", "a.mat", "a.mdio", "a.nc", "a.nc4", "a.npy", "a.npz", "a.sgy", "a.su", "a.zarr",
    "horizon.dat", "wavelet.txt",
)  # fmt: skip
ALLOWED = (ValueError, FileNotFoundError, ImportError, PylopsDistributedError)
few = settings(deadline=5000, max_examples=max(5, settings.default.max_examples // 10))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory) -> dict[str, Path]:
    return write_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(autouse=True)
def frugal() -> Iterator[None]:
    """Fails if the most memory that this process has held grew by more than allowed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings(), dask.config.set(scheduler="sync"):
        warnings.simplefilter("ignore")
        yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@contextmanager
def read_or_said(*names: str) -> Iterator[None]:
    """Whatever is inside succeeds, or fails with an error that names one of the files."""
    said: Exception | None = None
    try:
        yield
    except ALLOWED as error:
        said = error
    assert said is None or any(name in str(said) for name in names), said


@st.composite
def corrupt(draw, raw: bytes, others: list[bytes]) -> bytes:
    """A file with bytes flipped, written over, taken out or taken from a file of another kind, or made up."""
    changed = bytearray(raw)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(changed) - 1)))
        what = draw(st.sampled_from(["flip", "write", "splice", "delete", "number", "cut"]))
        if what == "flip" and changed:
            changed[place] ^= 1 << draw(st.integers(0, 7))
        elif what == "write":
            new = draw(st.binary(min_size=1, max_size=8))
            changed[place : place + len(new)] = new
        elif what == "splice":
            other = draw(st.sampled_from(others))
            start = draw(st.integers(0, len(other)))
            piece = other[start : start + draw(st.sampled_from([4, 60, 600, 6000]))]
            changed[place : place + draw(st.sampled_from([0, len(piece)]))] = piece
        elif what == "delete":
            del changed[place : place + draw(st.integers(1, 50))]
        elif what == "number":
            size = draw(st.sampled_from([1, 2, 4, 8]))
            value = draw(
                st.sampled_from([0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1])
            )
            changed[place : place + size] = value.to_bytes(size, draw(st.sampled_from(["big", "little"])))
        else:
            del changed[place:]
    return bytes(changed)


def place_corrupt(draw, seeds: dict[str, Path], kind: str, folder: Path) -> Path:
    """Write a corrupt copy of a seed; in a folder one of its files is."""
    seed, trial = seeds[kind], folder / f"trial{Path(kind).suffix}"
    others = [path.read_bytes() for path in seeds.values() if path.is_file()]
    if seed.is_file():
        trial.write_bytes(draw(corrupt(seed.read_bytes(), others)))
        return trial
    shutil.rmtree(trial, ignore_errors=True)
    shutil.copytree(seed, trial)
    victim = draw(st.sampled_from(sorted(path for path in trial.rglob("*") if path.is_file())))
    if draw(st.integers(0, 9)) == 0:
        victim.unlink()
    else:
        victim.write_bytes(draw(corrupt(victim.read_bytes(), others)))
    return trial


@pytest.mark.parametrize("kind", KINDS)
def test_corrupt_files_are_read_or_named(kind, seeds, tmp_path):
    form = NAMED.get(kind)
    open_source(str(seeds[kind]), format=form, **_options(kind)).load()

    @given(st.data())
    @few
    def read(data):
        trial = place_corrupt(data.draw, seeds, kind, tmp_path)
        with read_or_said(trial.name):
            str(info(str(trial), format=form))
        with read_or_said(trial.name):
            ds = open_source(str(trial), format=form, **_options(kind))
            load_lazily(ds)
        with read_or_said(trial.name, seeds[kind].name):
            Source(path="", paths=(str(seeds[kind]), str(trial)), along={"n": None}, format=form,
                   options=_options(kind)).open()  # fmt: skip

    read()


def load_lazily(ds: xr.Dataset) -> None:
    """Errors of lazy arrays are the libraries' own: ingest() names the file, which the next test looks at."""
    with suppress(ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError):
        ds.load()


def _options(kind: str) -> dict[str, object]:
    return {"a.h5": {"group": "run"}, "a.su": {"preset": "headerless"}}.get(kind, {})


@pytest.mark.parametrize("kind", KINDS)
def test_an_ingest_of_corrupt_files_leaves_nothing_half_written(kind, seeds, tmp_path):
    good = Source(path=str(seeds[kind]), format=NAMED.get(kind), options=_options(kind))

    @given(st.data())
    @settings(few, max_examples=max(2, few.max_examples // 10))
    def read(data):
        trial, url = place_corrupt(data.draw, seeds, kind, tmp_path), str(tmp_path / "out.zarr")
        shutil.rmtree(url, ignore_errors=True)
        done = False
        with read_or_said(trial.name):
            ingest(good.model_copy(update={"path": str(trial)}), url)
            done = True
        if not done:
            with pytest.raises((ValueError, FileNotFoundError)):
                open_dataset(url)
            ingest(good, url, replace=True)
        open_dataset(url).load()

    read()


words = st.sampled_from(
    ["twt", "inline", "amplitude", "a", "one", "x", "row", "depth", "time", "ms", "m", "4 ms"]
)
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 300), st.floats(), words, st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(words | st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", KINDS)
def test_any_options_are_taken_or_named(kind, seeds):
    path = str(seeds[kind])
    own = ("preset", "dims", "coords", "endian", "variable", "vertical", "interval", "start", "revision", "samples",
           "group", "columns", "index", "dtype", *SHARED, *WORDS)  # fmt: skip

    @given(st.dictionaries(st.sampled_from(own), plain, min_size=1, max_size=2))
    @few
    def read(options):
        for function in (open_source, info):
            with read_or_said(seeds[kind].name, "unknown options"):
                function(path, format=NAMED.get(kind), **options)

    read()
