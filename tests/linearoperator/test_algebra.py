"""The surface of operators: sums, products, scalars, adjoints, columns, solving, and company with PyLops."""

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
import scipy.sparse.linalg as spla

import pylops_distributed as pld
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.testing import samples
from pylops_distributed.vectors.space import BlockVector, Space

DIMS = (6, 4)


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def pair(library, dtype="c16"):
    """Two different square operators on arrays of ``DIMS``."""
    weights = samples(DIMS, dtype, seed=5)
    return library.Diagonal(weights, dtype=dtype), library.FirstDerivative(DIMS, axis=0, dtype=dtype)


def check(ours, theirs):
    """Both give the same, forward and adjoint, for arrays and for flat vectors."""
    assert isinstance(ours, LinearOperator)
    assert (ours.shape, ours.dims, ours.dimsd) == (theirs.shape, tuple(theirs.dims), tuple(theirs.dimsd))
    assert ours.dtype == theirs.dtype
    for a, b in ((ours, theirs), (ours.H, theirs.H)):
        for shape in (a.dims, (a.shape[1],)):
            x = samples(shape, theirs.dtype)
            lazy = a @ da.from_array(x, chunks=3)
            assert isinstance(lazy, da.Array)
            np.testing.assert_allclose(lazy.compute(), b @ x, rtol=1e-12, atol=1e-12)


EXPRESSIONS = {
    "A @ B": lambda A, B: A @ B,
    "A * B": lambda A, B: A * B,
    "A + B": lambda A, B: A + B,
    "A - B": lambda A, B: A - B,
    "-A": lambda A, B: -A,
    "A ** 3": lambda A, B: (A + B) ** 3,
    "A ** 0": lambda A, B: A**0,
    "A * scalar": lambda A, B: A * (2 - 3j),
    "scalar * A": lambda A, B: 2 * A,
    "A.T": lambda A, B: (A + B).T,
    "A.conj()": lambda A, B: (A @ B).conj(),
    "A.H": lambda A, B: (A @ B).H,
    "a chain": lambda A, B: (2 * A @ B.H - B.T).conj() ** 2,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_expressions_as_in_pylops(expression):
    check(expression(*pair(pld)), expression(*pair(pylops)))


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_a_pylops_operator_may_stand_on_the_right(expression):
    check(expression(pair(pld)[0], pair(pylops)[1]), expression(*pair(pylops)))


def test_a_pylops_operator_on_the_left_is_added_lazily_or_rejected():
    ours, theirs = pair(pld)[0], pair(pylops)[1]
    for combine in (lambda: theirs @ ours, lambda: theirs * ours):
        with pytest.raises(AttributeError, match="aslinearoperator"):
            combine()
    check(pld.aslinearoperator(theirs) @ ours, theirs @ pair(pylops)[0])


def test_a_scipy_operator_may_take_part():
    matrix = samples((24, 24), "f8")
    ours, theirs = pair(pld)[0], pair(pylops)[0]
    local = spla.aslinearoperator(matrix)
    lazy = (ours @ local) @ da.from_array(np.arange(24.0), chunks=7)
    np.testing.assert_allclose(lazy.compute(), (theirs @ (matrix @ np.arange(24.0))).reshape(DIMS))


def test_scalars_keep_single_precision():
    A = pair(pld, "f4")[0]
    x = da.ones(DIMS, chunks=2, dtype="f4")
    assert (2.5 * A).dtype == ((2.5 * A) @ x).dtype == np.float32
    assert (2.5j * A).dtype == ((2.5j * A) @ x).dtype == np.complex64


def test_columns_and_dense_matrices():
    A = samples((5, 3), "c16")
    for op, dense in ((pld.MatrixMult(A, dtype="c16"), A), (pld.MatrixMult(A, dtype="c16").H, A.conj().T)):
        X, Y = samples((dense.shape[1], 4), "c16"), samples((dense.shape[0], 4), "c16")
        np.testing.assert_allclose(op.matmat(X), dense @ X)
        np.testing.assert_allclose(op.rmatmat(Y), dense.conj().T @ Y)
        np.testing.assert_allclose(op.matvec(X[:, 0]), dense @ X[:, 0])
        np.testing.assert_allclose(op.rmatvec(Y[:, :1]), dense.conj().T @ Y[:, :1])
        np.testing.assert_allclose(op.todense(), dense)
        np.testing.assert_allclose((2 * op).todense(), 2 * dense)


def test_division_solves_lazily():
    A, y = samples((7, 7), "f8"), samples(7, "f8")
    for shape in ((7, 7), (7, 4), (4, 7)):
        matrix, data = A[: shape[0], : shape[1]], y[: shape[0]]
        op = pld.MatrixMult(da.from_array(matrix, chunks=3))
        lazy = op / da.from_array(data, chunks=3)
        assert isinstance(lazy, da.Array)
        expected = np.linalg.lstsq(matrix, data, rcond=None)[0]
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-9)
    weights = np.arange(1.0, 7.0)
    stacked = pld.BlockDiag([pld.Diagonal(weights), pld.Diagonal(2 * weights)])
    data = da.from_array(np.stack([weights, weights]), chunks=3)
    np.testing.assert_allclose((stacked / data).compute(), [[1.0] * 6, [0.5] * 6])
    np.testing.assert_allclose((stacked / data.ravel()).compute(), [1.0] * 6 + [0.5] * 6)


