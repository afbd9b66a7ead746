"""
Stencils
========

Derivatives, a smoother and a directional derivative on a chunked image; no seams between chunks.
"""

import dask.array as da
import numpy as np
from picture import save

import pylops_distributed as pld

shape = (160, 200)
z, x = np.meshgrid(np.linspace(-2, 2, shape[0]), np.linspace(-3, 3, shape[1]), indexing="ij")
image = da.from_array(np.exp(-(x**2) - z**2) * np.cos(6 * (z + 0.3 * x)), chunks=(50, 60))

slope = np.stack([np.ones(shape), 0.3 * np.ones(shape)])
along = slope / np.linalg.norm(slope, axis=0)
save(
    {
        "image, 4 x 4 chunks": image,
        "first derivative": pld.FirstDerivative(shape, axis=0) @ image,
        "Laplacian": pld.Laplacian(shape) @ image,
        "smoothed": pld.Smoothing2D((15, 15), shape) @ image,
        "along dip": pld.FirstDirectionalDerivative(shape, v=along) @ image,
    }
)
