"""
Sparse spikes
=============

Spikes under a wavelet: least squares, and FISTA's sparse ones.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld
from pylops_distributed.signalprocessing import Convolve1D

n = 300
spikes = np.zeros(n)
spikes[[40, 75, 90, 160, 170, 240]] = [1, -0.7, 0.9, 0.6, -0.8, 1]
wavelet, _, centre = pld.ricker(np.arange(21) * 0.004, f0=20)
convolution = Convolve1D(n, wavelet, centre)
data = convolution @ da.from_array(spikes, chunks=75)
data = data + 0.02 * np.random.default_rng(0).standard_normal(n)
sparse, _, cost = pld.fista(convolution, data, niter=300, eps=0.2)
save(
    {
        "spikes": spikes,
        "data": data,
        "least squares": pld.cgls(convolution, data, niter=30, damp=0.1)[0],
        "FISTA": sparse,
        "objective": np.log10(cost),
    }
)