def test_solutions_continue_lazily():
    model = pld.Diagonal(np.full(DIMS, 2.0)) / da.ones(DIMS, chunks=3)
    np.testing.assert_allclose((model.T + 1).sum(axis=0).compute(), [6.0] * 6)
    np.testing.assert_allclose((pld.Roll(DIMS) @ model.ravel()).compute(), 0.5)


def test_division_by_a_singular_matrix_returns_the_least_norm_solution():
    matrix = np.outer(np.arange(1.0, 5), np.arange(1.0, 4))
    data = samples(4, "f8")
    lazy = pld.MatrixMult(da.from_array(matrix, chunks=2)).div(data)
    np.testing.assert_allclose(lazy.compute(), np.linalg.lstsq(matrix, data, rcond=None)[0], rtol=1e-9)


def test_steps_past_convergence_change_nothing():
    assert (pld.Diagonal(np.full(4, 2.0)) / da.zeros(4)).compute().tolist() == [0] * 4
    np.testing.assert_array_equal((pld.Diagonal(np.full(4, 2.0)) / da.ones(4)).compute(), [0.5] * 4)


@pytest.mark.parametrize("compute", [(False, False), (True, False), (False, True), (True, True)])
def test_compute_says_which_side_is_evaluated(compute):
    op = pld.Diagonal(np.arange(4.0), compute=compute)
    x = da.ones(4, chunks=2)
    for f, eager in ((op, compute[0]), (op.H, compute[1]), (2 * op, compute[0]), ((op @ op).H, compute[1])):
        assert isinstance(f @ x, np.ndarray if eager else da.Array)
        assert isinstance(f.matvec(x), np.ndarray if eager else da.Array)
    assert isinstance(op.apply(x), da.Array), "the library's own use of an operator is always lazy"


def test_operators_are_not_copied_nor_changed_by_composition():
    A, B = pair(pld)
    made = (A @ B + 2 * A) ** 2
    assert made.op.ops[0].ops[0] is A
    assert A.compute == (False, False)


def test_forceflat_is_inherited_and_must_agree():
    flat, nested = (pld.Identity(DIMS, forceflat=f) for f in (True, False))
    x = da.ones(DIMS)
    assert (flat @ x).shape == (24,)
    assert ((flat @ pld.Identity(DIMS)) @ x).shape == (24,)
    assert (nested @ x).shape == DIMS
    for combine in (lambda: flat + nested, lambda: flat @ nested):
        with pytest.raises(ValueError, match="forceflat"):
            combine()


