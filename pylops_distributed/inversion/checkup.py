"""A look at a problem before it is run for long: whether its adjoint is one, its chunks, and what a solve takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from pylops_distributed import tuning
from pylops_distributed.execution import trace_step
from pylops_distributed.inversion.assembly import AnySolver, Assembly, assemble
from pylops_distributed.settings.solver_settings import name_of
from pylops_distributed.utils.dottest import dottest
from pylops_distributed.vectors.space import BlockVector, Vector

if TYPE_CHECKING:
    import xarray as xr

    from pylops_distributed.execution.state import State
    from pylops_distributed.problems.base import Problem

MIB = 2**20


def checkup(problem: Problem, ds: xr.Dataset, solver: AnySolver) -> Iterator[tuple[str, bool, str]]:
    """Look at a problem with its data and its solver.

    Parameters
    ----------
    problem : Problem
        Problem, not yet prepared.
    ds : xarray.Dataset
        Its dataset.
    solver : SolverSettings or Solver
        Solver.

    Yields
    ------
    name : str
        Name of the check.
    good : bool
        Whether all is well.
    words : str
        Result of the check. The dot test computes one forward and one adjoint of random vectors, and preparing may
        compute; all the rest is lazy.
    """
    problem.check(ds)
    ready = problem.prepare(ds)
    assembly = assemble(ready, ds, solver)
    yield "operator", True, repr(assembly.op)
    yield _adjoint(assembly)
    yield _fits(ready, ds)
    state = assembly.solver.init(assembly.op, assembly.y)
    yield _chunks("data", assembly.y)
    yield _chunks("model", state.x)
    yield from _costs(assembly, state, name_of(solver))


def _adjoint(assembly: Assembly) -> tuple[str, bool, str]:
    single = assembly.op.dtype in (np.float32, np.complex64)
    complexflag = 3 if assembly.op.dtype.kind == "c" else 0
    try:
        dottest(assembly.op, rtol=1e-4 if single else 1e-8, complexflag=complexflag)
    except AssertionError as error:
        return "adjoint", False, f"{error}. The adjoint of an operator of yours is not that of its forward"
    return "adjoint", True, "passes the dot test"


def _fits(problem: Problem, ds: xr.Dataset) -> tuple[str, bool, str]:
    """Whether the labels have as many axes as the vectors, and the result can be labelled."""
    labels, op = problem.labels(ds), problem.operator(ds)
    for space, shape in (("domain", op.domain), ("codomain", op.codomain)):
        if hasattr(shape, "spaces"):
            continue
        if len(labels[space].dims) != len(shape.shape):
            return "labels", False, f"the {space} has shape {shape.shape}, its labels {labels[space].dims}"
    return (
        "labels",
        True,
        f"model on {labels['domain']!s:.200}".split(", coords")[0].replace("Labels(dims=", ""),
    )


def _chunks(name: str, x: Vector) -> tuple[str, bool, str]:
    arrays = x.arrays if isinstance(x, BlockVector) else (x,)
    largest = max(int(np.prod(a.chunksize)) * a.dtype.itemsize for a in arrays)
    count, total = sum(a.npartitions for a in arrays), sum(a.nbytes for a in arrays)
    large, small = tuning.nbytes("inversion.large-chunk"), tuning.nbytes("inversion.small-chunk")
    good = largest <= large and not (count > 64 and total / count < small)
    shapes = ", ".join(f"{a.shape} {a.dtype}" for a in arrays)
    words = f"{shapes}: {total / MIB:.1f} MiB in {count} chunks of up to {largest / MIB:.2f} MiB"
    if largest > large:
        words += "; large: cut an axis that the operator does not need whole"
    elif not good:
        words += "; many small ones: make them larger"
    return name, good, words


def _costs(assembly: Assembly, state: State, name: str) -> Iterator[tuple[str, bool, str]]:
    """Size of a state, and tasks of a step."""
    vectors = [getattr(state, f.name) for f in fields(state) if f.metadata.get("space")]
    arrays = [a for v in vectors for a in (v.arrays if isinstance(v, BlockVector) else (v,))]
    size = sum(a.nbytes for a in arrays)
    # The engine holds the state before and after a step, and the data.
    data = sum(
        a.nbytes for a in (assembly.y.arrays if isinstance(assembly.y, BlockVector) else (assembly.y,))
    )
    need = 2 * size + data
    yield (
        "memory", True,
        f"{name} keeps {len(arrays)} arrays, {size / MIB:.1f} MiB; about {need / MIB:.1f} MiB over all workers for "
        "states and data, besides what the operator holds",
    )  # fmt: skip
    yield "disk", True, f"{size / MIB:.1f} MiB a checkpoint, before compression"
    template = trace_step(lambda before: assembly.solver.step(assembly.op, assembly.y, before), state)
    tasks = len(template.body)
    yield "graph", tasks < 50_000, f"{tasks} tasks a step"
