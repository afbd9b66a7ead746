"""Public files of other projects' tests, read as ``pld info`` says, and compared to the bit with their own readers.

    python benchmarks/public_files.py --folder FOLDER [--only segy] [--show rejected]

Fetches the packages of ``PACKAGES`` with pip and the repositories of ``REPOSITORIES`` with git into the folder, unless
they are in it, and tries every file there. The peers: segyio for SEG-Y (IBM floats by exact arithmetic), the C library
of NetCDF (if netCDF4 is installed), h5py, SciPy, NumPy. A file is valid where its peer reads it and finds numbers.
Prints one line for each file that is not read exactly, and a table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import scipy.io
import segyio
import xarray as xr
import yaml

from pylops_distributed.ingest import info, open_source

# Package, and whether it is its source that holds the files of its tests.
PACKAGES = {
    "segysak": True, "obspy": False, "scipy": False, "numpy": False, "h5netcdf": True, "xarray": True, "h5py": True,
    "zarr": True, "multidimio": True, "xarray-datatree": True,
}  # fmt: skip
REPOSITORIES = (
    "equinor/segyio", "trhallam/segysak", "Unidata/netcdf4-python", "TGSAI/mdio-python", "h5netcdf/h5netcdf",
    "slimgroup/SegyIO.jl", "PyLops/pylops", "Unidata/netcdf-c", "JuliaIO/MAT.jl", "JuliaIO/HDF5.jl",
)  # fmt: skip
KINDS = {
    ".sgy": "segy", ".segy": "segy", ".seg": "segy", ".sgy_first_trace": "segy", ".su": "su", ".nc": "netcdf",
    ".nc4": "netcdf", ".cdf": "netcdf", ".h5": "hdf5", ".hdf5": "hdf5", ".mat": "matlab", ".npy": "numpy",
    ".npz": "numpy",
}  # fmt: skip
NUMBERS = "?bhilqBHILQefdFD"
NUMERIC = {
    b"double",
    b"single",
    b"logical",
    *(b"%sint%d" % (u, n) for u in (b"", b"u") for n in (8, 16, 32, 64)),
}
Arrays = dict[str, np.ndarray]


def fetch(folder: Path) -> None:
    """Get the packages and repositories that are missing."""
    for name, source in PACKAGES.items():
        place = folder / "packages" / name
        if place.exists():
            continue
        place.mkdir(parents=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(place),
            name,
        ]
        done = subprocess.run(
            command + (["--no-binary", name] if source else []), check=False, capture_output=True
        )
        if done.returncode:
            print(f"not fetched: {name}")
        for archive in list(place.iterdir()):
            opener = zipfile.ZipFile if archive.suffix == ".whl" else tarfile.open
            with opener(archive) as packed:
                packed.extractall(place)
    for name in REPOSITORIES:
        place = folder / "repositories" / name.replace("/", "+")
        if not place.exists():
            done = subprocess.run(
                ["git", "clone", "--quiet", "--depth", "1", f"https://github.com/{name}", str(place)],
                check=False, capture_output=True,
            )  # fmt: skip
            if done.returncode:
                print(f"not fetched: {name}")


def peer_segy(path: str) -> Arrays:
    """Samples of all traces in the order of the file."""
    for endian in ("big", "little"):
        try:
            with segyio.open(path, ignore_geometry=True, endian=endian) as file:
                records = int(file.bin[3505])
                samples = file.trace.raw[:]
                code, count = int(file.bin[3225]), len(file.samples)
                first = 3600 + 3200 * records
            break
        except (OSError, RuntimeError, ValueError):
            continue
    else:
        raise ValueError("no peer reads it")
    if records < 0 or code in (4, 7, 15):
        raise NotImplementedError("segyio reads neither these formats nor text headers of an unknown number")
    if code != 1:
        return {"amplitude": samples}
    order = ">" if endian == "big" else "<"
    raw = np.fromfile(path, np.uint8, offset=first)[: len(samples) * (240 + 4 * count)]
    words = raw.reshape(len(samples), -1)[:, 240:].copy().view(f"{order}u4").astype(np.int64)
    power = np.ldexp(1.0, (4 * ((words >> 24 & 0x7F) - 64) - 24).astype(int))
    exact = np.where(words >> 31, -1.0, 1.0) * (words & 0xFFFFFF) * power
    return {"amplitude": exact.astype(np.float32)}


def ours_segy(ds: xr.Dataset) -> Arrays:
    """Samples in the order of the file, NaN of holes left out."""
    numbers = ds["trace_number"].values.ravel()
    values = ds["amplitude"].values.reshape(numbers.size, -1)
    return {"amplitude": values[numbers >= 0][np.argsort(numbers[numbers >= 0])]}


def peer_netcdf(path: str) -> Arrays:
    """Variables of the root as the C library and xarray decode them."""
    with Path(path).open("rb") as file:
        classic = file.read(3) == b"CDF"
    engine = "netcdf4" if find_spec("netCDF4") else "scipy" if classic else "h5netcdf"
    with xr.open_dataset(path, engine=engine, decode_timedelta=False) as ds:
        return {str(name): array.values for name, array in ds.data_vars.items()}


def peer_hdf5(path: str) -> Arrays:
    """All datasets by path."""
    found: Arrays = {}
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def peer_matlab(path: str) -> Arrays:
    """Arrays of version 5 and older, or numbers of version 7.3, axes reversed."""
    try:
        return {name: value for name, value in scipy.io.loadmat(path).items() if not name.startswith("__")}
    except NotImplementedError:
        found: Arrays = {}

        def visit(name: str, item: object) -> None:
            kind = item.attrs.get("MATLAB_class", b"") if isinstance(item, h5py.Dataset) else b""
            if kind in NUMERIC and "MATLAB_empty" not in item.attrs and not name.startswith("#"):
                value = item[()]
                pair = value.dtype.names == ("real", "imag")
                found[name] = np.transpose(value["real"] + 1j * value["imag"] if pair else value)

        with h5py.File(path, "r") as file:
            file.visititems(visit)
        return found


def peer_numpy(path: str) -> Arrays:
    """One array, or those of an archive."""
    loaded = np.load(path, allow_pickle=False)
    return {Path(path).stem: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)


PEERS: dict[str, Callable[[str], Arrays]] = {
    "segy": peer_segy, "netcdf": peer_netcdf, "hdf5": peer_hdf5, "matlab": peer_matlab, "numpy": peer_numpy,
}  # fmt: skip


def numbers_of(arrays: Arrays) -> Arrays:
    """The arrays of numbers that are not empty."""
    plain = {k: np.asarray(v) for k, v in arrays.items() if isinstance(v, np.ndarray | np.generic)}
    return {k: v for k, v in plain.items() if v.dtype.names is None and v.dtype.char in NUMBERS and v.size}


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether all values are the same, NaN included."""
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc" and other.dtype.kind in "fc"))


