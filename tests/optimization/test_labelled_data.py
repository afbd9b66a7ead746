"""Labelled arrays as the data of solvers in the style of PyLops, which take them for the arrays that they hold."""

import numpy as np
import pytest
import xarray as xr

import pylops_distributed as pld
from pylops_distributed.avo.poststack import PoststackInversion, PoststackLinearModelling
from pylops_distributed.optimization.leastsquares import (
    normal_equations_inversion,
    preconditioned_inversion,
    regularized_inversion,
)

rng = np.random.default_rng(0)
OP = pld.MatrixMult(rng.standard_normal((12, 8)))
SOLVERS = {
    "cgls": lambda y: pld.cgls(OP, y, niter=5)[0],
    "regularized": lambda y: regularized_inversion(OP, y, [pld.Identity(8)], dataregs=[y[:8]])[0],
    "normal": lambda y: normal_equations_inversion(OP, y, [pld.Identity(8)], x0=y[:8])[0],
    "preconditioned": lambda y: preconditioned_inversion(OP, y, pld.Identity(8), x0=y[:8])[0],
}


@pytest.mark.parametrize("chunks", [None, 5])
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_labelled_data(solver, chunks):
    y = rng.standard_normal(12)
    labelled = xr.DataArray(y, {"t": np.arange(12)}, "t")
    model = solver(labelled if chunks is None else labelled.chunk(chunks))
    np.testing.assert_allclose(np.asarray(model), solver(y), rtol=1e-5, atol=1e-8)


def test_labelled_data_and_background_of_an_inversion():
    wavelet, m0 = np.hanning(5), rng.standard_normal((20, 3))
    data = PoststackLinearModelling(wavelet, 20, 3) @ (m0 * 1.1)
    expected, found = (
        PoststackInversion(d, wavelet, m, epsR=0.1)[0]
        for d, m in ((data, m0), (xr.DataArray(data, dims=("twt", "x")), xr.DataArray(m0, dims=("twt", "x"))))
    )
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5)
