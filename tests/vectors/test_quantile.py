"""Thresholds over all chunks: exact, whatever the chunks and the type, and without gathering a vector."""

import dask
import dask.array as da
import numpy as np
import pytest

from pylops_distributed.vectors.quantiles import l1_threshold, percentile
from pylops_distributed.vectors.space import BlockVector
from pylops_distributed.vectors.thresholding import KINDS, threshold

SHAPE = (13, 17)


def vector(dtype):
    """Numbers of all sizes, with ties and zeros."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(SHAPE) * 10.0 ** rng.integers(-6, 6, SHAPE)
    x = x * np.exp(1j * rng.random(SHAPE)) if np.dtype(dtype).kind == "c" else x
    x[3], x[4] = 0, x[5]
    return x.astype(dtype)


def layouts(x):
    """The same numbers in one chunk, in ragged ones, and as Blocks."""
    chunked = da.from_array(x, chunks=(5, 6))
    return da.from_array(x, chunks=-1), chunked, BlockVector((chunked[:4], chunked[4:]))


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_percentile_is_exact(dtype):
    x = vector(dtype)
    perc = (0, 7, 33.3, 50, 99.5, 100)
    expected = np.percentile(np.abs(x), perc)
    for lazy in layouts(x):
        found = dask.compute(*(percentile(lazy, p) for p in perc))
        assert {f.dtype for f in found} == {np.abs(x).dtype}
        np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(x.dtype).eps)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_l1_threshold_projects_onto_the_ball(dtype):
    x = vector(dtype)
    size = np.abs(x).astype(float)
    for lazy in layouts(x):
        for radius in (0.0, 1e-3, 1.0, 1e4, 2 * size.sum()):
            thresh = float(l1_threshold(lazy, radius).compute())
            left = np.maximum(size - thresh, 0).sum()
            tol = np.finfo(x.dtype).eps * max(size.max() * size.size, 1)
            assert abs(left - min(radius, size.sum())) <= tol
    assert l1_threshold(lazy, 2 * size.sum()).compute() == 0


def test_no_task_holds_a_vector():
    """The largest result of a task is a table or a chunk."""
    sizes = []

    class Sizes(dask.callbacks.Callback):
        def _posttask(self, key, result, dsk, state, worker_id):
            sizes.append(getattr(result, "nbytes", 0))

    x = da.random.default_rng(0).standard_normal((400, 400), chunks=100)
    with Sizes(), dask.config.set(scheduler="sync"):
        percentile(x, 50).compute(optimize_graph=False)
    assert max(sizes) <= max(100 * 100 * 8, 16 * 2 * 2048 * 8)


@pytest.mark.parametrize("kind", KINDS)
def test_thresholds_keep_types_and_leave_zero_alone(kind):
    for dtype in ("f4", "c8"):
        found = threshold(da.from_array(vector(dtype), chunks=6), kind, 40.0).compute()
        assert found.dtype == dtype
        assert not found[3].any()
        assert np.isfinite(found).all()
