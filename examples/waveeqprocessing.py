"""
Migration
=========

Shots of two reflectors, their migration, and the inversion of Kirchhoff modelling.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld
from pylops_distributed.waveeqprocessing import LSM

z, x, t = np.arange(60) * 5.0, np.arange(80) * 5.0, np.arange(150) * 0.004
points = np.stack([np.linspace(20, 380, 16), np.full(16, 5.0)])
wavelet, _, centre = pld.ricker(np.arange(11) * 0.004, f0=25)

reflectivity = np.zeros((80, 60))
reflectivity[:, 20] = 1
reflectivity[np.arange(80), 35 + np.arange(80) // 10] = -1

lsm = LSM(z, x, t, points, points, 1000.0, wavelet, centre, mode="analytic")
shots = lsm.Demop @ da.from_array(reflectivity)
save(
    {
        "reflectivity": reflectivity.T,
        "one shot": shots.reshape(16, 16, -1)[8].T,
        "migration": (lsm.Demop.H @ shots).reshape(80, 60).T,
        "least squares": lsm.solve(shots, niter=30).T,
    }
)
