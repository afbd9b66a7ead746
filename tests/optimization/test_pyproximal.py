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
    "Euclidean": (pp.Euclidean(0.7), peer.Euclidean(0.7)),
    "EuclideanBall": (pp.EuclideanBall(0.2, 1.5), peer.EuclideanBall(0.2, 1.5)),
    "EuclideanBall-inside": (pp.EuclideanBall(0.2, 90.0), peer.EuclideanBall(0.2, 90.0)),
    "L0": (pp.L0(), peer.L0()),
    "L1Ball": (pp.L1Ball(N, 4.0), peer.L1Ball(N, 4.0, 1000, 1e-14)),
    "L1Ball-inside": (pp.L1Ball(N, 90.0), peer.L1Ball(N, 90.0)),
    "Log": (pp.Log(0.8, 1.7), peer.Log(0.8, 1.7)),
    "Log-heavy": (pp.Log(3.0, 9.0), peer.Log(3.0, 9.0)),
    "NuclearBall": (pp.NuclearBall((4, 6), 3.0), peer.NuclearBall((4, 6), 3.0, 1000, 1e-14)),
    "VStack": (
        pp.VStack([pp.L1(0.5), pp.Euclidean()], [10, 14]),
        peer.VStack([peer.L1(0.5), peer.Euclidean()], [10, 14]),
    ),
}


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_those_of_pyproximal(name, dtype):
    ours, theirs, *change = OPERATORS[name]
    x = change[0](vector(dtype)) if change else vector(dtype)
    if not (dtype == "c16" and name == "Huber"):  # theirs sums into a complex array
        expected = theirs(x)  # whether a vector is in a set, of which the indicator is zero or infinite
        expected = (0.0 if expected else np.inf) if isinstance(expected, bool) else expected
        np.testing.assert_allclose(ours(x), expected, rtol=1e-10)
    # PyProximal cuts real and imaginary parts in the dual of L1, of which no complex norm is the conjugate.
    for operation in ("prox",) if dtype == "c16" and name == "VStack" else ("prox", "proxdual"):
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
    vectors = (chunked,) if name == "NuclearBall" else (chunked, blocks)  # a matrix is one array
    for operation in (ours.prox, ours.proxdual):
        expected = operation(x, TAU)
        assert expected.dtype == dtype
        for v in vectors:
            found = flatten(operation(v, TAU))
            assert found.dtype == found.compute().dtype == dtype
            np.testing.assert_allclose(found.compute(), expected, atol=tol)
    for v in (x, *vectors):
        value = np.asarray(ours(v))
        assert value.dtype == np.float64
        np.testing.assert_allclose(value, ours(x.astype(np.result_type(x, "f8"))), rtol=tol)


@pytest.mark.parametrize("dtype", ["f4", "c8", "f8", "c16"])
@pytest.mark.parametrize("name", ["EuclideanBall", "L1Ball", "NuclearBall"])
def test_projections_are_in_their_sets(name, dtype):
    ours, x = OPERATORS[name][0], vector(dtype)
    assert ours(x) == np.inf
    assert ours(ours.prox(x, TAU)) == 0


def test_gradients_are_those_of_pyproximal():
    x = vector()
    np.testing.assert_allclose(pp.Euclidean(0.7).grad(x), peer.Euclidean(0.7).grad(x), atol=1e-10)
    assert not pp.Euclidean().grad(0 * x).any()
    ours = pp.VStack([pp.Euclidean(), pp.L2(sigma=2.0)], (10, 14))
    theirs = peer.VStack([peer.Euclidean(), peer.L2(sigma=2.0)], [10, 14])
    np.testing.assert_allclose(ours.grad(x), theirs.grad(x), atol=1e-10)
    np.testing.assert_allclose(ours.warm(x, TAU, x), theirs.prox(x, TAU), atol=1e-10)


def test_bad_parts_raise_errors():
    x = vector()
    with pytest.raises(ValueError, match="2 functions needs as many sizes in nn, got 1"):
        pp.VStack([pp.L1(), pp.L1()], [24])
    with pytest.raises(ValueError, match=r"array of 24 elements and pieces of nn=\(4, 5\)"):
        pp.VStack([pp.L1(), pp.L1()], [4, 5]).prox(x, TAU)
    with pytest.raises(ValueError, match="needs as many blocks, got 1"):
        pp.VStack([pp.L1(), pp.L1()])(BlockVector((x,)))
    with pytest.raises(ValueError, match="set n=24"):
        pp.L1Ball(23, 1.0).prox(x, TAU)
    with pytest.raises(ValueError, match="gamma must be positive"):
        pp.Log(1.0, 0.0)
