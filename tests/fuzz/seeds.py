"""A small valid file of each format, to be corrupted."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import xarray as xr
import zarr
from scipy.io import savemat

from pylops_distributed.ingest import write_segy

LAS = """~Version
VERS.   2.0 : CWLS LOG ASCII STANDARD - VERSION 2.0
WRAP.    NO : ONE LINE PER DEPTH STEP
~Well
STRT.M   1000.0 : START DEPTH
STOP.M   1001.0 : STOP DEPTH
STEP.M      0.5 : STEP
NULL.   -999.25 : NULL VALUE
WELL.   A-1 : WELL
~Curve
DEPT.M          : Depth
DT  .US/F       : Sonic
ZONE.           : Zone
~ASCII
1000.0  100.0  sand
1000.5  -999.25  shale
1001.0  90.0  sand
"""
CUBE = np.arange(96, dtype="f4").reshape(3, 4, 8)
DIMS = ("inline", "crossline", "twt")
# Format of a file by the suffix of its seed, where the suffix does not tell it.
NAMED = {"wavelet.txt": "wavelet", "horizon.dat": "horizon"}


def write_seeds(folder: Path) -> dict[str, Path]:
    """Write one valid file of each kind; folders are Zarr."""
    write_segy(str(folder / "a.sgy"), CUBE)
    (folder / "a.su").write_bytes(_seismic_unix((folder / "a.sgy").read_bytes()))
    np.save(folder / "a.npy", CUBE)
    np.savez_compressed(folder / "a.npz", one=CUBE, two=CUBE[0])
    savemat(folder / "a.mat", {"one": CUBE, "run": {"two": CUBE[0], "name": "a"}}, do_compression=True)
    ds = xr.Dataset({"amplitude": (DIMS, CUBE)}, {"twt": ("twt", 4.0 * np.arange(8), {"units": "ms"})})
    ds.to_netcdf(folder / "a.nc", engine="scipy")
    ds.to_netcdf(folder / "a.nc4", engine="h5netcdf")
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("run/one", data=CUBE, chunks=(1, 4, 8), compression="gzip")
    (folder / "a.las").write_text(LAS)
    (folder / "a.csv").write_text('# picks\n"x","y","z"\n1,2,3\n4,5,\n')
    (folder / "wavelet.txt").write_text("-4 -0.1\n0 1\n4 -0.1\n")
    (folder / "horizon.dat").write_text("100 200 1504.5\n100 201 1e30\n101 201 1507.5\n")
    ds.to_zarr(folder / "a.zarr", zarr_format=3, consolidated=False)
    _mdio(folder / "a.mdio")
    return {path.name: path for path in sorted(folder.iterdir())}


def _seismic_unix(raw: bytes) -> bytes:
    """Traces of a SEG-Y file of big-endian IEEE floats."""
    return raw[3600:]


def _mdio(folder: Path) -> None:
    """MDIO 0: a grid as an attribute, samples in one group, mask in another."""
    root = zarr.open_group(folder, mode="w", zarr_format=2)
    axes = {"inline": [10, 11, 12], "crossline": [0, 1, 2, 3], "sample": [4 * i for i in range(8)]}
    root.attrs["dimension"] = [{"name": name, "coords": values} for name, values in axes.items()]
    data, extras = root.create_group("data"), root.create_group("metadata")
    data.create_array("chunked_012", shape=CUBE.shape, dtype="f4", chunks=(2, 2, 8))[...] = CUBE
    extras.create_array("live_mask", shape=CUBE.shape[:2], dtype="bool", chunks=(3, 4))[...] = True