def outcome(path: Path, kind: str) -> tuple[str, str]:
    """What became of a file, and details."""
    everything: Arrays = {}
    try:
        everything = PEERS[kind](str(path))
        reason = "no numbers"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    theirs = numbers_of(everything)
    try:
        found = info(str(path))
        (source,) = yaml.safe_load(found.settings)["sources"].values()
        ds = open_source(
            source["path"], format=source.get("format"), checksum=False, **source.get("options", {})
        )
        ours = (
            ours_segy(ds)
            if kind == "segy"
            else {str(k): v.values for k, v in ds.data_vars.items() if v.dtype.char in NUMBERS}
        )
    except (ImportError, OSError, ValueError) as error:
        return ("rejected" if theirs else "rejected by both"), str(error)
    if not theirs:
        return "read by us alone", reason
    group = str(found.options.get("group", ""))
    for name, values in ours.items():
        other = everything.get(f"{group}/{name}".strip("/"), everything.get(name))
        if other is None:
            return "differs", f"{name} is not there"
        if not same(values, np.asarray(other)):
            return "differs", f"{name}: {values.dtype} {values.shape} and {other.dtype} {other.shape}"
    return "exact", ""


def files(folder: Path, only: str | None) -> Iterator[tuple[Path, str]]:
    """Files of a kind that is known."""
    for path in sorted(folder.rglob("*")):
        kind = KINDS.get(path.suffix)
        if path.is_file() and kind and only in (None, kind):
            yield path, kind


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the files are, or will be")
    parser.add_argument("--only", choices=sorted(set(KINDS.values())))
    parser.add_argument("--show", nargs="*", default=["differs", "rejected", "crashed"])
    options = parser.parse_args()
    fetch(options.folder)
    warnings.simplefilter("ignore")
    table: Counter[tuple[str, str]] = Counter()
    seen: set[bytes] = set()
    for path, kind in files(options.folder, options.only):
        content = path.read_bytes()
        if content in seen:
            continue
        seen.add(content)
        try:
            result, words = outcome(path, kind)
        except Exception as error:
            result, words = "crashed", f"{type(error).__name__}: {error}"
        table[kind, result] += 1
        if result in options.show:
            print(f"{result}: {path.relative_to(options.folder)}: {words[:300]}", flush=True)
    for (kind, result), count in sorted(table.items()):
        print(f"{kind:8} {result:32} {count}")
    print(f"{sum(table.values())} files")


if __name__ == "__main__":
    main()
