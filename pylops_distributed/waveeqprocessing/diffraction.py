"""Kernels of Kirchhoff modelling: image points to traces and back, a trace at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pylops_distributed.blockwise import Array
from pylops_distributed.vectors.types import NDArray


@dataclass(frozen=True)
class Limits:
    """Where a taper begins and ends, and its values in twenty steps."""

    low: float
    high: float
    values: Array

    def taper(self, x: Array, stepped: bool = True) -> Array:
        """One below the beginning, zero from the end on."""
        part = (np.clip(x, self.low, self.high) - self.low) / (self.high - self.low)
        steps = (20 * part).astype(int) if stepped else 20 * part.astype(int)
        return np.where(x < self.high, np.where(x < self.low, 1.0, self.values[np.minimum(steps, 20)]), 0.0)


def weights(amplitudes: Array, angles: Array, limits: Limits) -> Array:
    """Amplitudes tapered where rays are too far from the vertical."""
    return amplitudes * limits.taper(np.abs(angles))


def spread_image(*blocks: Array, dt: float, nt: int, total: bool, limits: Limits | None) -> Array:
    """Traces of a chunk of the image, for chunks of sources and receivers."""
    *operands, x = blocks
    values = x.ravel()
    shape = operands[0].shape[2:] if total else (operands[0].shape[2], operands[1].shape[2])
    y = np.zeros((*shape, nt), np.result_type(x.dtype, float))
    for s, r, first, part, factor in _traces(operands, dt, nt, total, limits):
        there = first >= 0
        weighted = values if factor is None else values * factor
        weighted, samples, d = weighted[there], first[there], part[there]
        for k, w in ((0, 1 - d), (1, d)):
            y[s, r] += _count(samples + k, w * weighted, nt)
    return y


def stack(*blocks: Array, dt: float, nt: int, total: bool, limits: Limits | None) -> Array:
    """Image of chunks of sources and receivers, for a chunk of the image."""
    *operands, traces = blocks
    y = np.zeros(operands[0].shape[0] * operands[0].shape[1], np.result_type(traces.dtype, float))
    for s, r, first, part, factor in _traces(operands, dt, nt, total, limits):
        samples, trace = np.maximum(first, 0), traces[s, r]
        value = trace[samples] * (1 - part) + trace[np.minimum(samples + 1, nt - 1)] * part
        y += np.where(first >= 0, value if factor is None else value * factor, 0)
    return y.reshape(operands[0].shape[:2])


def _traces(
    operands: list[Array], dt: float, nt: int, total: bool, limits: Limits | None
) -> Iterator[tuple[int, int, Array, Array, Array | None]]:
    """Source, receiver, sample before each arrival (-1 outside of the trace), fraction after it and factor."""
    if total:
        table = np.moveaxis(operands[0], (2, 3), (0, 1)).reshape(*operands[0].shape[2:], -1)
        for s, r in np.ndindex(table.shape[:2]):
            yield s, r, *_arrivals(table[s, r] / dt, nt), None
        return
    ts, tr = (_rows(a) for a in operands[:2])
    factors = None if limits is None else _Factors(operands[2:], limits)
    for s in range(len(ts)):
        for r in range(len(tr)):
            factor = None if factors is None else factors(s, r)
            yield s, r, *_arrivals((ts[s] + tr[r]) / dt, nt), factor


def _rows(table: Array) -> Array:
    """A table with a contiguous row for each source or receiver."""
    return np.ascontiguousarray(table.reshape(-1, table.shape[2]).T)


def _arrivals(samples: Array, nt: int) -> tuple[Array, Array]:
    first = samples.astype(np.int64)
    part = samples - first
    return np.where((samples >= 0) & (first < nt - 1), first, -1), part


def _count(samples: Array, values: Array, nt: int) -> Array:
    if np.iscomplexobj(values):
        return np.bincount(samples, values.real, nt) + 1j * np.bincount(samples, values.imag, nt)
    return np.bincount(samples, values, nt)


class _Factors:
    """Amplitude of each image point in a trace."""

    def __init__(self, operands: list[Array], limits: Limits) -> None:
        ws, wr, angles_s, angles_r, self.columns_s, self.columns_r, velocity, depth = operands
        self.ws, self.wr, self.angles_s, self.angles_r = map(_rows, (ws, wr, angles_s, angles_r))
        self.velocity, self.limits = velocity.ravel(), limits
        self.depth = np.broadcast_to(depth, velocity.shape).ravel() + 1

    def __call__(self, s: int, r: int) -> NDArray:
        offset: Any = abs(self.columns_s[s] - self.columns_r[r])
        obliquity = 2 * np.cos((self.angles_s[s] - self.angles_r[r]) / 2) / self.velocity
        near = self.limits.taper(offset / self.depth, stepped=False)
        weight: NDArray = obliquity * self.ws[s] * self.wr[r] * near
        return weight
