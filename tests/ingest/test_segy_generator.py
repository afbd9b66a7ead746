"""A small sample of ``benchmarks/segy_generator.py``: SEG-Y files of all kinds, read, exported and read again."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import segy_generator
from pylops_distributed.ingest.formats.segy import keys, sample_coding


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_combinations_are_read_and_exported_bit_for_bit(seed):
    result = segy_generator.run(20, seed)
    assert (result["combinations"], result["wrong"]) == (20, 0), result["problems"]


def test_readers_that_err_are_found(monkeypatch):
    monkeypatch.setattr(sample_coding, "_sign", lambda layout: 1)
    monkeypatch.setattr(keys, "_counts", lambda traces, values: np.arange(traces))
    assert segy_generator.run(60, 0)["problems"]
