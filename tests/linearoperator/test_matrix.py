"""Operators as matrices: columns, dense and sparse forms, eigenvalues, traces, and the rest of PyLops' surface."""

import inspect

import dask
import dask.array as da
import numpy as np
import pylops
import pytest
from dask.base import tokenize
from distributed import Client
from scipy.sparse.linalg import ArpackNoConvergence

import pylops_distributed as pld
from pylops_distributed.compat.dask import flatten
from pylops_distributed.linearoperator import LinearOperator
from pylops_distributed.optimization.numerics.krylov_schur import krylov_schur
from pylops_distributed.testing import samples


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def forbid_compute(*args, **options):
    raise AssertionError("something was computed")


OPERATORS = {
    "a stencil": lambda lib: lib.FirstDerivative((6, 4), axis=1, dtype="c16"),
    "a matrix": lambda lib: lib.MatrixMult(samples((5, 3), "c16"), dtype="c16"),
    "a matrix along an axis": lambda lib: lib.MatrixMult(samples((5, 3), "f8"), 4),
    "a stack": lambda lib: lib.VStack([lib.Identity(5), lib.Roll(5)]),
    "a stack that looks nested": lambda lib: lib.BlockDiag([lib.Diagonal(np.arange(5.0)), lib.Flip(5)]),
    "zero": lambda lib: lib.Zero(4, 3),
    "a chain": lambda lib: (
        (lib.Diagonal(np.arange(12.0).reshape(3, 4)) * 2 - lib.Flip((3, 4))).H @ lib.Roll((3, 4), 1) ** 2
    ),
    "a chain through stacks": lambda lib: (
        lib.HStack([lib.Identity(3), lib.Flip(3)]) @ lib.VStack([lib.Roll(3)] * 2)
    ),
    "a complex chain": lambda lib: (1j * lib.signalprocessing.FFT(6) @ lib.Real(6, dtype="c16")).conj(),
}


@pytest.mark.parametrize("make", OPERATORS.values(), ids=OPERATORS.keys())
def test_columns_dense_and_sparse_as_in_pylops(make):
    ours, theirs = make(pld), make(pylops)
    for a, b in ((ours, theirs), (ours.H, theirs.H)):
        X = samples((a.shape[1], 5), "c16" if b.dtype == complex and b.clinear else "f8")
        with dask.config.set(scheduler=forbid_compute):
            lazy = a.matmat(da.from_array(X, chunks=(2, 2)))
        assert lazy.chunks[1] == (2, 2, 1)
        np.testing.assert_allclose(lazy.compute(), b.matmat(X), atol=1e-12)
    np.testing.assert_allclose(ours.todense(), theirs.todense(), atol=1e-12)
    sparse = ours.tosparse()
    assert sparse.format == "csr"
    np.testing.assert_allclose(sparse.toarray(), theirs.todense(), atol=1e-12)


@pytest.mark.parametrize("name", ["a stencil", "a stack", "a chain"])
def test_many_columns_take_the_tasks_of_one(name):
    op = OPERATORS[name](pld)
    tasks = []
    for count in (1, 8):
        (lazy,) = dask.optimize(op.matmat(da.zeros((op.shape[1], count), chunks=(-1, count))))
        tasks.append(len(lazy.__dask_graph__()))
    assert tasks[0] == tasks[1]


def test_columns_of_arrays_keep_their_chunks():
    op = pld.FirstDerivative((8, 6))
    X = samples((8, 6, 4), "f8")
    lazy = op @ da.from_array(X, chunks=(3, 2, 3))
    assert lazy.chunks == ((3, 3, 2), (2, 2, 2), (3, 1))
    np.testing.assert_allclose(lazy.compute(), pylops.FirstDerivative((8, 6)) @ X)


def test_columns_on_workers_use_stored_results(cluster):
    weights = da.from_array(samples(9, "f8"), chunks=4).persist()
    X = samples((9, 3), "f8")
    with dask.config.set(scheduler=cluster.get):
        lazy = pld.Diagonal(weights).matmat(da.from_array(X, chunks=(4, 2)).persist())
        np.testing.assert_allclose(lazy.compute(), weights.compute()[:, None] * X)


