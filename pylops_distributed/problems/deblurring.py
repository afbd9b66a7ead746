"""Deblurring: an image, or a volume, from what a known blur has made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field

from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.basicoperators.laplacian import Laplacian
from pylops_distributed.optimization.proximal import L21
from pylops_distributed.problems.base import Demo, Penalty, Prior, Problem
from pylops_distributed.problems.fields.variables import chunked, errors, fit_of, labels_of, like, variable
from pylops_distributed.signalprocessing.convolvend import ConvolveND

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.storage.labels import Labels


class Deblurring(Problem):
    r"""An array of two or three dimensions from its convolution with a known point-spread function.

    .. math::
        \min \|\mathbf{d} - \mathbf{h} * \mathbf{x}\|_2^2 + \epsilon^2\|\nabla^2\mathbf{x}\|_2^2
        \quad\text{or}\quad
        \min \tfrac12\|\mathbf{d} - \mathbf{h} * \mathbf{x}\|_2^2 + \sigma\, TV(\mathbf{x})

    The first with ``smooth`` and a least-squares solver, the second with ``variation`` and ``splitbregman`` or a
    proximal one. Chunks need no more of their neighbours than the point-spread function is wide.
    """

    name: Literal["deblurring"] = "deblurring"
    blurred: str = Field(default="blurred", description="variable with the blurred image, 2-D or 3-D")
    psf: str = Field(
        default="psf", description="variable with the point-spread function, its middle in the middle sample"
    )
    truth: str | None = Field(default=None, description="variable with the true image, if it is known")
    smooth: float = Field(default=0.0, ge=0, description="weight of smoothness")
    variation: float = Field(default=0.0, ge=0, description="weight of the total variation")

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """The blur."""
        image, psf = self._image(ds), variable(ds, self.psf)
        if psf.ndim != image.ndim or any(n > m for n, m in zip(psf.shape, image.shape, strict=True)):
            raise ValueError(
                f"{self.psf!r} of shape {psf.shape} does not fit {self.blurred!r} of {image.shape}"
            )
        h = psf.values.astype(float)
        middle = tuple((n - 1) // 2 for n in h.shape)
        return ConvolveND(image.shape, h, offset=middle, axes=tuple(range(image.ndim)))

    def data(self, ds: xr.Dataset) -> da.Array:
        """The blurred image."""
        return chunked(self._image(ds), float)

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Smoothness."""
        image = self._image(ds)
        axes = tuple(range(image.ndim))
        rough = Laplacian(image.shape, axes=axes, weights=(1,) * len(axes), sampling=(1,) * len(axes))
        return (Prior(rough, self.smooth, "roughness"),) if self.smooth else ()

    def penalties(self, ds: xr.Dataset) -> tuple[Penalty, ...]:
        """The total variation."""
        shape = self._image(ds).shape
        gradient = Gradient(shape, edge=False, kind="forward")
        return (Penalty(L21(len(shape), self.variation), gradient),) if self.variation else ()

    def model(self, ds: xr.Dataset) -> da.Array:
        """The true image."""
        if self.truth is None:
            raise ValueError("there is no image to model from: name a variable as `truth`")
        return chunked(variable(ds, self.truth, dims=self._image(ds).dims), float)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The same for model and data."""
        labels = labels_of(self._image(ds))
        return {"domain": labels, "codomain": labels}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """The image and the data."""
        image = self._image(ds)
        fit = fit_of(like(image, self.data(ds), "observed data"), self.operator(ds).apply(x))
        return xr.Dataset({"image": like(image, x, "image", **image.attrs), **fit})

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of the image and of the blurred one."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, error="image", blurred_error="observed"
        )

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """Ellipses and boxes behind a Gaussian blur, with noise."""
        rng, shape = np.random.default_rng(seed), (256, 320)
        y, x = np.ogrid[: shape[0], : shape[1]]
        image = np.zeros(shape)
        for _ in range(12):
            cy, cx, ry, rx = rng.uniform((20, 20, 8, 8), (236, 300, 50, 60))
            far = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2
            boxes = np.maximum(abs(y - cy) / ry, abs(x - cx) / rx)
            image += rng.uniform(0.2, 1) * ((far if rng.random() < 0.5 else boxes) < 1)
        h = np.exp(-(np.arange(-9.0, 10) ** 2) / (2 * 3.0**2))
        psf = np.outer(h, h) / h.sum() ** 2
        full = ConvolveND(shape, psf, offset=(9, 9), axes=(0, 1)) @ da.from_array(image)
        blurred = full.compute(scheduler="synchronous") + 0.005 * rng.standard_normal(shape)
        data = xr.Dataset(
            {"blurred": (("y", "x"), blurred), "image": (("y", "x"), image), "psf": (("v", "u"), psf)},
            {"y": np.arange(256.0), "x": np.arange(320.0)},
        )
        settings = {
            "problem": {"name": "deblurring", "truth": "image", "variation": 0.0005},
            "solver": {"name": "proximalgradient", "tau": 1.0, "acceleration": "fista", "niter": 60},
        }
        return Demo(
            data, settings, "shapes behind a Gaussian blur of 3 samples, sharpened by total variation"
        )

    def _image(self, ds: xr.Dataset) -> xr.DataArray:
        return variable(ds, self.blurred, (2, 3))
