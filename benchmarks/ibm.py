"""IBM floats of SEG-Y against exact arithmetic: every exponent, fractions of all lengths, both signs.

    python benchmarks/ibm.py --fractions 10000 --seed 0

writes words into SEG-Y files, reads them with ``open_source`` and compares each value with exact integer arithmetic,
rounded once to the nearest single-precision number (ties to even); then writes values with ``write_segy`` and
compares the words with the nearest IBM floats, found by fractions. It prints one JSON line and exits with 1 if one
value differs.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from fractions import Fraction
from pathlib import Path

import dask
import numpy as np

from pylops_distributed.ingest import open_source, write_segy

SPECIAL = (0, 1, 2, 0xF, 0x10, 0xFFFFF, 0x100000, 0x7FFFFF, 0x800000, 0x800001, 0xFFFFFE, 0xFFFFFF)


def nearest_single(sign: int, exponent: int, fraction: int) -> float:
    """The single-precision number nearest to an IBM float, by integers alone; infinite beyond their range."""
    number, power = fraction, 4 * exponent - 280  # number * 2**power
    if number:
        lowest = max(number.bit_length() + power - 24, -149)  # of the last bit that is kept
        if lowest > power:
            shift = lowest - power
            number, rest = number >> shift, number & ((1 << shift) - 1)
            half = 1 << (shift - 1)
            number += rest > half or (rest == half and number & 1)
            power = lowest
    size = float("inf") if number and number.bit_length() + power > 128 else float(number) * 2.0**power
    return -size if sign else size


def nearest_word(value: float) -> int:
    """The IBM float nearest to a double that it reaches, ties to even."""
    size, exponent = Fraction(abs(value)), 0
    while exponent < 127 and size >= Fraction(16) ** (exponent - 64):
        exponent += 1
    fraction = round(size * 2**24 / Fraction(16) ** (exponent - 64))
    if fraction == 1 << 24:
        fraction, exponent = 1 << 20, exponent + 1
    return (int(np.signbit(value)) << 31) | (exponent if fraction else 0) << 24 | fraction


def read_words(folder: Path, words: np.ndarray) -> np.ndarray:
    """Values that a SEG-Y file with these words, 1000 a trace, is read as."""
    path = str(folder / "words.sgy")
    write_segy(path, np.zeros((1, len(words) // 1000, 1000), "f4"), sample_format=1)
    raw = np.fromfile(path, np.uint8)
    traces = raw[3600:].reshape(-1, 240 + 4000)
    traces[:, 240:] = words.astype(">u4").view(np.uint8).reshape(-1, 4000)
    raw.tofile(path)
    with dask.config.set(scheduler="synchronous"):
        return np.asarray(open_source(path, preset="poststack2d", checksum=False).amplitude.values).ravel()


def written_words(folder: Path, values: np.ndarray) -> np.ndarray:
    """Words that values, in doubles, are written as."""
    path = str(folder / "values.sgy")
    write_segy(path, values.reshape(1, 1, -1), sample_format=1)
    return np.frombuffer(Path(path).read_bytes()[3840:], ">u4")


def main() -> int:
    """Compare, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fractions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # of values beyond single precision
    rng = np.random.default_rng(args.seed)
    count = -(-args.fractions // 500) * 500
    read = wrong = written = miswritten = 0
    with tempfile.TemporaryDirectory() as folder:
        for exponent in range(128):
            # All lengths of fractions, so that words begin with zero digits too.
            fractions = rng.integers(0, 1 << 24, count) >> rng.integers(0, 24, count)
            fractions[: len(SPECIAL)] = SPECIAL
            words = np.concatenate([sign << 31 | exponent << 24 | fractions for sign in (0, 1)])
            got = read_words(Path(folder), words)
            expected = [nearest_single(int(w) >> 31, exponent, int(w) & 0xFFFFFF) for w in words]
            wrong += int((got.view("u4") != np.array(expected, "f4").view("u4")).sum())
            read += words.size
            values = np.ldexp(rng.uniform(-1, 1, 500), 4 * (exponent - 64))
            values[:2] = 1 - 2.0**-25, -1 + 2.0**-24
            if exponent < 127:
                values[:2] *= 16.0 ** (exponent - 64)  # one is rounded up to the next power of 16
            found = written_words(Path(folder), values)
            miswritten += sum(int(w) != nearest_word(v) for w, v in zip(found, values.tolist(), strict=True))
            written += values.size
    print(json.dumps({"read": read, "differ": wrong, "written": written, "written_differ": miswritten}))
    return int(wrong + miswritten > 0)


if __name__ == "__main__":
    raise SystemExit(main())