def test_a_sparse_matrix_of_columns():
    X = pylops.Identity(4).tosparse()
    np.testing.assert_allclose(pld.Roll(4).matmat(X), pylops.Roll(4).todense())


def test_apply_columns():
    A, cols = samples((5, 6), "c16"), [4, 0, 3]
    for op in (pld.MatrixMult(A, dtype="c16"), pld.MatrixMult(A, dtype="c16") @ pld.Identity(6)):
        taken = op.apply_columns(cols)
        assert taken.shape == (5, 3)
        assert taken.explicit == op.explicit
        np.testing.assert_allclose(taken.todense(), A[:, cols])
        np.testing.assert_allclose(taken.H.todense(), A[:, cols].conj().T)


@pytest.mark.parametrize("method", ["toreal", "toimag"])
@pytest.mark.parametrize("flags", [(True, True), (True, False), (False, True)])
def test_real_and_imaginary_part(method, flags):
    A = samples((5, 3), "c8")
    ours, theirs = (getattr(lib.MatrixMult(A, dtype="c8"), method)(*flags) for lib in (pld, pylops))
    assert ours.dtype == theirs.dtype == np.float32
    assert not ours.clinear
    for a, b in ((ours, theirs), (ours.H, theirs.H)):
        x = samples(a.shape[1], "c8")
        y = (a @ da.from_array(x, chunks=2)).compute()
        np.testing.assert_allclose(y, b @ x, rtol=1e-5)
        assert y.dtype == a.codomain.dtype
        np.testing.assert_allclose(a.matmat(x[:, None])[:, 0], y, rtol=1e-5)
    if all(flags):
        assert pld.utils.dottest(ours, rtol=1e-5)


def test_settings_of_pylops_hold_here_too():
    op, x = pld.FirstDerivative((3, 4)), da.ones((3, 4))
    with pld.disabled_ndarray_multiplication():
        assert not pylops.get_ndarray_multiplication()
        for array in (x, da.ones((3, 4, 2))):
            with pytest.raises(ValueError, match="only be applied to 1D"):
                op @ array
        assert (op @ da.ones((12, 2))).shape == (12, 2)
    with pylops.disabled_ndarray_multiplication(), pld.enabled_ndarray_multiplication():
        assert (op @ x).shape == (3, 4)
    assert pld.config.get_ndarray_multiplication()


@pytest.mark.parametrize("ones", [np.ones, da.ones])
def test_applications_are_counted(ones):
    op = pld.MatrixMult(np.ones((4, 3)))
    token = tokenize(op)
    op.matvec(ones(3))
    op @ ones(3)
    op.H @ ones(4)
    op.matmat(ones((3, 2)))
    op.rmatmat(ones((4, 2)))
    op.rmatmat(ones((4, 2)))
    assert (op.matvec_count, op.rmatvec_count, op.matmat_count, op.rmatmat_count) == (2, 1, 1, 2)
    assert tokenize(op) == token
    op.reset_count()
    assert (op.matvec_count, op.rmatvec_count, op.matmat_count, op.rmatmat_count) == (0, 0, 0, 0)


def test_a_scalar_is_not_a_matrix():
    with pytest.raises(ValueError, match="use \\*"):
        2 @ pld.Identity(3)


def test_the_surface_of_pylops_is_here():
    for name, theirs in inspect.getmembers(pylops.LinearOperator):
        if name.startswith("_"):
            continue
        assert hasattr(pld.Identity(2), name), name
        if inspect.isfunction(theirs):
            expected = [*inspect.signature(theirs).parameters]
            ours = [*inspect.signature(getattr(LinearOperator, name)).parameters]
            assert ours[: len(expected)] == expected, name


# -- eigenvalues -----------------------------------------------------------------------------------------


def matrix(n, kind, symmetric):
    A = samples((n, n), kind, seed=3)
    return A + A.conj().T if symmetric else A


def lift(A):
    """A matrix as an operator that does not show it."""
    hidden = pld.Identity(A.shape[1], dtype=A.dtype)
    return pld.MatrixMult(da.from_array(A, chunks=30), dtype=A.dtype) @ hidden


