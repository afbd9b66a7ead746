"""
Impedance
=========

Impedance from noisy post-stack traces, each trace alone and all together.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld

nt, nx = 120, 80
depth = np.arange(nt)[:, None] + 6 * np.sin(np.arange(nx) / 12)[None]
model = 8 + 0.002 * depth + 0.15 * ((depth // 17) % 2) + 0.1 * (depth > 60)
background = np.asarray(pld.Smoothing2D((41, 1), (nt, nx)) @ da.from_array(model, chunks=(nt, 20)))
background[:20], background[-20:] = background[20], background[-21]

wavelet, _, _ = pld.ricker(np.arange(21) * 0.004, f0=15)
modelling = pld.PoststackLinearModelling(wavelet / 2, nt, nx)
rng = np.random.default_rng(0)
noise = 0.01 * rng.standard_normal((nt, nx))
data = modelling @ da.from_array(model, chunks=(nt, 20)) + noise
alone, _ = pld.PoststackInversion(data, wavelet / 2, background, explicit=True, epsI=1e-3)
together, _ = pld.PoststackInversion(data, wavelet / 2, background, epsR=0.1, iter_lim=60)
save(
    {
        "data": data,
        "model - background": model - background,
        "traces alone": alone - background,
        "together, smooth": together - background,
    }
)
