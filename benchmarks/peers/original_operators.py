"""Operators of the original PyLops-distributed, applied: answers each word with the seconds it took.

    PYTHONPATH=CHECKOUT PYTHON benchmarks/peers/original_operators.py SPECIFICATION

The specification is JSON: what :func:`make` takes, ``shape``, ``shaped``, ``chunks``, ``chunksd`` of model and data,
``dtype`` and ``dtyped``. Words are "forward" and "adjoint". Vectors are flat, as this library has them; where they
are cut along their first axis only, their chunks are the same in memory. See processes.py for what it runs on.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import dask
import dask.array as da
import numpy as np

import pylops_distributed


def random(shape: list[int], chunks: list[int], dtype: str) -> Any:
    """Normal samples, held in memory."""
    x = np.random.default_rng(1).standard_normal(shape, dtype="f4").astype(dtype)
    return da.from_array(x, chunks=tuple(chunks)).persist()


def make(spec: dict[str, Any]) -> Any:
    """An operator: a name, options, of which ``random`` are arrays, and members."""
    cls: Any = pylops_distributed
    for part in spec["make"].split("."):
        cls = getattr(cls, part)
    options = {k: np.asarray(v, "f4") if k == "h" else v for k, v in spec.get("options", {}).items()}
    options = {k: tuple(v) if isinstance(v, list) and k != "iava" else v for k, v in options.items()}
    arrays = [random(*array) for array in spec.get("random", [])]
    members = [[make(member) for member in spec["ops"]]] if "ops" in spec else []
    return cls(*arrays, *members, **options)


def main() -> None:
    """Answer until there are no more words."""
    spec = json.loads(sys.argv[1])
    dask.config.set(scheduler="threads", num_workers=2)
    op = make(spec)
    x = random(spec["shape"], spec["chunks"], spec["dtype"]).ravel().persist()
    y = random(spec["shaped"], spec["chunksd"], spec["dtyped"]).ravel().persist()
    ways = {"forward": lambda: op.matvec(x), "adjoint": lambda: op.rmatvec(y)}
    for word in sys.stdin:
        start = time.perf_counter()
        ways[word.strip()]().persist()
        print(json.dumps(time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
