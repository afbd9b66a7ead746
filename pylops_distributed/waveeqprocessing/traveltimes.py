"""Traveltimes from the points of an acquisition to those of an image, made chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from pylops_distributed.blockwise.rechunk import split_longest_axis
from pylops_distributed.registry import import_on_use

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


def tables(
    mode: str, axes: tuple[Array, ...], points: Array, vel: Any, pieces: int
) -> tuple[da.Array, da.Array]:
    """Traveltimes and distances, lazily, of shape ``(*image, points)``; the image is whole in each chunk.

    Parameters
    ----------
    mode : {"analytic", "eikonal"}
        For a constant velocity by the distance, or by the fast marching method of scikit-fmm.
    axes : tuple of numpy.ndarray
        The axes of the image.
    points : numpy.ndarray
        Coordinates, of shape ``(len(axes), n)``, in the order of the axes.
    vel : float or numpy.ndarray
        Velocity.
    pieces : int
        Number of chunks along the points.

    Raises
    ------
    ValueError
        If the velocity varies for ``analytic``.
    NotImplementedError
        If scikit-fmm is not installed for ``eikonal``.
    """
    if mode == "analytic":
        if not np.isscalar(vel):
            raise ValueError("vel must be one number for the mode analytic")
        distances = _times_of_points(partial(_distances, axes=axes), axes, points, pieces)
        return distances / np.asarray(vel, float).item(), distances
    if find_spec("skfmm") is None:
        raise NotImplementedError("the mode eikonal needs the package scikit-fmm")
    velocity = np.broadcast_to(vel, tuple(map(len, axes)))
    times, distances = (
        _times_of_points(partial(_marched, axes=axes, vel=v), axes, points, pieces) for v in (velocity, None)
    )
    return times, distances


def _times_of_points(
    kernel: Callable[..., Array], axes: tuple[Array, ...], points: Array, pieces: int
) -> da.Array:
    sizes = split_longest_axis(points.shape[1], pieces)
    columns = da.from_array(points, chunks=(-1, (sizes)))
    index, image = len(axes), tuple(range(len(axes)))
    times: da.Array = da.blockwise(
        kernel, (*image, index), columns, (index + 1, index), concatenate=True,
        new_axes={a: len(axes[a]) for a in image}, dtype=float, meta=np.empty((0,) * (index + 1)),
    )  # fmt: skip
    return times


def _distances(points: Array, axes: tuple[Array, ...]) -> Array:
    square = np.zeros((*map(len, axes), points.shape[1]))
    for i, (axis, coordinates) in enumerate(zip(axes, points, strict=True)):
        shape = [1] * len(axes)
        shape[i] = -1
        square += (axis.reshape(*shape, 1) - coordinates) ** 2
    return np.sqrt(square)


def _marched(points: Array, axes: tuple[Array, ...], vel: Array | None) -> Array:
    """Times of the first arrival with a velocity, or distances, of points moved to the grid."""
    skfmm = import_on_use("skfmm")
    steps = np.array([abs(a[1] - a[0]) for a in axes])
    origin = np.array([a[0] for a in axes])
    out = np.empty((*map(len, axes), points.shape[1]))
    for k, point in enumerate(points.T):
        phi = np.ones(out.shape[:-1])
        phi[tuple(np.round((point - origin) / steps).astype(int))] = -1
        out[..., k] = (
            abs(skfmm.distance(phi=phi, dx=steps))  # negative inside of the source's cell
            if vel is None
            else skfmm.travel_time(phi=phi, speed=vel, dx=steps)
        )
    return out


def angles(times: da.Array, steps: tuple[float, ...] | None) -> da.Array:
    """Angles with the vertical of the rays that arrive at the image, from the gradient of their times."""
    image = times.ndim - 1
    whole = times.rechunk(dict.fromkeys(range(image), -1))
    return whole.map_blocks(partial(_angles, steps=steps), dtype=float, meta=np.empty((0,) * times.ndim))


def _angles(times: Array, steps: tuple[float, ...] | None) -> Array:
    image = times.ndim - 1
    gradient = np.gradient(times, *(steps or ()), axis=tuple(range(image)))
    if image == 2:
        return np.asarray(np.arctan2(gradient[0], gradient[1]))
    length = np.sqrt(sum(g**2 for g in gradient))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sign(gradient[1]) * np.arccos(gradient[-1] / length))