@pytest.mark.parametrize("kind", ["f8", "c16"])
@pytest.mark.parametrize("which", ["LM", "SA", "BE"])
def test_eigenvalues_of_symmetric_operators(kind, which):
    A = matrix(50, kind, symmetric=True)
    truth = np.linalg.eigvalsh(A)
    first = {"LM": np.argsort(-abs(truth))[:3], "SA": slice(0, 3), "BE": [0, -1, -2]}[which]
    expected = -np.sort(-truth[first])
    for ncv in (None, 24):
        values = lift(A).eigs(3, symmetric=True, which=which, ncv=ncv)
        assert values.dtype.kind == "f"
        np.testing.assert_allclose(values, expected, rtol=1e-10)


@pytest.mark.parametrize("kind", ["f8", "c16"])
@pytest.mark.parametrize("which", ["LM", "SR"])
def test_eigenvalues_of_other_square_operators(kind, which):
    A = matrix(50, kind, symmetric=False) + 8 * np.diag(np.linspace(-3, 3, 50))
    expected = pylops.MatrixMult(A, dtype=A.dtype).eigs(3, which=which)
    for ncv in (None, 24):
        np.testing.assert_allclose(lift(A).eigs(3, which=which, ncv=ncv), expected, rtol=1e-9)


def test_singular_values_of_rectangular_operators():
    for shape in ((50, 30), (30, 50)):
        A = samples(shape, "f4", seed=3)
        expected = np.linalg.svd(A, compute_uv=False)
        np.testing.assert_allclose(lift(A).eigs(2, ncv=16), expected[:2], rtol=1e-5)
        np.testing.assert_allclose(lift(A).eigs(30), expected, rtol=1e-4)
        assert lift(A).eigs().shape == (shape[1],)


def test_eigenvalues_of_stacks():
    weights = np.r_[9, 7, np.linspace(0.1, 1, 30)]
    op = pld.VStack([pld.Diagonal(weights), pld.Zero(5, 32)])
    np.testing.assert_allclose(op.eigs(2, ncv=12), [9, 7])
    blocks = pld.BlockDiag([pld.Diagonal(weights), pld.Diagonal(2 * weights)])
    np.testing.assert_allclose(blocks.eigs(3, symmetric=True, ncv=12), [18, 14, 9])


def test_multiple_eigenvalues_are_found_where_the_vectors_close():
    weights = np.r_[[5.0] * 2, 4, np.zeros(25)]
    values = krylov_schur(pld.Diagonal(da.from_array(weights, chunks=15)), 3, hermitian=True, ncv=8)
    np.testing.assert_allclose(values, [5, 5, 4])
    np.testing.assert_allclose(krylov_schur(pld.Identity(30), 2, ncv=6), 1)


def test_lobpcg_asks_for_algebraic_ends():
    A = matrix(50, "f8", symmetric=True)
    expected = np.linalg.eigvalsh(A)
    assert lift(A).eigs(1, symmetric=True, uselobpcg=True) == pytest.approx(expected[-1])
    assert lift(A).eigs(1, symmetric=True, uselobpcg=True, largest=False) == pytest.approx(expected[0])
    with pytest.raises(ValueError, match="symmetric"):
        lift(A + 0j).eigs(uselobpcg=True)


def test_cond_as_in_pylops():
    A = samples((40, 25), "f8")
    assert lift(A).cond() == pytest.approx(np.linalg.cond(A))
    assert lift(A).cond(uselobpcg=True) == pytest.approx(np.linalg.cond(A))
    assert lift(A).cond(ncv=24) == pytest.approx(np.linalg.cond(A))
    assert pld.Zero(3).cond() is not None  # 0 / 0
    assert pld.Diagonal(np.arange(3.0)).cond() == np.inf


def test_too_few_restarts_are_an_error_with_the_eigenvalues_found():
    A = np.diag(np.r_[100.0, np.linspace(1, 1.01, 49)])
    with pytest.raises(ArpackNoConvergence, match="1 of 4") as caught:
        lift(A).eigs(4, symmetric=True, ncv=8, niter=3)
    np.testing.assert_allclose(caught.value.eigenvalues, [100])
    with pytest.raises(ValueError, match="ncv"):
        lift(A).eigs(4, ncv=5)
    with pytest.raises(ValueError, match="which"):
        lift(A).eigs(4, which="XX")


