"""Ingest of a SEG-Y file on two threads of one process, and the same done plainly with segyio and Zarr.

    python benchmarks/ingest_plain.py --gigabytes 2 --format 1 --repeat 3

makes a volume whose traces are sorted, and one whose traces are shuffled. Each is ingested by ``pylops_distributed``
(with checksums, statistics, trace headers and atomic publication) and by a loop over the same chunks that reads with
segyio and writes with Zarr, in turn, each in a separate process. Prints seconds, their ratio (medians) and peak memory.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import dask
import numpy as np
import segyio
import zarr
from peak import peak

from pylops_distributed.ingest import ingest, write_segy
from pylops_distributed.ingest.formats.chunking import regular_chunks

CROSSLINES, SAMPLES = 400, 500


def make(path: Path, gigabytes: float, code: int, shuffled: bool) -> None:
    """Write a volume; its traces in the order of the grid, or in any."""
    inlines = max(1, round(gigabytes * 1e9 / (CROSSLINES * (4 * SAMPLES + 240))))
    noise = np.random.default_rng(0).standard_normal((8, CROSSLINES, SAMPLES), dtype=np.float32)

    class Volume:
        ndim, shape = 3, (inlines, CROSSLINES, SAMPLES)

        def __getitem__(self, line: int) -> np.ndarray:
            return noise[line % 8]

    write_segy(str(path), Volume(), sample_format=code)
    if shuffled:
        traces = np.memmap(path, np.uint8, "r+", 3600, (inlines * CROSSLINES, 240 + 4 * SAMPLES))
        order = np.random.default_rng(1).permutation(len(traces))
        mixed = path.with_suffix(".mixed")
        with mixed.open("wb") as file:
            with path.open("rb") as sorted_file:
                file.write(sorted_file.read(3600))
            for start in range(0, len(traces), 20_000):
                file.write(traces[order[start : start + 20_000]].tobytes())
        mixed.rename(path)


def plainly(path: str, target: str) -> None:
    """Read with segyio, write with Zarr, chunk by chunk of the same size."""
    with segyio.open(path, ignore_geometry=True) as file:
        inline, crossline = file.attributes(189)[:], file.attributes(193)[:]
        lines, across = np.unique(inline), np.unique(crossline)
        grid = np.empty((lines.size, across.size), int)
        grid[np.searchsorted(lines, inline), np.searchsorted(across, crossline)] = np.arange(inline.size)
        sizes = {"inline": lines.size, "crossline": across.size, "twt": len(file.samples)}
        cut = tuple(regular_chunks(sizes, np.dtype("f4"), None, whole=("twt",)).values())
        array = zarr.create_array(target, shape=tuple(sizes.values()), chunks=cut, dtype="f4")
        in_order = bool((np.diff(grid.ravel()) == 1).all())
        for i in range(0, lines.size, cut[0]):
            for j in range(0, across.size, cut[1]):
                wanted = grid[i : i + cut[0], j : j + cut[1]]
                block = np.empty((wanted.size, sizes["twt"]), "f4")
                if in_order and cut[1] >= across.size:
                    block[:] = file.trace.raw[int(wanted[0, 0]) : int(wanted[-1, -1]) + 1]
                else:
                    order = np.argsort(wanted.ravel())
                    for k in order:
                        block[k] = file.trace.raw[int(wanted.flat[k])]
                array[i : i + cut[0], j : j + cut[1]] = block.reshape(*wanted.shape, -1)


def one(kind: str, path: str, target: str) -> None:
    """One ingest: prints seconds and peak memory [MB]."""
    begin = time.perf_counter()
    if kind == "ours":
        with dask.config.set(scheduler="threads", num_workers=2):
            ingest(path, target)
    else:
        plainly(path, target)
    print(time.perf_counter() - begin, peak() / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--format", type=int, default=1, choices=(1, 5))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for shuffled in (False, True):
            path, target = Path(folder) / "volume.sgy", Path(folder) / "volume.zarr"
            make(path, options.gigabytes, options.format, shuffled)
            found: dict[str, list[tuple[float, float]]] = {"ours": [], "plain": []}
            for kind in [*found] * options.repeat:
                command = [sys.executable, __file__, "--one", kind, str(path), str(target)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                seconds, megabytes = map(float, done.stdout.split())
                found[kind].append((seconds, megabytes))
                shutil.rmtree(target)
            ours, plain = (median(seconds for seconds, _ in found[kind]) for kind in found)
            memory = max(megabytes for _, megabytes in found["ours"])
            order = "shuffled" if shuffled else "sorted"
            print(
                f"{order:9} {ours:6.1f} s, plainly {plain:6.1f} s: {ours / plain:.2f} x, peak {memory:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
