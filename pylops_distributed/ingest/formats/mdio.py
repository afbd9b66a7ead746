"""MDIO 0.x: a Zarr hierarchy with the grid in its attributes; MDIO 1.x is labelled Zarr as any other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats.contents import FileContents, bare_contents
from pylops_distributed.storage.object_store import Array
from pylops_distributed.vectors.types import NDArray, Options

if TYPE_CHECKING:
    import zarr


@dataclass(frozen=True)
class MdioGrid:
    """Arrays of an MDIO 0.x file: samples, mask of the traces that exist, and coordinates by dimension."""

    samples: dict[str, Array]
    mask: Array | None
    axes: dict[str, NDArray]
    left_out: dict[str, str]
    attrs: Options

    @property
    def arrays(self) -> list[Array]:
        """All arrays that are read."""
        return [*self.samples.values(), *([self.mask] if self.mask is not None else [])]

    def contents(self) -> FileContents:
        """With names of axes, coordinates and mask."""
        bare = bare_contents(self.samples).ds
        dims = list(self.axes)
        ds = xr.Dataset(
            {name: (dims, one.variable._data, {}, one.encoding) for name, one in bare.data_vars.items()},
            {name: (name, values) for name, values in self.axes.items()},
            dict(self.attrs),
        )
        if self.mask is not None:
            ds["trace_mask"] = (dims[:-1], np.asarray(self.mask[...]))
        return FileContents(ds, self.left_out)


def mdio_grid(node: zarr.Group) -> MdioGrid | None:
    """The grid of an MDIO 0.x file, whose samples lie in one group and whose headers in another; None if it is none."""
    listed, groups = node.attrs.get("dimension"), dict(node.groups())
    if not isinstance(listed, list) or not {"data", "metadata"} <= set(groups):
        return None
    try:
        axes = {str(one["name"]): np.asarray(one["coords"]) for one in listed if isinstance(one, dict)}
    except (KeyError, ValueError):
        return None
    data, extras = dict(groups["data"].arrays()), dict(groups["metadata"].arrays())
    shape = tuple(len(values) for values in axes.values())
    left_out = {name: "of a structured type" for name, one in extras.items() if one.dtype.kind == "V"}
    left_out |= {
        name: f"of shape {one.shape}, and the grid is {shape}"
        for name, one in data.items()
        if one.shape != shape
    }
    # The same samples in chunks for other directions: chunked_01 of chunked_012.
    copies = {name for name in data if re.fullmatch(r"chunked_\d+", name)}
    copies -= {max(copies, key=len, default="")}
    left_out |= dict.fromkeys(copies, "the same samples in other chunks")
    samples = {name: one for name, one in data.items() if name not in left_out}
    mask = extras.get("live_mask")
    attrs = {key: value for key, value in dict(node.attrs).items() if key != "dimension"}
    return MdioGrid(
        samples, mask if mask is not None and mask.shape == shape[:-1] else None, axes, left_out, attrs
    )
