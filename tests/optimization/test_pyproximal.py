"""Proximal operators and solvers against PyProximal itself."""

import dask.array as da
import numpy as np
import pytest

from pylops_distributed.optimization import proximal as pp
from pylops_distributed.vectors.space import BlockVector, flatten

peer = pytest.importorskip("pyproximal", reason="compares with PyProximal, which the extra `test` installs")
N, TAU = 24, 0.8


def vector(dtype="f8", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(N)
    return (x + 1j * rng.standard_normal(N) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def apart(x, alpha):
    """A vector without the magnitudes for which PyProximal's Huber does not minimise."""
    size = np.abs(x)
    lost = (size > min(alpha, TAU * alpha)) & (size < max(alpha + TAU, TAU * alpha + 1))
    return np.where(lost, 3 * x, x)


# Ours, PyProximal's, and what to do to the vector.
OPERATORS = {
    "Huber": (pp.Huber(0.9), peer.Huber(0.9), lambda x: apart(x, 0.9)),
    "HuberCircular": (pp.HuberCircular(0.9), peer.HuberCircular(0.9)),
    "HuberCircular-inside": (pp.HuberCircular(90.0), peer.HuberCircular(90.0)),
}


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_those_of_pyproximal(name, dtype):
    ours, theirs, *change = OPERATORS[name]
    x = change[0](vector(dtype)) if change else vector(dtype)
    if not (dtype == "c16" and name == "Huber"):  # theirs sums into a complex array
        np.testing.assert_allclose(ours(x), float(theirs(x)), rtol=1e-10)
    for operation in ("prox", "proxdual"):
        expected = getattr(theirs, operation)(x, TAU)
        found = getattr(ours, operation)(x, TAU)
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("dtype", ["f4", "c8", "f8"])
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_take_chunks_and_blocks(name, dtype):
    """They are those of NumPy, and single precision is kept."""
    ours, x = OPERATORS[name][0], vector(dtype)
    tol = 1e-5 if dtype in ("f4", "c8") else 1e-12
    chunked = da.from_array(x, chunks=7)
    blocks = BlockVector((chunked[:10], chunked[10:]))
    for operation in (ours.prox, ours.proxdual):
        expected = operation(x, TAU)
        assert expected.dtype == dtype
        for v in (chunked, blocks):
            found = flatten(operation(v, TAU))
            assert found.dtype == found.compute().dtype == dtype
            np.testing.assert_allclose(found.compute(), expected, atol=tol)
    for v in (x, chunked, blocks):
        value = np.asarray(ours(v))
        assert value.dtype == np.float64
        np.testing.assert_allclose(value, ours(x.astype(np.result_type(x, "f8"))), rtol=tol)
