"""Solvers on NumPy data with operators that hold NumPy arrays return NumPy arrays, whatever they begin with."""

import numpy as np
import pylops
import pytest

import pylops_distributed as pld
from pylops_distributed.optimization.pylops_api import scipy_engine
from pylops_distributed.testing import samples

N = 30
WANTED = {
    "warm IRLS": ("irls", {"warm": True, "nouter": 3, "epsR": 1e-2, "iter_lim": 20}),
    "IRLS of both": ("irls", {"kind": "datamodel", "warm": True, "nouter": 3, "epsR": 1e-2, "iter_lim": 20}),
    "matching pursuit": ("omp", {"niter_outer": 3, "niter_inner": 5}),
}


@pytest.mark.parametrize(("name", "options"), WANTED.values(), ids=WANTED.keys())
def test_sparse_solvers_of_numpy_data_return_numpy_arrays(name, options):
    y = samples(N, "f8")
    ours, theirs = (
        getattr(library.optimization.sparsity, name)(
            library.signalprocessing.Convolve1D(N, np.array([0.1, 1.0, 0.2]), offset=1), y, **options
        )[0]
        for library in (pld, pylops)
    )
    assert isinstance(ours, np.ndarray)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("restart", [False, True])
def test_split_bregman_of_numpy_data_returns_a_numpy_array(restart):
    y = samples(N, "f8")
    ours, theirs = (
        library.optimization.sparsity.splitbregman(
            library.Identity(N), y, [library.FirstDerivative(N)], RegsL2=[library.SecondDerivative(N)],
            epsRL1s=[0.3], epsRL2s=[0.1], mu=0.1, niter_outer=3, niter_inner=2, restart=restart, iter_lim=20,
        )[0]
        for library in (pld, pylops)
    )  # fmt: skip
    assert isinstance(ours, np.ndarray)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_variances_that_are_not_asked_for_are_numpys_zeros():
    *_, var = scipy_engine.lsqr(pld.Identity(N), samples(N, "f8"))
    assert isinstance(var, np.ndarray)
    assert not var.any()


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_steps_follow_the_largest_eigenvalue_though_few_iterations_look_for_it(name):
    y, h = samples(100, "f8"), np.array([0.1, 1.0, 0.2])
    op, local = (library.signalprocessing.Convolve1D(100, h, offset=1) for library in (pld, pylops))
    matrix = local.todense()
    exact = 1 / np.linalg.norm(matrix, 2) ** 2
    ours = getattr(pld.optimization.sparsity, name)(
        op, y, niter=5, eps=0.1, eigsdict={"niter": 5, "tol": 1e-1, "ncv": 60}
    )
    theirs = getattr(pylops.optimization.sparsity, name)(local, y, niter=5, eps=0.1, alpha=exact)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-3)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-3)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("shape", [(120, 90), (90, 90)])
def test_eigenvalues_of_numpy_operators_are_those_of_the_matrix(shape, symmetric):
    A = samples(shape, "f8")
    A = A + A.T if symmetric and shape[0] == shape[1] else A
    found = pld.MatrixMult(A).eigs(1, symmetric=symmetric)
    expected = np.linalg.svd(A)[1][0] if shape[0] != shape[1] else np.abs(np.linalg.eigvals(A)).max()
    assert np.abs(found[0]) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(4))
def test_eigenvalues_of_transforms_of_real_data_do_not_hang_on_the_start(seed):
    rng = np.random.default_rng(seed)
    taken = pld.Restriction(40, np.sort(rng.permutation(40)[:8]))
    op = taken @ (10 * pld.signalprocessing.FFT(40, nfft=256, real=True)).H
    start = rng.standard_normal(129) + 1j * rng.standard_normal(129)
    assert (op.H @ op).eigs(1, symmetric=True, v0=start)[0] == pytest.approx(100)


@pytest.mark.parametrize("kind", ["data", "model"])
def test_callbacks_of_irls_see_its_weights(kind):
    def last(library):
        h = np.array([0.1, 1.0, 0.2])
        solver = library.optimization.sparsity.IRLS(library.signalprocessing.Convolve1D(N, h, offset=1))
        solver.solve(samples(N, "f8"), nouter=3, kind=kind, epsR=1e-1, iter_lim=40)
        return solver.rw

    ours = last(pld)
    assert ours.max() == pytest.approx(1)
    np.testing.assert_allclose(ours, last(pylops), atol=1e-5)


def test_weights_of_irls_before_it_has_any_are_an_error_that_says_when():
    with pytest.raises(AttributeError, match="two outer iterations"):
        pld.optimization.sparsity.IRLS(pld.Identity(3)).rw  # noqa: B018
