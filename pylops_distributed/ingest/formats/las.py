"""Well logs: LAS files, read whole."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import xarray as xr

from pylops_distributed.ingest.formats.contents import FileContents, check_room, require

if TYPE_CHECKING:
    from pylops_distributed.vectors.types import NDArray, Settings

# Names of the first curve, and the axis that it is.
AXES = {
    "DEPT": "depth",
    "DEPTH": "depth",
    "MD": "depth",
    "TVD": "depth",
    "TVDSS": "depth",
    "TWT": "twt",
    "ETIM": "time",
}
# Units as LAS files have them, for those that are not written as elsewhere.
UNITS = {
    "F": "ft", "FT": "ft", "M": "m", "G/C3": "g/cm3", "G/CC": "g/cm3", "G/CM3": "g/cm3", "GM/CC": "g/cm3",
    "K/M3": "kg/m3", "KG/M3": "kg/m3", "US/F": "us/ft", "US/FT": "us/ft", "US/M": "us/m", "M/S": "m/s", "FT/S": "ft/s",
    "KM/S": "km/s", "MS": "ms", "S": "s", "DEG": "deg",
}  # fmt: skip


class Curve(Protocol):
    """A curve as lasio has it."""

    mnemonic: str
    unit: str
    descr: str

    @property
    def data(self) -> NDArray:
        """Values, of shape ``(samples,)``."""


def read_las(path: str) -> FileContents:
    """Contents of a LAS file of version 1.2 or 2: curves along depth or time, missing values as NaN.

    Parameters
    ----------
    path : str
        ``.las`` file.

    Returns
    -------
    FileContents
        Curves by their mnemonics, with units and descriptions; the attribute ``well`` holds the section of the well.

    Raises
    ------
    ImportError
        If lasio is not installed.
    ValueError
        If the file is no LAS file or has no curves.
    """
    lasio = require("lasio", "wells")
    check_room(path, 10 * Path(path).stat().st_size)
    try:
        las = lasio.read(io.StringIO(Path(path).read_text(encoding="utf-8", errors="replace")))
        curves = list(las.curves)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, lasio.exceptions.LASHeaderError,
            lasio.exceptions.LASDataError) as error:  # fmt: skip
        raise ValueError(f"{path!r} is not a LAS file that can be read: {error}") from error
    if not curves or not len(curves[0].data):
        raise ValueError(f"{path!r} is a LAS file without curves: expected sections ~Curve and ~ASCII.")
    if np.asarray(curves[0].data).dtype.kind not in "iuf":
        raise ValueError(
            f"{path!r} is a LAS file whose first curve, {curves[0].mnemonic!r}, is no axis: it has values that are no "
            "numbers."
        )
    return _labelled(
        curves, {item.mnemonic: _plain(item.value) for item in las.well if item.value not in ("", None)}
    )


def _labelled(curves: list[Curve], well: Settings) -> FileContents:
    """Curves along the first of them."""
    index, *others = curves
    axis = AXES.get(index.mnemonic.upper(), index.mnemonic.lower())
    ds = xr.Dataset(attrs={"well": well, "reading": "whole"})
    left_out = {}
    for curve in others:
        values = np.asarray(curve.data)
        if values.dtype.kind not in "iuf":
            left_out[str(curve.mnemonic)] = "text"
            continue
        ds[str(curve.mnemonic)] = (axis, values, _attrs(curve))
    return FileContents(ds.assign_coords({axis: (axis, np.asarray(index.data), _attrs(index))}), left_out)


def _attrs(curve: Curve) -> dict[str, str]:
    unit = str(curve.unit or "").strip()
    units = UNITS.get(unit.upper(), unit)
    return ({"units": units} if units else {}) | ({"long_name": str(curve.descr)} if curve.descr else {})


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
