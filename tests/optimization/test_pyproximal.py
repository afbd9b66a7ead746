"""Proximal operators and solvers against PyProximal itself."""

import dask.array as da
import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization import primal, primaldual
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
    ours = OPERATORS[name][0]
    for seed in range(20):  # some of which end outside, by rounding
        x = vector(dtype, seed)
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


MATRIX = np.random.default_rng(9).standard_normal((30, N))
A = pylops.FirstDerivative(N)  # its norm is 1
X0, Z0, DATA = vector(seed=2), vector(seed=3), MATRIX @ vector(seed=4)
LENGTHS = np.linspace(0.9, 0.1, 7)
# Name, arguments after the functions, and options; f is half the squared distance to a vector, and g an L1 norm.
SPLITTINGS = [
    *(
        (name, arguments, {"niter": 7, "gfirst": first, **options}) for first in (False, True)
        for name, arguments, options in (
            ("HQS", (X0, 0.7), {"z0": Z0}), ("HQS", (X0, LENGTHS), {}), ("ADMM", (X0, 0.7), {"z0": Z0}),
            ("DouglasRachfordSplitting", (X0, 0.7, 0.9), {}),
            ("PrimalDual", (A, X0, 0.7, 0.7, Z0), {"returny": True}),
        )
    ),
    ("LinearizedADMM", (A, X0, 0.7, 0.1), {"niter": 7}),
    ("LinearizedADMM", (A, X0, 0.7, 0.1), {"niter": 7, "z0": Z0}),
    ("AdaptivePrimalDual", (A, 0 * X0, 0.7, 0.7), {"niter": 20}),
    ("AdaptivePrimalDual", (A, 0 * X0, 0.7, 0.7), {"niter": 90, "xytol": 1e-2}),
    ("AdaptivePrimalDual", (A, 0 * X0, 0.7, 0.7), {"niter": 90, "tol": 1e-3}),
]  # fmt: skip


def close(found, expected):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            close(*pair)
    else:
        np.testing.assert_allclose(found, expected, atol=1e-6, rtol=1e-6)


def of_both(name):
    home = "primaldual" if "Dual" in name else "primal"
    return getattr(globals()[home], name), getattr(getattr(peer.optimization, home), name)


@pytest.mark.parametrize(("name", "arguments", "options"), SPLITTINGS)
def test_solvers_end_where_those_of_pyproximal_do(name, arguments, options):
    ours, theirs = of_both(name)
    b = vector(seed=5)
    expected = theirs(peer.L2(b=b), peer.L1(0.3), *arguments, **options)
    close(ours(pp.L2(b=b), pp.L1(0.3), *arguments, **options), expected)
    lazy = [da.from_array(a, chunks=7) if isinstance(a, np.ndarray) and a.size == N else a for a in arguments]
    close(ours(pp.L2(b=b), pp.L1(0.3), *lazy, **options), expected)


@pytest.mark.parametrize("gfirst", [False, True])
def test_least_squares_with_a_transformed_model(gfirst):
    options = {"niter": 7, "gfirst": gfirst, "z0": Z0}
    expected = peer.optimization.primal.ADMML2(
        peer.L1(0.3), pylops.MatrixMult(MATRIX), DATA, A, X0, 0.7, **options, iter_lim=200, atol=0, btol=0
    )
    found = primal.ADMML2(
        pp.L1(0.3), pld.MatrixMult(MATRIX), DATA, pld.aslinearoperator(A), X0, 0.7, **options, iter_lim=40
    )
    close(found, expected)


@pytest.mark.filterwarnings("ignore:AcceleratedProximalGradient")
def test_accelerated_proximal_gradients():
    arguments, tau = (X0,), 1 / np.linalg.norm(MATRIX, 2) ** 2
    expected = peer.optimization.primal.AcceleratedProximalGradient(
        peer.L2(pylops.MatrixMult(MATRIX), DATA), peer.L1(0.3), *arguments, tau, niter=20
    )
    f = pp.L2(pld.MatrixMult(MATRIX), DATA)
    close(primal.AcceleratedProximalGradient(f, pp.L1(0.3), *arguments, tau, niter=20), expected)


def test_a_linear_term_and_a_model_in_adaptive_steps():
    """PyProximal's residuals count the linear term, and its first step takes zero for the model's image."""
    b, z = vector(seed=5), 0.1 * vector(seed=6)
    x = primaldual.AdaptivePrimalDual(pp.L2(b=b), pp.L1(0.3), pld.Identity(N), X0, 0.9, 0.9, z=z, niter=300)[
        0
    ]
    np.testing.assert_allclose(x, pp.L1(0.3).prox(b - z, 1.0), atol=1e-8)


def test_rows_of_the_table(capsys):
    primal.HQS(pp.L2(b=X0), pp.L1(0.3), X0, 0.7, niter=20, show=True, itershow=(2, 3, 5))
    rows = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
    assert rows == [1, 2, 5, 10, 15, 18, 19, 20]


def test_a_step_length_for_each_iteration():
    with pytest.raises(ValueError, match="tau has 2 step lengths, expected one for each of 3 iterations"):
        primal.HQS(pp.L2(), pp.L1(), X0, [0.2, 0.1], niter=3)
