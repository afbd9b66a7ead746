"""What ``info`` finds in surveys of all kinds, against the values written.

    python benchmarks/info_surveys.py --cases 1000 --seed 0

writes SEG-Y and Seismic Unix files with `segy_cases.py`, of 5 to 11 lines, shots, CDPs or offsets, and compares the
geometry that ``info`` puts first (by the bytes of its dimensions), byte order, sample format, interval and start with
those written; then it opens each file as the printed settings say, and compares all samples. Left out are fields at any
byte and of any type, which only the surveyor knows. Prints shares, and one line for the first case of each fault.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dask
import numpy as np
import yaml

from benchmarks.segy_cases import LAYOUTS, Case, Written, choose, write_case
from pylops_distributed.ingest import FileInfo, info, open_source
from pylops_distributed.ingest.formats.segy.presets import PRESETS

# Binned offsets and counted traces may be laid out in either way.
COUNTED = {"counter": ({21},), "bins": ({21}, {21, 37}), "headerless": (set(),)}


def bytes_of(options: Mapping[str, object]) -> set[int]:
    """Bytes of the dimensions."""
    dims = options.get("dims") or PRESETS[str(options["preset"])][0]
    assert isinstance(dims, Mapping)
    first = [str(spec).split(":")[0] for spec in dims.values()]
    return {int(one) for one in first if one.isdigit()}


def faults(case: Case, written: Written, path: str) -> list[str]:
    """Faults of ``info``."""
    found = info(path)
    segy, wrong = found.segy, []
    if segy is None or not segy.geometries:
        return ["geometry", "ingest"]
    right = COUNTED.get(case.layout) or ({byte for byte, _ in LAYOUTS[case.layout][0].values()},)
    if bytes_of(segy.geometries[0].options) not in right:
        wrong.append("geometry")
    if segy.endian != case.endian or segy.format != case.code:
        wrong.append("byte order or format")
    axis = written.axis
    if segy.start != axis[0] or (axis.size > 1 and segy.interval != axis[1] - axis[0]):
        wrong.append("interval or start")
    if not ingests(found, written):
        wrong.append("ingest")
    return wrong


def ingests(found: FileInfo, written: Written) -> bool:
    """Whether the printed settings read all samples."""
    (source,) = yaml.safe_load(found.settings)["sources"].values()
    try:
        ds = open_source(
            source["path"], format=source.get("format"), checksum=False, **source.get("options", {})
        )
    except ValueError:
        return False
    numbers = ds["trace_number"].values.ravel()
    values = ds["amplitude"].values.reshape(numbers.size, -1)[numbers >= 0]
    ordered = values[np.argsort(numbers[numbers >= 0])]
    return np.array_equal(ordered, written.samples.astype(ordered.dtype), equal_nan=ordered.dtype.kind == "f")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, wrong, count = np.random.default_rng(options.seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder, dask.config.set(scheduler="synchronous"):
        while count < options.cases:
            case = replace(choose(rng), sizes=(5, 12))
            if case.layout == "anywhere":
                continue
            path = Path(folder) / ("case.su" if case.form == "su" else "case.sgy")
            written = write_case(case, path, rng)
            count += 1
            for fault in faults(case, written, str(path)):
                if not wrong[f"{fault}: {case.layout}"]:
                    print(fault, case, flush=True)
                wrong[fault] += 1
                wrong[f"{fault}: {case.layout}"] += 1
    for fault, number in sorted(wrong.items()):
        print(f"{fault:50} {number}")
    for fault in ("geometry", "byte order or format", "interval or start", "ingest"):
        print(f"{fault:24} right in {100 * (1 - wrong[fault] / count):.1f} % of {count}")


if __name__ == "__main__":
    main()
