"""Units of rock properties."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pylops_distributed.units.parsing import factor

if TYPE_CHECKING:
    import xarray as xr

log = logging.getLogger(__name__)


def rock_unit(ds: xr.Dataset, name: str, standard: str, least: float) -> str | None:
    """Unit of a rock property: its own; ``standard`` where it has none and its values are of that size.

    Parameters
    ----------
    ds : xarray.Dataset
        Dataset.
    name : str
        Name of the variable.
    standard : str
        Unit that is usual.
    least : float
        What the values exceed in that unit.

    Raises
    ------
    ValueError
        If the variable is in a unit of another kind.
    """
    written = str(ds[name].attrs.get("units") or "").strip()
    if written:
        try:
            scale = factor(written, standard)
        except ValueError:
            raise ValueError(
                f"{name!r} is in {written!r}, expected a unit like {standard!r}: ingest it again with the right unit, "
                f"-o 'units.{name}={{from: {standard}, to: {standard}}}', or name another variable"
            ) from None
        if scale is None:
            log.warning(
                "%r is in %r: its unit is not known here, and results are labelled with it", name, written
            )
        return written
    return standard if _largest(ds, name) >= least else None


def _largest(ds: xr.Dataset, name: str) -> float:
    """The largest value of a variable: as the ingest has found it, if it was ingested."""
    about = ds.attrs.get("arrays", {}).get(name) or {}
    largest: Any = (about.get("statistics") or {}).get("maximum")
    if largest is None:
        largest = ds[name].max().compute()
    return float(largest)