def test_topylops_computes_for_local_solvers():
    op = pair(pld, "f8")[0].topylops()
    assert isinstance(op, pylops.LinearOperator)
    data = op @ np.ones(DIMS)
    assert isinstance(data, np.ndarray)
    np.testing.assert_allclose(spla.lsqr(op, data.ravel(), atol=1e-12, btol=1e-12)[0], 1, rtol=1e-6)
    stacked = pld.VStack([*pair(pld, "f8")]).topylops()
    assert pylops.utils.dottest(stacked, rtol=1e-10)


def test_stacks_give_solvers_blocks_that_nothing_concatenates():
    op = pld.VStack([pld.Diagonal(np.ones(6)), pld.HStack([pld.Identity(3, 2), pld.Identity(3, 4)])])
    data = op.apply(da.ones(6, chunks=3))
    assert [a.shape for a in data.arrays] == [(6,), (3,)]
    assert isinstance(op.H @ data, da.Array)
    assert isinstance(data * 2 + data, BlockVector)
    assert op.apply_adjoint(data).shape == (6,)


def test_nested_stacks_have_one_level_of_blocks():
    inner = pld.VStack([pld.Identity(3), pld.Flip(3)])
    outer = pld.VStack([inner, pld.Roll(3)])
    assert [a.shape for a in outer.apply(da.ones(3)).arrays] == [(3,), (3,), (3,)]
    check(outer, pylops.VStack([pylops.VStack([pylops.Identity(3), pylops.Flip(3)]), pylops.Roll(3)]))


def test_stacks_of_zeros_and_of_one():
    check(pld.HStack([pld.Zero(3), pld.Zero(3)]), pylops.HStack([pylops.Zero(3), pylops.Zero(3)]))
    check(pld.VStack([pld.Flip(3)]), pylops.VStack([pylops.Flip(3)]))


ERRORS = {
    "shapes of a product": (lambda: pld.Identity(3) @ pld.Identity(4), ValueError, "3 != 4"),
    "shapes of a sum": (lambda: pld.Identity(3) + pld.Identity(4), ValueError, "shapes differ"),
    "power of a tall one": (lambda: pld.Identity(3, 2) ** 2, ValueError, "square"),
    "negative power": (lambda: pld.Identity(3) ** -1, ValueError, "non-negative"),
    "scalar with @": (lambda: pld.Identity(3) @ 2, ValueError, "use \\*"),
    "shape of an array": (lambda: pld.Identity(3) @ da.ones((2, 2, 2)), ValueError, r"\(3,\)"),
    "length of a vector": (lambda: pld.Identity(3) @ da.ones(4), ValueError, r"\(3,\)"),
    "columns of a stack": (lambda: pld.VStack([pld.Identity(3), pld.Identity(4)]), ValueError, r"\[3, 4\]"),
    "rows of a stack": (lambda: pld.HStack([pld.Identity(3), pld.Identity(4)]), ValueError, r"\[3, 4\]"),
    "an empty stack": (lambda: pld.BlockDiag([]), ValueError, "one operator or more"),
    "shapes of an identity": (lambda: pld.Identity((3, 2), (2, 3)), ValueError, "the larger"),
    "axes of an identity": (lambda: pld.Identity((3, 2), 3), ValueError, "as many axes"),
    "length of a diagonal": (lambda: pld.Diagonal(np.ones(3), (2, 4)), ValueError, r"expected \(4,\)"),
    "index outside": (lambda: pld.Restriction(4, [0, 4]), IndexError, "0 to 4"),
    "index that is no integer": (lambda: pld.Restriction(4, [0.5]), TypeError, "float64"),
    "index that is lazy": (lambda: pld.Restriction(4, da.arange(2)), TypeError, "compute"),
    "negative pad": (lambda: pld.Pad(4, (-1, 2)), ValueError, "positive or zero"),
    "pad of another shape": (lambda: pld.Pad((4, 3), (1, 2)), ValueError, "pair"),
    "axis outside": (lambda: pld.Flip(4, axis=1), np.exceptions.AxisError, "axis 1"),
    "axes twice": (lambda: pld.Transpose((4, 3), (0, 0)), ValueError, "once"),
    "a matrix with three axes": (lambda: pld.MatrixMult(np.ones((2, 2, 2))), ValueError, r"\(2, 2, 2\)"),
    "chunks of another shape": (lambda: pld.Identity(4, chunks=((3, 2),)), ValueError, "(?i)chunks"),
}


