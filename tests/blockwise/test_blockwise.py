"""Lifts: halos are cut and joined exactly, kernels get the samples they need in few tasks."""

import itertools
import pickle

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from dask.array.utils import assert_eq

import pylops_distributed as pld
from pylops_distributed.avo.avo import AVOLinearModelling
from pylops_distributed.avo.poststack import PoststackLinearModelling
from pylops_distributed.basicoperators.firstderivative import FirstDerivative
from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.basicoperators.laplacian import Laplacian
from pylops_distributed.basicoperators.secondderivative import SecondDerivative
from pylops_distributed.basicoperators.smoothing2d import Smoothing2D
from pylops_distributed.blockwise import (
    BlockwiseOperator,
    StencilRule,
    WholeAxisRule,
    overlap,
    stencil,
)
from pylops_distributed.blockwise.halo_graph import merge_short_chunks
from pylops_distributed.blockwise.rechunk import rechunk_small
from pylops_distributed.signalprocessing.convolve1d import Convolve1D

KINDS = ("forward", "centered", "backward")


def compositions(n, least=1):
    """Every way to cut an axis of n samples into chunks of at least ``least``."""
    if n >= least:
        yield (n,)
    for first in range(least, n - least + 1):
        yield from ((first, *rest) for rest in compositions(n - first, least))


def test_compositions_are_all():
    assert sorted(compositions(3)) == [(1, 1, 1), (1, 2), (2, 1), (3,)]


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


# -- regrid ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("light", [True, False])
def test_regrid_is_rechunk(tuned, light):
    tuned("blockwise.small-chunk", 2**20 if light else 0)
    x = np.arange(15.0).reshape(5, 3)
    for old, new in itertools.product(compositions(5), repeat=2):
        y = rechunk_small(da.from_array(x, chunks=(old, (1, 2))), (new, (2, 1)))
        assert y.chunks == (new, (2, 1))
        np.testing.assert_array_equal(y, x)


def test_regrid_takes_one_task_a_chunk():
    y = rechunk_small(da.ones((12, 8), chunks=(5, 3)).persist(), ((4, 4, 4), (2, 6)))
    assert len(y.__dask_graph__().layers[y.name]) == y.npartitions


# -- overlap -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("pairs", [((1, 2), (0, 1)), ((2, 0), (3, 3)), ((0, 0), (1, 1))])
def test_overlap_takes_what_slicing_would(rng, corners, pairs):
    x = rng.standard_normal((7, 9))
    lazy = overlap(da.from_array(x, chunks=((3, 4), (3, 3, 3))), dict(enumerate(pairs)), corners)
    starts = [(0, 3, 7), (0, 3, 6, 9)]
    for index in np.ndindex(lazy.numblocks):
        ends = [(s[i], s[i + 1]) for s, i in zip(starts, index, strict=True)]
        wide = [
            (max(0, a - before) if i else a, min(n, b + after))
            for (a, b), i, (before, after), n in zip(ends, index, pairs, x.shape, strict=True)
        ]
        expected = x[tuple(slice(*w) for w in wide)].copy()
        if not corners:
            core = [(np.arange(*w) >= a) & (np.arange(*w) < b) for w, (a, b) in zip(wide, ends, strict=True)]
            expected[np.ix_(~core[0], ~core[1])] = 0
        np.testing.assert_array_equal(lazy.blocks[index].compute(), expected)
    assert lazy.shape == tuple(map(sum, lazy.chunks))


def test_overlap_of_one_chunk_is_the_array():
    x = da.arange(5, chunks=5)
    assert_eq(overlap(x, {0: (2, 2)}), x)


@pytest.mark.parametrize("depth", [{1: (1, 1)}, {-1: (1, 1)}, {0: (-1, 1)}])
def test_bad_depth_is_rejected(depth):
    with pytest.raises(ValueError, match="non-negative"):
        overlap(da.arange(5, chunks=2), depth)


@pytest.mark.parametrize("least", range(6))
def test_merge_keeps_cuts_and_leaves_no_short_chunk(least):
    for sizes in compositions(7):
        merged = merge_short_chunks(sizes, least)
        assert sum(merged) == 7
        assert set(np.cumsum(merged)) <= set(np.cumsum(sizes))
        assert min(merged) >= least or len(merged) == 1
        assert merged == sizes or min(sizes) < least


# -- depths: every kind, order and edge on every way to cut an axis -----------------------------------------