def test_krylov_vectors_stay_on_the_workers(cluster, monkeypatch):
    seen = []

    def get(self, graph, keys, **options):
        found = Client.__dict__["get_here"](self, graph, keys, **options)
        seen.extend(np.size(number) for number in flatten(found))
        return found

    monkeypatch.setattr(Client, "get_here", Client.get, raising=False)
    monkeypatch.setattr(Client, "get", get)
    weights = np.r_[9.0, 7.0, np.linspace(0.1, 1, 198)]
    with dask.config.set(scheduler=None):
        values = pld.Diagonal(da.from_array(weights, chunks=100)).eigs(2, symmetric=True, ncv=8)
    np.testing.assert_allclose(values, [9, 7])
    assert seen
    assert max(seen) <= 8


# -- traces ----------------------------------------------------------------------------------------------


def test_trace_of_the_matrix():
    A = matrix(30, "f4", symmetric=False)
    for op in (pld.MatrixMult(A, dtype="f4"), lift(A)):
        with dask.config.set(scheduler=forbid_compute if op.holds_dask else "sync"):
            found = op.trace(method="explicit")
        assert isinstance(found, da.Array if op.holds_dask else np.generic)
        assert found.dtype == np.float32
        assert float(found) == pytest.approx(float(np.trace(A)), rel=1e-5)
    assert pld.MatrixMult(A).trace() == pytest.approx(np.trace(A.astype("f8")))
    with pytest.raises(ValueError, match="square"):
        pld.Identity(3, 2).trace()
    with pytest.raises(NotImplementedError, match="hutch"):
        pld.Identity(3).trace(method="guess")


ESTIMATES = [
    (method, sampler)
    for method in ("hutchinson", "hutch++", "na-hutch++")
    for sampler in ("rademacher", "gaussian", "rayleigh")
]


@pytest.mark.parametrize(("method", "sampler"), ESTIMATES)
@pytest.mark.parametrize("kind", ["f8", "c8"])
def test_trace_estimates_are_near(method, sampler, kind):
    decay = 0.8 ** np.arange(60)
    Q = np.linalg.qr(samples((60, 60), kind))[0]
    A = (Q * decay @ Q.conj().T).astype(kind)
    lazy = pld.MatrixMult(da.from_array(A, chunks=60), dtype=kind)
    settings = {"neval": 90, "method": method, "sampler": sampler, "seed": 1}
    for op in (lift(A), pld.BlockDiag([lift(A), lift(2 * A)]), lazy, pld.BlockDiag([lazy, 2 * lazy])):
        with dask.config.set(scheduler=forbid_compute if op.holds_dask else "sync"):
            estimate, again = (op.trace(**settings) for _ in range(2))
        assert isinstance(estimate, da.Array if op.holds_dask else np.generic)
        assert estimate.dtype == op.dtype
        truth = decay.sum() * (1 if op.shape[0] == 60 else 3)
        assert abs(complex(estimate) - truth) < (0.25 if method == "hutchinson" else 0.05) * truth
        assert complex(estimate) == complex(again)


def test_a_sketch_of_everything_returns_the_exact_trace():
    A = matrix(30, "f4", symmetric=False)
    assert float(lift(A).trace(neval=300, seed=0)) == pytest.approx(float(np.trace(A)), abs=1e-5)


def test_unit_vectors_give_the_trace_itself():
    A = matrix(30, "f8", symmetric=False)
    found = pld.utils.trace_hutchinson(lift(A), neval=40, batch_size=7, sampler="unitvector")
    assert float(found) == pytest.approx(np.trace(A))


def test_traces_of_tiny_operators():
    for method in ("hutchinson", "hutch++", "na-hutch++"):
        assert 0 < float(pld.Identity(4).trace(method=method, seed=0)) < 12
    with pytest.raises(ValueError, match="three"):
        pld.utils.trace_hutchpp(pld.Identity(4), neval=2)
    with pytest.raises(ValueError, match="few"):
        pld.utils.trace_nahutchpp(pld.Identity(4), neval=2)
    with pytest.raises(NotImplementedError, match="sampler"):
        pld.utils.trace_hutchinson(pld.Identity(4), sampler="dice")
