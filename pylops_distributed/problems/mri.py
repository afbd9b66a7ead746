"""Compressed-sensing magnetic resonance imaging: an image from a part of its spectrum."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from pylops_distributed.basicoperators.gradient import Gradient
from pylops_distributed.medical.mri import MRI2D
from pylops_distributed.optimization.proximal import L21
from pylops_distributed.problems.base import Demo, Penalty, Problem
from pylops_distributed.problems.fields.variables import chunked, errors, fit_of, labels_of, like, variable
from pylops_distributed.registry import import_on_use
from pylops_distributed.signalprocessing.dwt2d import DWT2D
from pylops_distributed.storage.labels import Labels

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.vectors.types import NDArray

LIKELY = 0.1  # of a moment from -1 to 1, above which data contradict a default


class MRI(Problem):
    r"""An image from those samples of its spectrum that were taken.

    .. math:: \min \tfrac12\|\mathbf{d} - \mathbf{M F\,x}\|_2^2 + g(\mathbf{x})

    with the Fourier transform and a mask. Where the origin of the image is, and where frequency zero is in the
    spectrum, are settings: the defaults are those of ``fftshift(fft2(x))``, and data that contradict them are an
    error. Prior knowledge of the image, :math:`g`, is the solver's: total variation for the proximal solvers and
    ``splitbregman``, sparsity in wavelets (with PyWavelets) for ``fista``, ``ista`` and ``spgl1``, nothing for least
    squares. Lustig et al., 2007, doi:10.1002/mrm.21391.
    """

    name: Literal["mri"] = "mri"
    spectrum: str = Field(
        default="spectrum", description="variable with the samples of the spectrum, complex, 2-D"
    )
    mask: str = Field(
        default="mask", description="variable that is 1 where a sample was taken, and 0 elsewhere"
    )
    truth: str | None = Field(default=None, description="variable with the true image, if it is known")
    variation: float = Field(default=0.002, ge=0, description="weight of the total variation")
    wavelet: str = Field(default="db4", description="wavelet in which the image is sparse")
    level: int = Field(default=4, ge=1, description="number of levels of the wavelet transform")
    origin: Literal["first", "middle"] | None = Field(
        default=None,
        description="where the origin of the image is: its first sample, as in fft2(x), or the middle one, as in "
        "fft2(ifftshift(x)) and in the files of fastMRI, BART and ISMRMRD; first if not given, which is an error "
        "where the halves of the image would be swapped",
    )
    zero: Literal["first", "middle"] | None = Field(
        default=None,
        description="where frequency zero is in the spectrum; middle if not given, which is an error where the "
        "energy is at the corners",
    )

    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """From the image to the masked spectrum."""
        spectrum, mask = self._spectrum(ds), variable(ds, self.mask, dims=self._spectrum(ds).dims)
        weights = mask.values.astype(float)
        self._check_origins(spectrum.values * weights, weights)
        return MRI2D(
            spectrum.shape, weights,
            ifftshift_before=self.origin == "middle", fftshift_after=self.zero != "first",
        )  # fmt: skip

    def data(self, ds: xr.Dataset) -> da.Array:
        """The spectrum, zero where it was not taken."""
        spectrum = self._spectrum(ds)
        return chunked(spectrum, complex, spectrum.dims) * chunked(
            variable(ds, self.mask, dims=spectrum.dims), float, spectrum.dims
        )

    def penalties(self, ds: xr.Dataset) -> tuple[Penalty, ...]:
        """The total variation."""
        shape = self._spectrum(ds).shape
        gradient = Gradient(shape, edge=False, kind="forward", dtype=complex)
        return (Penalty(L21(len(shape), self.variation), gradient),)

    def transform(self, ds: xr.Dataset) -> LinearOperator:
        """From wavelet coefficients to the image."""
        wavelets = DWT2D(self._spectrum(ds).shape, wavelet=self.wavelet, level=self.level, dtype=complex)
        synthesis: LinearOperator = wavelets.H
        return synthesis

    def model(self, ds: xr.Dataset) -> da.Array:
        """The true image."""
        if self.truth is None:
            raise ValueError("there is no image to model from: name a variable as `truth`")
        true = variable(ds, self.truth, (2,))
        return chunked(true, complex, true.dims)

    def labels(self, ds: xr.Dataset) -> dict[str, Labels]:
        """The image's axes are those of the truth, if there is one."""
        spectrum = self._spectrum(ds)
        image = labels_of(variable(ds, self.truth)) if self.truth else Labels(("y", "x"))
        return {"domain": image, "codomain": labels_of(spectrum)}

    def label(self, ds: xr.Dataset, x: da.Array) -> xr.Dataset:
        """Magnitude of the image and of its zero-filled version, and the data."""
        op, data, dims = self.operator(ds), self.data(ds), self.labels(ds)["domain"].dims
        images: dict[str, tuple[Any, str]] = {
            "image": (x, "image"),
            "zero_filled": (op.apply_adjoint(data), "image without regularisation"),
        }
        shown = {name: (dims, abs(a), {"long_name": words}) for name, (a, words) in images.items()}
        spectrum = self._spectrum(ds)
        fit = fit_of(like(spectrum, data, "observed data"), op.apply(x))
        coords = self.labels(ds)["domain"].coords
        return xr.Dataset({**shown, **fit}, coords=dict(coords))

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Relative misfit; with a truth, the relative errors of the image and of the zero-filled one."""
        return super().metrics(ds, result) | errors(
            ds, result, self.truth, error="image", zero_filled_error="zero_filled"
        )

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """The head slice that comes with Matplotlib, from a third of its spectrum, with noise."""
        get_sample_data = import_on_use("matplotlib.cbook").get_sample_data
        with gzip.open(get_sample_data("s1045.ima.gz", asfileobj=False)) as file:
            image = np.frombuffer(file.read(), np.uint16).astype(float).reshape(256, 256)
        image, rng = image / image.max(), np.random.default_rng(seed)
        mask = np.repeat((rng.random(256) < _density(256))[None], 256, axis=0)
        noise = 0.01 * rng.standard_normal((2, 256, 256))
        spectrum = np.fft.fftshift(np.fft.fft2(image, norm="ortho")) + noise[0] + 1j * noise[1]
        data = xr.Dataset(
            {
                "spectrum": (("ky", "kx"), spectrum * mask), "mask": (("ky", "kx"), mask.astype(np.uint8)),
                "image": (("y", "x"), image, {"long_name": "head, T1"}),
            },
            {"y": np.arange(256.0), "x": np.arange(256.0)},
        )  # fmt: skip
        solver = {"name": "proximalgradient", "tau": 1.0, "acceleration": "fista", "niter": 60}
        problem = {"name": "mri", "truth": "image", "variation": 0.002}
        share = f"{100 * mask.mean():.0f} %"
        return Demo(
            data, {"problem": problem, "solver": solver}, f"a head slice from {share} of its spectrum"
        )

    @model_serializer(mode="wrap")
    def _brief(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Without defaults, so that runs made before there was a choice are the same ones."""
        dumped: dict[str, Any] = handler(self)
        return {k: v for k, v in dumped.items() if k not in ("origin", "zero") or v is not None}

    def _check_origins(self, spectrum: NDArray, weights: NDArray) -> None:
        """Raise for a default that the data contradict: energy at the edges of the spectrum, or of the image.

        Both are first moments on a circle: of the energy of the spectrum, and of that of the image, which is the
        correlation of neighbours in the spectrum.
        """
        if self.zero is None and max(_edges(abs(spectrum) ** 2)) > LIKELY:
            raise ValueError(
                f"the energy of {self.spectrum!r} is at its corners, so frequency zero seems to be its first sample: "
                "give zero: first (or zero: middle, if it is as it should be)"
            )
        if self.origin is None and max(_neighbours(spectrum, weights)) > LIKELY:
            raise ValueError(
                f"with the origin in its first sample, the image of {self.spectrum!r} has its halves swapped: give "
                "origin: middle (as fastMRI, BART and ISMRMRD have it), or origin: first, if it is as it should be"
            )

    def _spectrum(self, ds: xr.Dataset) -> xr.DataArray:
        return variable(ds, self.spectrum, (2,))


def _edges(energy: NDArray) -> list[float]:
    """Along each axis from -1, all energy in the middle, to 1, all of it at the first sample."""
    total = energy.sum() or 1.0
    waves = [np.cos(2 * np.pi * np.arange(n) / n) for n in energy.shape]
    return [float(energy.sum(1 - axis) @ wave / total) for axis, wave in enumerate(waves)]


def _neighbours(spectrum: NDArray, weights: NDArray) -> list[float]:
    """As :func:`_edges` of the image's energy, from neighbours in the spectrum of which both were sampled."""
    correlations = []
    for axis in range(2):
        both = (weights != 0) & (np.roll(weights, -1, axis) != 0)
        ahead = np.roll(spectrum, -1, axis)
        size = float((abs(spectrum) * abs(ahead) * both).sum()) or 1.0
        correlations.append(float((spectrum.conj() * ahead * both).sum().real) / size)
    return correlations


def _density(n: int) -> NDArray:
    """Share of columns to take, by their distance from zero frequency: all of the middle, few at the ends."""
    away = np.abs(np.arange(n) - n // 2) / (n / 2)
    return np.where(away < 0.08, 1.0, 0.75 * (1 - away) ** 2 + 0.04)
