"""Responses of a medium of flat layers, with all internal multiples: truth for the demo of Marchenko redatuming."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

SPEED = 2000.0  # m/s, in all layers: their densities differ
DEPTHS = (160.0, 380.0, 640.0, 860.0)
FOCUS = 520.0
STRENGTHS = (0.5, -0.45, 0.5, -0.4)


def layered_responses(receivers: int, dr: float, nt: int, dt: float, seed: int = 0) -> dict[str, Array]:
    r"""Reflection response at the surface, and direct arrival and Green's function of a point in the middle.

    With one velocity, reflection coefficients :math:`r_i` do not depend on the angle, and the response to a plane wave
    follows from below, layer by layer: :math:`R_i = e^{-2ik_z d_i}(r_i + R_{i+1})/(1 + r_i R_{i+1})`. Sources are
    unit down-going waves; what travels at more than 60 degrees from the vertical is tapered away.

    Parameters
    ----------
    receivers : int
        Number of receivers, which are sources too.
    dr, dt : float
        Their distance [m], and the sampling of time [s].
    nt : int
        Number of time samples.
    seed : int, optional
        Changes the strengths of the interfaces a little.

    Returns
    -------
    dict of str to numpy.ndarray
        ``reflection`` of shape ``(receivers, receivers, nt)``, ``direct`` and ``green`` of shape ``(receivers, nt)``,
        and ``times`` of the direct arrival, of shape ``(receivers,)``.
    """
    rng = np.random.default_rng(seed)
    r = np.array(STRENGTHS) * rng.uniform(0.9, 1.1, len(STRENGTHS))
    nx, nw = 8 * receivers, 4 * nt
    f = np.fft.rfftfreq(nw, dt)
    kx = 2 * np.pi * np.fft.fftfreq(nx, dr)[:, None]
    k = 2 * np.pi * f / SPEED
    kz = np.sqrt(np.maximum(k**2 - kx**2, 0))
    sine = np.abs(kx) / np.maximum(k, 1e-9)
    band = _ramp(f, 2.0, 6.0) * (1 - _ramp(f, 35.0, 60.0)) * (1 - _ramp(sine, 0.6, 0.87))
    down = np.exp(-1j * kz * FOCUS)
    below, above = _reflection(r, kz, FOCUS, np.inf), _reflection(r, kz, -np.inf, FOCUS, upwards=True)
    through = np.prod(np.sqrt(1 - r[np.array(DEPTHS) < FOCUS] ** 2)) * down * _multiples(r, kz)
    wave = through / (1 - above * below)
    apart = np.abs(np.arange(receivers)[:, None] - np.arange(receivers))
    middle = np.abs(np.arange(receivers) - receivers // 2)

    def traces(spectrum: Array) -> Array:
        """By offset, from zero on."""
        return np.fft.irfft(np.fft.ifft(spectrum * band, axis=0) / dr, nw, axis=1)[:, :nt] / dt

    return {
        "reflection": traces(_reflection(r, kz, 0.0, np.inf))[apart], "direct": traces(down)[middle],
        "green": traces(wave * (1 + below))[middle], "times": np.hypot(middle * dr, FOCUS) / SPEED,
    }  # fmt: skip


def _reflection(r: Array, kz: Array, top: float, base: float, upwards: bool = False) -> Array:
    """Response of the interfaces between two depths to a wave from ``top``, or from ``base`` upwards."""
    inside = [(z, c) for z, c in zip(DEPTHS, r, strict=True) if top < z < base]
    coefficient = np.zeros_like(kz, dtype=complex)
    if not inside:
        return coefficient
    ordered = [(z, -c) for z, c in inside] if upwards else inside[::-1]  # the farthest first
    places = [z for z, _ in ordered[1:]] + [base if upwards else top]
    for (z, c), nearer in zip(ordered, places, strict=True):
        coefficient = (c + coefficient) / (1 + c * coefficient) * np.exp(-2j * kz * abs(nearer - z))
    return coefficient


def _multiples(r: Array, kz: Array) -> Array:
    """Factor by which reverberations above the focus change transmission through it."""
    upper = [(z, c) for z, c in zip(DEPTHS, r, strict=True) if z < FOCUS]
    factor = np.ones_like(kz, dtype=complex)
    above = np.zeros_like(factor)
    for k, (z, c) in enumerate(upper):
        if k:
            above = above * np.exp(-2j * kz * (z - upper[k - 1][0]))
        factor = factor / (1 - c * above) if k else factor
        above = (-c + above) / (1 - c * above) if k else np.full_like(factor, -c)
    return factor


def _ramp(x: Array, start: float, end: float) -> Array:
    """From zero to one between two values, smoothly."""
    return np.sin(np.pi / 2 * np.clip((x - start) / (end - start), 0, 1)) ** 2