@pytest.mark.parametrize(("build", "error", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_bad_input_is_rejected_when_building(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_restriction_masks_what_it_does_not_take():
    x = samples(DIMS, "f8")
    taken, twin = (library.Restriction(DIMS, [3, 1], axis=0) for library in (pld, pylops))
    masked, expected = taken.mask(da.from_array(x, chunks=2)).compute(), twin.mask(x)
    np.testing.assert_array_equal(masked.mask, expected.mask)
    np.testing.assert_allclose(masked.filled(0), expected.filled(0))
    at_once = taken.mask(x)
    np.testing.assert_array_equal(at_once.mask, expected.mask)
    np.testing.assert_array_equal(at_once.data, expected.data)
    at_once.mask[:] = at_once.data[:] = 0  # scripts write into both
    with pytest.raises(ValueError, match="repeated"):
        pld.Restriction(4, [1, 1]).mask(da.ones(4))


def test_pinned_chunks_are_kept_on_both_sides():
    chunks = ((2, 4), (3, 1))
    for op in (
        pld.Identity(DIMS, chunks=chunks), pld.Diagonal(np.ones(DIMS), chunks=chunks), pld.Zero(DIMS, chunks=chunks),
        pld.Flip(DIMS, chunks=chunks), pld.Roll(DIMS, chunks=chunks), pld.Transpose(DIMS, (1, 0), chunks=chunks),
        pld.Sum(DIMS, chunks=chunks), pld.Pad(DIMS, ((1, 2), (0, 1)), chunks=chunks),
        pld.Restriction(DIMS, [0, 1, 5], 0, chunks=chunks), pld.MatrixMult(np.ones((5, 6)), 4, chunks=chunks),
        pld.VStack([pld.Identity(DIMS, chunks=chunks), pld.Flip(DIMS)]),
    ):  # fmt: skip
        assert op.domain.chunks == chunks
        data = op.apply(da.ones(DIMS))
        assert op.apply_adjoint(data).chunks == chunks
        assert op.codomain == op.H.domain


class Wrong(LinearOperator):
    """An operator whose adjoint is not its own."""

    def __init__(self, dtype="f8"):
        super().__init__(domain=Space.of(9, dtype), codomain=Space.of(9, dtype))

    def _matvec(self, x):
        return 2 * x

    def _rmatvec(self, y):
        return 2.001 * y


class RealPart(Wrong):
    """Linear over the reals only."""

    def __init__(self):
        super().__init__("c16")
        self.clinear = False

    def _matvec(self, x):
        return x.real + 0j

    _rmatvec = _matvec


def test_dottest_distinguishes_right_from_wrong(capsys):
    assert not pld.utils.dottest(Wrong(), raiseerror=False)
    assert pld.utils.dottest(Wrong(), rtol=1e-2, verb=True)
    assert "passed" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="failed"):
        pld.utils.dottest(Wrong())
    with pytest.raises(AssertionError, match=r"\(9, 9\), not \(8, 9\)"):
        pld.utils.dottest(Wrong(), nr=8)
    with pytest.raises(ValueError, match="complexflag"):
        pld.utils.dottest(Wrong(), complexflag=4)


@pytest.mark.parametrize("flag", [0, 1, 2, 3])
def test_dottest_takes_real_and_complex_vectors(flag):
    assert pld.utils.dottest(RealPart(), complexflag=flag, rtol=1e-12)
    assert pld.utils.dottest(pair(pld)[0], complexflag=flag, rtol=1e-12)
    assert pld.utils.dottest(pylops.FirstDerivative(9, dtype="c16"), complexflag=flag, rtol=1e-12)


def test_dottest_computes_once_and_gathers_nothing():
    op, calls = pld.VStack([*pair(pld, "f8")]), []

    def count(graph, keys, **options):
        calls.append(keys)
        return dask.get(graph, keys, **options)

    with dask.config.set({"scheduler": count, "array.chunk-size": "64B"}):
        assert pld.utils.dottest(op, rtol=1e-12)
    assert len(calls) == 1


# -- shapes that are set ------------------------------------------------------------------------------------


def seen(library, build, dims=DIMS, dimsd=(4, 2, 3)):
    """What ``build`` makes of a matrix whose model and data users see as arrays."""
    op = library.MatrixMult(samples((24, 24), "c16"), dtype="c16")
    op.dims, op.dimsd = dims, dimsd
    return build(op, library)


SEEN = {
    "alone": lambda A, library: A,
    "A.H": lambda A, library: A.H,
    "A.T": lambda A, library: A.T,
    "2 * A": lambda A, library: 2 * A,
    "A @ D": lambda A, library: A @ library.FirstDerivative(DIMS, axis=0, dtype="c16"),
    "A.H @ A": lambda A, library: A.H @ A,
    "A - A.H.H": lambda A, library: 2 * A - A,
}


@pytest.mark.parametrize("build", SEEN.values(), ids=SEEN.keys())
def test_shapes_may_be_set_as_in_pylops(build):
    check(seen(pld, build), seen(pylops, build))


def test_shapes_that_are_set_hold_for_columns_stacks_and_solvers():
    op, x = seen(pld, lambda A, library: A), samples((*DIMS, 3), "c16")
    columns = (op @ da.from_array(x, chunks=2)).compute()
    assert columns.shape == (4, 2, 3, 3)
    for k in range(3):
        np.testing.assert_allclose(columns[..., k], (op @ da.from_array(x[..., k])).compute(), rtol=1e-12)
    stack = pld.VStack([op, pld.Identity(24, dtype="c16")])
    assert stack.dims == (24,)
    assert pld.BlockDiag([op, op]).dims == (2, *DIMS)
    y = op @ da.from_array(x[..., 0])
    model = pld.optimization.basic.cgls(op, y, niter=100, tol=0)[0]
    np.testing.assert_allclose(model, x[..., 0], rtol=1e-6)
    assert model.shape == DIMS


def test_shapes_of_other_sizes_are_rejected():
    op = pld.Identity(24)
    with pytest.raises(ValueError, match="must have the 24 samples"):
        op.dims = (5, 5)
    op.dims = 24
    assert op.dims == (24,)


@pytest.mark.parametrize("chunked", [False, True])
def test_operators_take_axes_and_indices_of_nothing(chunked):
    def filled(*shape):
        return da.ones(shape, chunks=2) if chunked else np.ones(shape)

    nothing = pld.Restriction((4, 3), [], axis=0)
    assert np.asarray(nothing @ filled(4, 3)).shape == (0, 3)
    np.testing.assert_array_equal(np.asarray(nothing.H @ filled(0)), np.zeros(12))
    assert np.asarray(pld.Roll((3, 0)) @ filled(3, 0)).shape == (3, 0)


def test_diagonals_are_taken_with_axes_of_length_one():
    op = pld.Diagonal(np.array([[2.0, 3.0]]), dims=(4, 2))
    np.testing.assert_array_equal(
        op @ np.ones((4, 2)), pylops.Diagonal(np.array([[2.0, 3.0]]), dims=(4, 2)) @ np.ones((4, 2))
    )


def test_stacks_of_several_processes_have_a_pool_to_close():
    op = pld.BlockDiag([pld.Identity(2)] * 2, nproc=2)
    assert op.pool.close() is None
    assert pld.BlockDiag([pld.Identity(2)]).pool is None
