"""
Transforms
==========

One gather in several domains: its spectrum, its slopes, and its energy in windows.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld
from pylops_distributed.signalprocessing import FFT2D, Convolve1D, Patch2D, Radon2D

nx, nt, dx, dt = 60, 128, 10.0, 0.004
t, x = np.arange(nt) * dt, (np.arange(nx) - nx // 2) * dx
spikes = np.zeros((nx, nt))
for intercept, slowness in ((0.1, 2e-4), (0.25, -1e-4), (0.35, 0.0)):
    spikes[np.arange(nx), ((intercept + slowness * x) / dt).astype(int) % nt] = 1
wavelet, _, centre = pld.ricker(np.arange(15) * dt, f0=25)
gather = Convolve1D((nx, nt), wavelet, centre, axis=1) @ da.from_array(spikes, chunks=(20, 64))

F = FFT2D((nx, nt), sampling=(dx, dt), fftshift_after=True)
slownesses = np.linspace(-4e-4, 4e-4, 61)
R = Radon2D(t, x, slownesses, centeredh=True)
window = pld.Identity(16 * 16) * 1.0
P = Patch2D(window, (7 * 16, 15 * 16), (nx + 4, nt), nwin=(16, 16), nover=(8, 8), nop=(16, 16))
padded = pld.Pad((nx, nt), ((0, 4), (0, 0))) @ gather
save(
    {
        "gather": gather.T,
        "frequency, wavenumber": abs(F @ gather),
        "slowness, time": (R.H @ gather).T,
        "windows": (P.H @ padded)[3].reshape(-1, 16).T,
        "windows added": (P @ (P.H @ padded)).T,
    }
)
