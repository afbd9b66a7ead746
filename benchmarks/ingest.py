"""Ingest a SEG-Y file much larger than the memory allowed: time, throughput and peak memory of each process.

    python benchmarks/ingest.py --gigabytes 2 --workers 2 --limit 600

makes the file, ingests it on worker processes of one thread each, prints one JSON line, deletes everything,
and exits with 1 if a process took more memory than the limit [MB]. Linux only: peaks are the kernel's own
(VmHWM); ``anonymous`` is what a process holds itself, without pages of mapped files, sampled.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from pathlib import Path

import dask.array as da
import numpy as np
import psutil
from distributed import Client, LocalCluster
from peak import peak

from pylops_distributed.ingest import ingest, open_dataset, write_segy

CROSSLINES, SAMPLES = 400, 500


def make(path: str, gigabytes: float) -> int:
    """Write a SEG-Y volume of about this size and return its number of inlines."""
    inlines = max(1, round(gigabytes * 1e9 / (CROSSLINES * (4 * SAMPLES + 240))))
    shape = (inlines, CROSSLINES, SAMPLES)
    noise = da.random.default_rng(0).standard_normal(shape, dtype=np.float32, chunks=(1, -1, -1))
    write_segy(path, noise, sample_format=1)
    return inlines


class Anonymous:
    """Peak of the anonymous memory of some processes, sampled."""

    def __init__(self, pids: list[int]) -> None:
        self.peak = dict.fromkeys(pids, 0)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        processes = {pid: psutil.Process(pid) for pid in self.peak}
        while not self.stop.wait(0.05):
            for pid, process in processes.items():
                memory = process.memory_info()
                self.peak[pid] = max(self.peak[pid], memory.rss - memory.shared)

    def __enter__(self) -> dict[int, int]:
        self.thread.start()
        return self.peak

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()


def run(path: str, url: str, workers: int) -> dict[str, object]:
    """Ingest, and measure."""
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        pids = [psutil.Process().pid, *client.run(lambda: psutil.Process().pid).values()]
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of this part only
        with Anonymous(pids) as anonymous:
            start = time.perf_counter()
            ref = ingest(path, url)
            wall = time.perf_counter() - start
        size = Path(path).stat().st_size
        stored = sum(file.stat().st_size for file in Path(url).rglob("*") if file.is_file())
        return {
            "file_MB": size // 10**6,
            "stored_MB": stored // 10**6,
            "wall_s": round(wall, 1),
            "MB_per_s": round(size / 1e6 / wall, 1),
            "peak_rss_MB": [peak(pid) // 10**6 for pid in pids],
            "peak_anonymous_MB": [peak // 10**6 for peak in anonymous.values()],
            "chunks": ref.arrays["amplitude"].chunks,
        }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--limit", type=float, default=600.0, help="peak resident memory of each process [MB]"
    )
    parser.add_argument(
        "--folder", default=None, help="where to put the files; the system's temporary folder"
    )
    options = parser.parse_args()
    folder = tempfile.mkdtemp(dir=options.folder)
    try:
        path, url = f"{folder}/volume.sgy", f"{folder}/volume.zarr"
        inlines = make(path, options.gigabytes)
        result = run(path, url, options.workers)
        middle = open_dataset(url).amplitude[inlines // 2].values
        assert np.isfinite(middle).all()
        assert 0.9 < middle.std() < 1.1
    finally:
        shutil.rmtree(folder)
    print(json.dumps(result))
    peaks = result["peak_rss_MB"]
    assert isinstance(peaks, list)
    raise SystemExit(int(max(peaks) > options.limit))


if __name__ == "__main__":
    main()
