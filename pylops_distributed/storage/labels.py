"""Names, coordinates and attributes of the arrays in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pylops_distributed.storage.group_metadata import LabelledArray


@dataclass(frozen=True)
class Labels:
    """Names for the axes of the vectors of one space, and coordinates along them.

    Parameters
    ----------
    dims : tuple of str
        Names of the axes.
    coords : mapping, optional
        Coordinates: by name, a :class:`~pylops_distributed.storage.atomic_group.Variable` or ``xarray.Variable``.
    attrs : mapping, optional
        JSON attributes of the vectors, such as ``units``.
    """

    dims: tuple[str, ...]
    coords: Mapping[str, LabelledArray] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)


SpaceLabels: TypeAlias = Mapping[str, Labels | tuple[Labels, ...]]
