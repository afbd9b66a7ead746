"""A volume larger than memory through operators, from Zarr to Zarr, compared with a plain copy by Dask.

    python benchmarks/volumes.py --gigabytes 12 --limit 1000

writes a random volume, then copies it, applies a Laplacian along all axes and a real two-dimensional Fourier
transform along two axes that are cut, each from disk to disk on two fresh worker processes of one thread and
``--limit`` megabytes each. Files are not compressed; each pass begins with the source out of the page cache, and ends
when the result is on disk. Prints one JSON line: seconds, megabytes of the volume a second, their ratio to the copy
(the mean of one before and one after), and the peak memory of each worker (the kernel's own, VmHWM; Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pylops
import zarr
from peak import peak

import pylops_distributed as pld

PLANE, CHUNK = (1024, 1024), (16, 512, 512)


def make(path: str, gigabytes: float) -> tuple[int, int, int]:
    """Write a random volume of about this size; returns its shape."""
    slabs = max(2, round(gigabytes * 1e9 / (4 * CHUNK[0] * PLANE[0] * PLANE[1])))
    shape = (slabs * CHUNK[0], *PLANE)
    stored = zarr.create_array(path, shape=shape, chunks=CHUNK, dtype="f4", compressors=None)
    rng = np.random.default_rng(0)
    for n in range(slabs):
        stored[n * CHUNK[0] : (n + 1) * CHUNK[0]] = rng.standard_normal((CHUNK[0], *PLANE), dtype="f4")
    return shape


def forget(path: str) -> None:
    """Write all that is to be written, and drop the files of a folder from the page cache."""
    os.sync()
    for file in Path(path).rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def through(source: str, target: str, apply: Callable[[da.Array], da.Array], limit: float) -> dict[str, Any]:
    """From Zarr to Zarr: seconds, and the peak of each worker in MB."""
    shutil.rmtree(target, ignore_errors=True)
    forget(source)
    with pld.utils.backend.dask(n_workers=2, threads_per_worker=1, memory_limit=f"{limit}MB") as client:
        client.run(import_module, "pylops_distributed")
        start = time.perf_counter()
        y = apply(da.from_zarr(source))
        stored = zarr.create_array(target, shape=y.shape, chunks=y.chunksize, dtype=y.dtype, compressors=None)
        da.store(y, stored, lock=False)
        os.sync()
        taken = time.perf_counter() - start
        return {"s": round(taken, 2), "peak_MB": [round(p / 1e6) for p in client.run(peak).values()]}


def check(source: str, target: str, local: Any, depth: int) -> None:
    """Compare two planes of a result with PyLops' of the same planes and their neighbours."""
    x, y = zarr.open_array(source, mode="r"), zarr.open_array(target, mode="r")
    at = x.shape[0] // 2
    expected = (local @ x[at - depth : at + 2 + depth])[depth : depth + 2]
    np.testing.assert_allclose(y[at : at + 2], expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def report(folder: str, gigabytes: float, limit: float) -> dict[str, Any]:
    """All passes."""
    source, target = f"{folder}/source.zarr", f"{folder}/target.zarr"
    shape = make(source, gigabytes)
    laplacian = {"axes": (0, 1, 2), "weights": (1, 1, 1), "sampling": (1, 1, 1), "dtype": "float32"}
    fourier = {"axes": (1, 2), "real": True, "dtype": "float32", "engine": "scipy"}
    copies = [through(source, target, lambda x: x, limit)]
    passes = {"Laplacian": through(source, target, pld.Laplacian(shape, **laplacian).apply, limit)}
    check(source, target, pylops.Laplacian((4, *PLANE), **laplacian), 1)
    transform = pld.signalprocessing.FFT2D(shape, **fourier)
    passes["FFT2D"] = through(source, target, transform.apply, limit)
    check(source, target, pylops.signalprocessing.FFT2D((2, *PLANE), **fourier), 0)
    copies.append(through(source, target, lambda x: x, limit))
    size, copying = 4e-6 * float(np.prod(shape, dtype=float)), sum(c["s"] for c in copies) / 2
    for taken in passes.values():
        taken |= {"MB_s": round(size / taken["s"]), "of_copy": round(copying / taken["s"], 2)}
    return {
        "volume_GB": round(size / 1e3, 2), "limit_MB": limit, "copy": copies, **passes,
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    """Make, pass, report and delete."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=12.0)
    parser.add_argument("--limit", type=float, default=1000.0, help="megabytes of each worker")
    parser.add_argument("--folder", help="where to put the volumes for the time being")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(dir=options.folder)
    try:
        print(json.dumps(report(folder, options.gigabytes, options.limit)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