STENCILS = [
    *(
        pytest.param(
            FirstDerivative,
            pylops.FirstDerivative,
            {"kind": k, "edge": e, "order": o},
            id=f"first-{k}{o}-{e}",
        )
        for k, e, o in itertools.product(KINDS, (False, True), (3, 5))
    ),
    *(
        pytest.param(SecondDerivative, pylops.SecondDerivative, {"kind": k, "edge": e}, id=f"second-{k}-{e}")
        for k, e in itertools.product(KINDS, (False, True))
    ),
]


def check_every_cut(ours, twin, sizes, rng):
    """Forward and adjoint equal the twin's for all the chunks, which they keep."""
    x, y = rng.standard_normal(twin.shape[1]), rng.standard_normal(twin.shape[0])
    pairs = [(ours @ da.from_array(x, chunks=(c,)), ours.H @ da.from_array(y, chunks=(c,))) for c in sizes]
    assert all(f.chunks == a.chunks == (c,) for (f, a), c in zip(pairs, sizes, strict=True))
    for c, (forward, adjoint) in zip(sizes, dask.compute(pairs)[0], strict=True):
        np.testing.assert_allclose(forward, twin @ x, rtol=0, atol=1e-13, err_msg=f"forward, chunks {c}")
        np.testing.assert_allclose(adjoint, twin.H @ y, rtol=0, atol=1e-13, err_msg=f"adjoint, chunks {c}")


@pytest.mark.parametrize(("ours", "twin", "options"), STENCILS)
def test_derivatives_are_exact_for_representative_chunks(rng, ours, twin, options):
    cuts = [(13,), (1,) * 13, (4, 4, 5), (5, 1, 7), (1, 6, 6), (6, 6, 1), (2, 3, 3, 3, 2), (4, 9), (9, 4)]
    check_every_cut(ours(13, sampling=0.7, **options), twin(13, sampling=0.7, **options), cuts, rng)


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "twin", "options"), STENCILS)
def test_derivatives_are_exact_for_all_chunks(rng, ours, twin, options):
    n = 9
    check_every_cut(
        ours(n, sampling=0.7, **options), twin(n, sampling=0.7, **options), [*compositions(n)], rng
    )


@pytest.mark.parametrize("nh", [1, 2, 5, 8])
def test_convolution_is_exact_for_every_offset(rng, nh):
    cuts = [(8,), (1,) * 8, (3, 5), (5, 3), (1, 6, 1), (2, 2, 2, 2)]
    h = rng.standard_normal(nh)
    for offset in range(nh):
        check_every_cut(
            Convolve1D(8, h, offset), pylops.signalprocessing.Convolve1D(8, h, offset=offset), cuts, rng
        )


@pytest.mark.parametrize(("n", "nh"), [(7, 12), (8, 12), (8, 11), (7, 11)])
def test_filters_longer_than_the_model_are_exact(rng, n, nh):
    h, x, y = (rng.standard_normal(k) for k in (nh, n, nh))
    for offset in range(n):
        ours, twin = Convolve1D(n, h, offset), pylops.signalprocessing.Convolve1D(n, h, offset=offset)
        assert ours.shape == twin.shape
        assert_eq(ours @ da.from_array(x, chunks=3), twin @ x)
        assert_eq(ours.H @ da.from_array(y, chunks=3), twin.H @ y)


def test_long_filters_act_along_one_axis_of_several(rng):
    h, x = rng.standard_normal(9), rng.standard_normal((2, 5, 3))
    long = Convolve1D(x.shape, h, offset=2, axis=1)
    assert long.dimsd == (2, 9, 3)
    expected = np.apply_along_axis(lambda trace: np.convolve(trace, h)[2:11], 1, x)
    assert_eq(long @ da.from_array(x, chunks=(1, 2, 3)), expected)


@pytest.mark.parametrize("method", ["direct", "fft", "overlapadd"])
def test_methods_of_convolution_agree(rng, method):
    h, x = rng.standard_normal(5), da.from_array(rng.standard_normal((20, 6)), chunks=(7, 3))
    assert_eq(Convolve1D(x.shape, h, 2, axis=0, method=method) @ x, Convolve1D(x.shape, h, 2, axis=0) @ x)


