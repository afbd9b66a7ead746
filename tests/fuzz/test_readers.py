"""Corrupt, truncated and invented files: readers answer with clear errors, at once and in little memory.

By default some hundreds of inputs; ``--hypothesis-profile=fuzz`` tries 70,000 on each reader.
"""

import resource
import shutil
import string
import warnings
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pylops_distributed import Diagonal
from pylops_distributed.errors import CorruptionError
from pylops_distributed.ingest import open_segy, write_segy
from pylops_distributed.optimization.algorithms.cgls import CGLS, CGLSState
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.checkpoints import CheckpointStore, load_checkpoint, published_checkpoints
from pylops_distributed.storage.run import Run
from pylops_flows.settings import pipeline as config

pytestmark = pytest.mark.timeout(7200)
MEMORY = 500_000  # kB
ROOT = Path(__file__).parents[2]

numbers = st.one_of(
    st.integers(0, 255).map(lambda n: bytes([n])),
    st.sampled_from([0, 1, -1, 2**15 - 1, -(2**15)]).map(lambda n: n.to_bytes(2, "big", signed=True)),
    st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)]).map(lambda n: n.to_bytes(4, "big", signed=True)),
    st.binary(min_size=1, max_size=8),
)


def corrupted(raw, places):
    """Bytes of a file with some written over, and perhaps cut off, repeated or lengthened."""
    edits = st.lists(st.tuples(places, numbers), max_size=6)
    ends = st.one_of(st.none(), st.integers(0, len(raw)), st.binary(max_size=300))

    def apply(edits, end):
        changed = bytearray(raw)
        for place, value in edits:
            changed[place : place + len(value)] = value
        return bytes(changed[:end]) if isinstance(end, int) else bytes(changed) + (end or b"")

    return st.builds(apply, edits, ends)


def assert_names(error, *what):
    """Assert that an error names its subject."""
    assert any(words in str(error) for words in what), error


@pytest.fixture
def frugal():
    """Fails if the most memory that this process has held grew by more than allowed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_segy(tmp_path, frugal):
    path = tmp_path / "seed.sgy"
    write_segy(str(path), np.arange(96, dtype="f4").reshape(3, 4, 8))
    raw, trial = path.read_bytes(), tmp_path / "trial.sgy"
    assert open_segy(str(path)).sizes == {"inline": 3, "crossline": 4, "twt": 8}
    headers = st.one_of(st.integers(3200, 3600), st.integers(3600, 3840), st.integers(0, len(raw)))

    @given(corrupted(raw, headers))
    @settings(deadline=5000)
    def read(content):
        trial.write_bytes(content)
        try:
            ds = open_segy(str(trial))
            with dask.config.set(scheduler="sync"):
                ds.load()
        except ValueError as error:
            assert_names(error, "trial.sgy")

    read()


plain = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("__import__")
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def configs(draw, known):
    """A good configuration with some values replaced, as YAML that may be cut or garbled."""
    config = yaml.safe_load(known)
    for _ in range(draw(st.integers(0, 4))):
        where = config
        while True:
            key = draw(st.one_of(st.sampled_from(sorted(where) or ["name"]), st.text(max_size=8)))
            if not (isinstance(where.get(key), dict) and draw(st.booleans())):
                break
            where = where[key]
        where[key] = draw(plain)
    text = yaml.safe_dump(config, allow_unicode=True)
    garbled = st.text(st.characters(codec="utf-8"), max_size=40) | st.text(string.punctuation, max_size=40)
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(garbled) + text[place + draw(st.integers(0, 40)) :]
    return text


def test_config(tmp_path, frugal):
    known = (ROOT / "data/sample/demo.yaml").read_text()
    trial = tmp_path / "trial.yaml"

    @given(configs(known))
    @settings(deadline=5000)
    def read(text):
        trial.write_bytes(text.encode("utf-8", "surrogatepass"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                config.load(trial)
            except ValueError as error:
                assert_names(error, "trial.yaml", "cannot be a path")

    read()


def test_checkpoint(tmp_path, frugal):
    """A checkpoint is read as written, or reported as corrupt."""
    run = Run.create_or_open(tmp_path / "run", identity={"solver": "CGLS"}, provenance={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        scale = da.from_array(np.arange(1.0, 7.0), chunks=4)
        good = run_solver(CGLS(2, tol=0.0), Diagonal(scale), scale + 1, store=store).state
    (entry,) = published_checkpoints(run.storage)
    folder = tmp_path / "run" / entry.path
    files = {
        path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    wanted = dask.compute(good.x, good.s, good.c)

    @given(st.data())
    @settings(deadline=5000)
    def read(data):
        name = data.draw(st.sampled_from(sorted(files)))
        raw = files[name]
        content = data.draw(corrupted(raw, st.integers(0, max(0, len(raw) - 1))))
        (folder / name).write_bytes(content)
        try:
            state = load_checkpoint(run.storage, entry.name, CGLSState, get=dask.get).state
            found = dask.compute(state.x, state.s, state.c, scheduler="sync")
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(one, other, strict=True)
            assert (state.iteration, state.kold) == (2, good.kold)
        except (CorruptionError, TypeError, ValueError) as error:
            assert_names(error, " ")
        finally:
            (folder / name).write_bytes(raw)

    read()
    shutil.rmtree(folder)
