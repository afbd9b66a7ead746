"""
Magnetic resonance
==================

Imaging from few rays of the spectrum: the adjoint, least squares, and sparse differences.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld
from pylops_distributed.medical import MRI2D

n = 64
y, x = np.meshgrid(*(np.linspace(-1, 1, n),) * 2, indexing="ij")
image = 1.0 * (x**2 + (y / 0.9) ** 2 < 0.8) - 0.5 * ((x - 0.2) ** 2 + (y / 2) ** 2 < 0.05)
image += 0.4 * ((x + 0.3) ** 2 + (y - 0.2) ** 2 < 0.03)

scan = MRI2D((n, n), "radial-reg", nlines=24, dtype="complex128")
data = scan @ da.from_array(image.astype(complex), chunks=32)
derivatives = [pld.FirstDerivative((n, n), axis=axis, kind="forward", dtype="complex128") for axis in (0, 1)]
sparse, _, _ = pld.splitbregman(
    scan, data, derivatives, epsRL1s=[0.02, 0.02], mu=1.0, niter_outer=20, niter_inner=2, iter_lim=8
)
save(
    {
        "image": image,
        "adjoint": (scan.H @ data).real,
        "least squares": pld.cgls(scan, data, niter=20)[0].reshape(n, n).real,
        "sparse differences": sparse.reshape(n, n).real,
    },
    aspect="equal",
)