def test_adjoint_of_a_complex_filter_conjugates_it(rng):
    h = rng.standard_normal(5) + 1j * rng.standard_normal(5)
    C = Convolve1D(12, h, 2)
    x, y = (da.from_array(rng.standard_normal(12) + 1j * rng.standard_normal(12), chunks=5) for _ in range(2))
    np.testing.assert_allclose(da.vdot(y, C @ x).compute(), da.vdot(C.H @ y, x).compute(), rtol=1e-12)


# -- rules -------------------------------------------------------------------------------------------------


def double(block):
    return 2 * block


def cumulate(block):
    return np.cumsum(block, axis=0)


def decumulate(block):
    return np.cumsum(block[::-1], axis=0)[::-1]


def test_a_custom_operator_is_two_kernels(rng):
    integral = BlockwiseOperator(
        WholeAxisRule(cumulate, (0,)), WholeAxisRule(decumulate, (0,)), (12, 6), dtype="float64"
    )
    x = rng.standard_normal((12, 6))
    lazy = da.from_array(x, chunks=(4, 2))
    y = integral @ lazy
    assert y.chunks == ((12,), (2, 2, 2))
    assert_eq(y, np.cumsum(x, axis=0))
    assert_eq((integral.H @ lazy).sum(axis=0)[0], (integral.H @ x).sum(axis=0)[0])


def test_pinned_chunks_are_those_of_both_sides_and_whole_axes_stay_whole():
    halo, whole = StencilRule(double, {0: (1, 1)}), WholeAxisRule(double, (0,))
    for rule, chunks in ((halo, ((4, 4), (3, 3))), (whole, ((8,), (3, 3)))):
        op = BlockwiseOperator(rule, rule, (8, 6), dtype="float64", chunks=(4, 3))
        assert (op @ da.ones((8, 6))).chunks == (op.H @ da.ones((8, 6))).chunks == chunks
        assert op.domain.chunks == op.codomain.chunks == chunks


