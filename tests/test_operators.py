"""Every operator, every type, every way to chunk: the same numbers as PyLops, lazily, in few tasks."""

import pickle

import cases
import dask
import dask.array as da
import numpy as np
import pytest
from cases import CASES, precision, samples
from dask.base import tokenize

import pylops_distributed as pld
from pylops_distributed.compat.dask import Alias, DataNode, _execute_subgraph
from pylops_distributed.vectors.space import BlockSpace

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_case_and_dtype = pytest.mark.parametrize(
    ("case", "dtype"),
    [pytest.param(case, dtype, id=f"{case.name}-{dtype}") for case in CASES for dtype in case.dtypes],
)

INVERSIONS = {
    "Deghosting",
    "LSM",
    "MDD",
    "Marchenko",
    "PoststackInversion",
    "PrestackInversion",
    "SeismicInterpolation",
    "WavefieldDecomposition",
}  # which test_avo.py and test_waveeqprocessing.py test

ENGINES = {"AcousticWave2D", "CT2D", "DTCWT", "ToCupy"}  # which test_optional.py tests

CHUNKINGS = {
    "one": lambda n: (n,),
    "even": lambda n: (n,) if n % 2 else (n // 2, n // 2),
    "ragged": lambda n: (1, n - 3, 2) if n > 3 else (n,),
    "smaller than a halo": lambda n: (2,) * (n // 2) + (1,) * (n % 2),
}


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def forbid_compute(*args, **options):
    raise AssertionError("something was computed")


def chunked(x, chunking):
    """``x`` as a Dask array, all its axes cut in one way."""
    return da.from_array(x, chunks=tuple(CHUNKINGS[chunking](n) for n in x.shape))


def tolerance(expected, dtype):
    scale = np.linalg.norm(expected.ravel()) or 1.0
    return {"rtol": 0, "atol": precision(dtype) * scale}


@each_case_and_dtype
def test_forward_and_adjoint_for_every_chunking(case, dtype):
    op, twin = case.ours(dtype), case.twin(dtype)
    assert (op.shape, op.dims, op.dimsd) == (twin.shape, tuple(twin.dims), tuple(twin.dimsd))
    x, y = samples(op.dims, op.domain.dtype, seed=1), samples(op.dimsd, op.codomain.dtype, seed=2)
    forward, adjoint = images(op, x), images(op.H, y)
    for values, expected in ((forward, twin @ x), (adjoint, twin.H @ y)):
        for image in values:
            np.testing.assert_allclose(image, expected, **tolerance(expected, dtype))
    for Ax, Ay in zip(forward, adjoint, strict=True):
        scale = np.linalg.norm(Ax) * np.linalg.norm(y)
        difference = np.vdot(y, Ax) - np.vdot(Ay, x)
        assert abs(difference if op.clinear else difference.real) <= precision(dtype) * scale


# What a local member makes of other types is not known before it is applied; PyLops' padded FFT2D casts, its FFT not.
OWN_TYPES = {"Kronecker-local", "signalprocessing.FFT2D-longer"}


@each_case
def test_data_of_double_precision_are_kept_or_not_as_by_pylops(case):
    if "f4" not in case.dtypes or case.name in OWN_TYPES:
        return
    op, twin = case.ours("f4"), case.twin("f4")
    for f, g in ((op, twin), (op.H, twin.H)):
        x = samples(f.dims, np.result_type(f.domain.dtype, "f8"))
        assert (f @ da.from_array(x)).dtype == (g @ x).dtype


def images(op, x):
    """``op @ x`` for all chunkings of ``x``, whose blocks must be as declared."""
    lazy = [op @ chunked(x, chunking) for chunking in CHUNKINGS]
    assert {y.dtype for y in lazy} == {
        np.result_type(op.codomain.dtype, x.dtype if op.clinear else x.real.dtype)
    }
    computed = dask.persist(*lazy)
    for y in computed:
        check_blocks(y)
    return [y.compute() for y in computed]


def check_blocks(y):
    """The blocks of a persisted array have the shapes and the type that it declares."""
    for index in np.ndindex(y.numblocks):
        block = y.dask[(y.name, *index)]
        assert block.shape == tuple(c[i] for c, i in zip(y.chunks, index, strict=True))
        assert block.dtype == y.dtype


@each_case
def test_linear(case):
    dtype = case.dtypes[-1]
    op = case.ours(dtype)
    a, b = (-1.5 + 1j, 0.25 - 2j) if op.dtype.kind == "c" and op.clinear else (-1.5, 0.25)
    for f in (op, op.H):
        x, z = (chunked(samples(f.dims, f.domain.dtype, seed), "even") for seed in (1, 2))
        left, right = dask.compute(f @ (a * x + b * z), a * (f @ x) + b * (f @ z))
        np.testing.assert_allclose(left, right, **tolerance(right, dtype))


@each_case
def test_declared_chunks_are_kept(case):
    op = case.ours(case.usual)
    for f in (op, op.H):
        if isinstance(f.domain, BlockSpace) or isinstance(f.codomain, BlockSpace):
            continue
        y = f.apply(chunked(samples(f.dims, f.domain.dtype), "ragged"))
        assert f.codomain.chunks in (None, y.chunks)


@each_case
def test_building_and_applying_compute_nothing(case):
    with dask.config.set(scheduler=forbid_compute):
        op = case.ours(case.usual)
        for f in (op, op.H):
            x = chunked(samples(f.dims, f.domain.dtype), "even")
            assert isinstance(f @ x, da.Array)
            assert isinstance(f @ x.ravel(), da.Array)


@each_case
def test_flat_and_batched_arrays(case):
    op, twin = case.ours(case.usual), case.twin(case.usual)
    for a, b in ((op, twin), (op.H, twin.H)):
        for shape in [(a.shape[1],), *([] if twin.forceflat else [(*a.dims, 2)])]:
            x = samples(shape, a.domain.dtype)
            expected = b @ x
            y = (a @ da.from_array(x, chunks=-1 if len(shape) == 2 else 5)).compute()
            np.testing.assert_allclose(y, expected, **tolerance(expected, case.usual))


@each_case
def test_keys_depend_on_operator_and_input_alone(case):
    op, same = case.ours(case.usual), case.ours(case.usual)
    copy = pickle.loads(pickle.dumps(op))
    assert tokenize(op) == tokenize(same)
    assert tokenize(copy) == tokenize(pickle.loads(pickle.dumps(copy)))
    for f, g in ((op, same), (op.H, same.H)):
        x, z = (chunked(samples(f.dims, f.domain.dtype, seed), "even") for seed in (1, 2))
        assert (f @ x).name == (g @ x).name
        if not case.constant:
            y, other = f @ x, f @ z
            shared = y.dask.layers.keys() & other.dask.layers.keys()
            assert y.name != other.name
            assert not [name for name in shared if x.name in _above(y, name)]


def _above(y, layer):
    """All layers that a layer depends on."""
    found, todo = set(), [layer]
    while todo:
        found |= (new := y.dask.dependencies[todo.pop()] - found)
        todo += new
    return found


@each_case
def test_few_tasks_a_chunk(case):
    op = case.ours(case.usual)
    for f, bound in zip((op, op.H), case.tasks, strict=True):
        x = da.zeros(f.dims, chunks=getattr(f.domain, "chunks", None) or 3).persist()
        (y,) = dask.optimize(f @ x)
        run = [task for task in dict(y.__dask_graph__()).values() if works(task, case.rechunks)]
        assert len(run) / max(x.npartitions, y.npartitions) <= bound


def works(task, rechunks):
    """Whether a task does more than name data, and, where ``rechunks`` do not count, than rechunk."""
    steps = task.args[0].values() if getattr(task, "func", None) is _execute_subgraph else (task,)
    real = [step for step in steps if not isinstance(step, Alias | DataNode)]
    return any(rechunks or not str(step.key[0]).startswith("rechunk-") for step in real)


def test_every_operator_has_a_case():
    public = (
        {
            name
            for package in (
                pld.basicoperators,
                pld.signalprocessing,
                pld.avo,
                pld.medical,
                pld.waveeqprocessing,
            )
            for name in package.__all__
        }
        - INVERSIONS
        - ENGINES
    )
    assert public == {case.name.split("-")[0].split(".")[-1] for case in cases.CASES}
