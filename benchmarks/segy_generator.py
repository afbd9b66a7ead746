"""SEG-Y files of thousands of combinations, read, exported and read again, bit for bit.

    python benchmarks/segy_generator.py --cases 4000 --seed 0

chooses sample format, revision, byte order, layout, widths of fields, scalars, holes, order of traces, additional text
and trace headers, trailers and extended fields by chance, writes each file with code that is not the library's
(`segy_cases.py`), reads it with `open_segy` or `open_su`, and compares samples, axes, dimensions and positions with
those written. The export must be the same file, byte for byte (in formats 1 and 4, where numbers have several
forms, the same values). It prints one JSON line, and exits with 1 if one file differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import dask
import numpy as np
import xarray as xr

from benchmarks.segy_cases import Case, Written, choose, write_case
from pylops_distributed.ingest.formats.segy.reader import open_segy, open_su
from pylops_distributed.ingest.formats.segy.template_copy import copy_segy


def check_case(case: Case, folder: Path, rng: np.random.Generator) -> str:
    """Write, read, export and read a file; the first difference, or nothing."""
    path, copy = folder / "case.sgy", folder / "copy.sgy"
    written = write_case(case, path, rng)
    read = open_su if case.form == "su" else open_segy
    with dask.config.set(scheduler="synchronous"):
        try:
            ds = read(str(path), **written.options)
            if problem := difference(ds, written, case):
                return problem
            vertical = str(ds.amplitude.dims[-1])
            numbers = ds.trace_number.assign_attrs(samples=vertical)
            options = {"su": True} if case.form == "su" else {}
            copy_segy(str(path), str(copy), ds.amplitude, numbers, case.endian, options, keep_format=True)
            if written.exact_bytes and copy.read_bytes() != path.read_bytes():
                return "the export has other bytes"
            again = read(str(copy), **written.options)
            return "" if same(again.amplitude.values, ds.amplitude.values) else "the export has other samples"
        except ValueError as error:
            return f"error: {error}"


def difference(ds: xr.Dataset, written: Written, case: Case) -> str:
    """Between a dataset and the values written."""
    if ds.attrs["segy_endian"] != case.endian:
        return f"byte order {ds.attrs['segy_endian']}"
    if not same(ds[str(ds.amplitude.dims[-1])].values, written.axis):
        return "axis of samples"
    cells = []
    for name, values in written.keys.items():
        axis = np.unique(values)
        if not same(ds[name].values.astype(float), axis.astype(float)):
            return f"dimension {name}"
        cells.append(np.searchsorted(axis, values))
    where = dict(zip(written.keys, cells, strict=True))
    numbers = np.full(ds.trace_number.shape, -1)
    numbers[tuple(cells)] = np.arange(written.traces)
    if not same(ds.trace_number.values, numbers):
        return "trace numbers"
    wanted = np.full(ds.amplitude.shape, np.nan if (numbers < 0).any() else 0, ds.amplitude.dtype)
    wanted[tuple(cells)] = written.samples
    if not same(wanted[tuple(cells)], written.samples) or not same(ds.amplitude.values, wanted):
        return "samples"
    known = written.positions | {f"true_{name}": values for name, values in written.exact.items()}
    for name, values in known.items():
        index = tuple(where[str(dim)] for dim in ds[name].dims)
        if not same(ds[name].values[index], values):
            return f"coordinate {name}"
    return ""


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether values are equal, NaN too, without rounding."""
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def run(cases: int, seed: int) -> dict[str, object]:
    """Check a number of combinations."""
    rng, started = np.random.default_rng(seed), time.perf_counter()
    seen: set[tuple[object, ...]] = set()
    problems: Counter[str] = Counter()
    examples: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        while len(seen) < cases:
            case = choose(rng)
            if case.key in seen:
                continue
            seen.add(case.key)
            if problem := check_case(case, Path(folder), rng):
                short = problem[:60].replace(folder, "")
                problems[short] += 1
                examples.setdefault(short, f"{problem} in {case}")
    for text in examples.values():
        print(text, file=sys.stderr)
    seconds = round(time.perf_counter() - started, 1)
    return {
        "combinations": len(seen),
        "wrong": sum(problems.values()),
        "problems": problems,
        "seconds": seconds,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    result = run(arguments.cases, arguments.seed)
    print(json.dumps(result))
    raise SystemExit(bool(result["wrong"]))