@pytest.mark.parametrize("chunks", [(13, 9), (5, 4), ((2, 8, 3), 9), (13, (3, 6))])
@pytest.mark.parametrize("edge", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_at_a_time_are_the_block_at_once(tuned, rng, kind, edge, chunks):
    tuned("blockwise.cache-block", 1)
    for name, options in (
        ("FirstDerivative", {"axis": 0, "order": 5 if kind == "centered" else 3}),
        ("FirstDerivative", {"axis": 1}),
        ("SecondDerivative", {"axis": 0}),
        ("Laplacian", {"axes": (0, 1)}),
        ("Gradient", {}),
    ):
        op, twin = (getattr(lib, name)((13, 9), kind=kind, edge=edge, **options) for lib in (pld, pylops))
        x, y = rng.standard_normal(op.dims), rng.standard_normal(op.dimsd)
        np.testing.assert_allclose(op @ da.from_array(x, chunks=chunks), twin @ x, rtol=0, atol=1e-13)
        chunksd = chunks if y.ndim == 2 else (2, *chunks)
        np.testing.assert_allclose(op.H @ da.from_array(y, chunks=chunksd), twin.H @ y, rtol=0, atol=1e-13)


def test_stencil_takes_two_tasks_a_chunk():
    for op in (
        FirstDerivative((40, 40), axis=0),
        Laplacian((40, 40)),
        Gradient((40, 40)),
        Smoothing2D((3, 3), (40, 40)),
    ):
        x = da.ones((40, 40), chunks=10).persist()
        (y,) = dask.optimize(op @ x)
        # One more for each persisted chunk: the data itself.
        assert len(y.__dask_graph__()) <= 3 * x.npartitions


def test_only_faces_reach_the_neighbours():
    """A chunk's task depends on its own block and on small cuts, never on whole neighbours."""
    x = da.ones((30, 30), chunks=10)
    y = stencil(x, double, {0: (1, 1), 1: (2, 2)}, x.dtype)
    layer = y.__dask_graph__().layers[y.name]
    for key, task in layer.items():
        blocks = {d for d in task.dependencies if d[0] == x.name}
        assert blocks == {(x.name, *key[1:])}


def test_cuts_do_not_keep_the_block_alive():
    x = da.ones((30, 30), chunks=10)
    y = stencil(x, double, {0: (1, 1)}, x.dtype)
    (cuts,) = {key[0] for key in y.__dask_graph__() if key[0].startswith("cut-")}
    faces = da.Array(y.__dask_graph__(), cuts, x.chunks, x.dtype).__dask_graph__()
    result = dask.get(faces, [(cuts, 1, 1)])[0]
    assert {face.shape for face in result.values()} == {(1, 10)}
    assert all(face.base is None for face in result.values())


def test_names_tell_kernels_and_depths_apart_and_are_stable():
    x = da.ones(12, chunks=4)
    settings = [*itertools.product(KINDS, (False,), (1.0, 2.0)), ("centered", True, 1.0)]
    names = [(FirstDerivative(12, kind=k, edge=e, sampling=s) @ x).name for k, e, s in settings]
    names += [(SecondDerivative(12) @ x).name, (FirstDerivative(12).H @ x).name]
    assert len(set(names)) == len(names)
    assert (FirstDerivative(12) @ x).name == (pickle.loads(pickle.dumps(FirstDerivative(12))) @ x).name


def test_the_ends_of_a_persisted_array_are_not_written_to(rng):
    x = rng.standard_normal(12)
    kept = x.copy()
    for op in (FirstDerivative(12, edge=True), SecondDerivative(12), Convolve1D(12, np.ones(3), 1)):
        dask.compute(op @ da.from_array(x, chunks=12), op.H @ da.from_array(x, chunks=12))
    np.testing.assert_array_equal(x, kept)


# -- bad arguments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: FirstDerivative((8, 8), axis=2), "axis 2 is out of bounds"),
        (lambda: FirstDerivative(2, edge=True, order=5), "needs at least 3 samples"),
        (lambda: SecondDerivative(2, edge=True), "needs at least 3 samples"),
        (lambda: Laplacian((8, 8), weights=(1,)), "equally many"),
        (lambda: Gradient((8, 8), sampling=(1, 2, 3)), "one for each of 2 axes"),
        (lambda: Smoothing2D((3, 3), (8, 8), axes=(0,)), "axes must be two"),
        (lambda: Smoothing2D((3, 3), (8, 8), axes=(0, -2)), "differ"),
        (lambda: Smoothing2D((0, 3), (8, 8)), "positive"),
        (lambda: Convolve1D(8, np.ones((2, 2))), "one filter of shape"),
        (lambda: Convolve1D(8, np.ones(3), offset=3), "offset must lie"),
        (lambda: Convolve1D(8, np.ones(3), method="fast"), "method must be one of"),
        (lambda: PoststackLinearModelling(np.ones(4), 8), "odd number"),
        (lambda: PoststackLinearModelling(np.ones(9), 8), "more than the 8"),
        (lambda: PoststackLinearModelling(np.ones((7, 3)), 8), "one for each of 8"),
        (lambda: PoststackLinearModelling(np.ones(3), 8, kind="backward"), "kind must be one of"),
        (lambda: AVOLinearModelling(np.ones((2, 2))), "theta must be"),
        (lambda: AVOLinearModelling(np.ones(2), linearization="zoeppritz"), "linearization must be"),
    ],
)
def test_bad_arguments_are_rejected_when_building(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("build", [FirstDerivative, SecondDerivative, lambda n, **k: Gradient((n, n), **k)])
def test_unknown_differences_are_rejected_as_in_pylops(build):
    with pytest.raises(NotImplementedError, match="kind must be one of"):
        build(8, kind="central")
    with pytest.raises(NotImplementedError, match="order must be one of"):
        FirstDerivative(8, order=4)


def test_large_matrices_are_in_the_graph_once():
    modelling = PoststackLinearModelling(np.hanning(21), nt0=64, spatdims=40, explicit=True)
    x = da.ones((64, 40), chunks=(64, 2))
    matrix = 64 * 64 * 8
    (graph,) = dask.optimize(modelling @ x)
    largest = sorted(len(pickle.dumps(task)) for task in graph.__dask_graph__().values())[-2:]
    assert largest[0] < matrix / 4 < matrix < largest[1]


def test_complex_wavelets_have_their_adjoint(rng):
    wavelet = np.hanning(5) * np.exp(1j * np.arange(5))
    x, y = (da.from_array(rng.standard_normal((12, 4)) + 1j, chunks=(12, 2)) for _ in range(2))
    for explicit, sparse in ((False, False), (True, False), (True, True)):
        op = PoststackLinearModelling(wavelet, 12, 4, explicit=explicit, sparse=sparse)
        forward, adjoint = dask.compute((y.conj() * (op @ x)).sum(), ((op.H @ y).conj() * x).sum())
        np.testing.assert_allclose(forward, adjoint, rtol=1e-12)
