"""Users' subclasses of the library's operators: their own products are taken, not the parents' faster ways."""

import dask.array as da
import numpy as np
import pytest

import pylops_distributed as pld

WEIGHTS = np.arange(1.0, 5)
MAKE = {
    "MatrixMult": lambda cls: cls(np.arange(16.0).reshape(4, 4) + 4 * np.eye(4)), "Identity": lambda cls: cls(4),
    "Diagonal": lambda cls: cls(WEIGHTS), "Restriction": lambda cls: cls(4, [0, 2]),
    "FirstDerivative": lambda cls: cls(4), "Laplacian": lambda cls: cls((2, 2)),
    "VStack": lambda cls: cls([pld.Identity(4), pld.Diagonal(WEIGHTS)]),
    "BlockDiag": lambda cls: cls([pld.Identity(2), pld.Diagonal(WEIGHTS[:2])]),
}  # fmt: skip


@pytest.mark.parametrize("lazy", [False, True], ids=["numpy", "dask"])
@pytest.mark.parametrize("name", MAKE)
def test_a_subclass_with_products_of_another_size(name, lazy):
    parent = getattr(pld, name)

    class Twice(parent):
        def _matvec(self, x):
            return 2 * super()._matvec(x)

        def _rmatvec(self, y):
            return 2 * super()._rmatvec(y)

    one, two = MAKE[name](parent), MAKE[name](Twice)
    x, y = (da.from_array(v) if lazy else v for v in (np.arange(4.0) - 1, np.arange(one.shape[0]) + 2.0))
    wrapped = (one @ pld.Identity(4), two @ pld.Identity(4))
    for a, b, v in ((one, two, x), (one.H, two.H, y), (*wrapped, x), (one + one, two + two, x)):
        np.testing.assert_allclose(np.asarray(b @ v), 2 * np.asarray(a @ v), rtol=1e-12, atol=1e-12)
    model = np.asarray(pld.cgls(two, 2 * (one @ x), niter=30, tol=0.0)[0])
    np.testing.assert_allclose(model, np.asarray(pld.cgls(one, one @ x, niter=30, tol=0.0)[0]), atol=1e-8)
    inversion = pld.optimization.leastsquares.regularized_inversion
    model = np.asarray(inversion(two, 2 * (one @ x), [pld.Identity(4)], epsRs=[1e-3])[0])
    same = np.asarray(inversion(one, one @ x, [pld.Identity(4)], epsRs=[5e-4])[0])
    np.testing.assert_allclose(model, same, atol=1e-4)
