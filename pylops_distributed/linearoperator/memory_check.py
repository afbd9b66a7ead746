"""Whether an operator fits into the memory of the workers, before anything runs."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

import dask
import dask.array as da
import numpy as np
import psutil
from dask.utils import format_bytes, parse_bytes

from pylops_distributed.compat.dask import CPU_COUNT, computes_in_one_thread, current_client
from pylops_distributed.compat.worker import current_worker, memory_limit_of, threads_of
from pylops_distributed.errors import InsufficientMemoryError
from pylops_distributed.linearoperator.array_inputs import lazily
from pylops_distributed.linearoperator.cost import Cost, describe
from pylops_distributed.vectors.space import BlockVector, Space, Vector
from pylops_distributed.vectors.types import Chunks, ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


def check_memory(
    op: LinearOperator,
    limit: int | str | Vector | None = None,
    threads: int | None = None,
    chunks: ChunksLike = None,
    data: Vector | None = None,
) -> None:
    """Raise for an operator whose tasks would not fit into a worker's memory.

    Parameters
    ----------
    op : LinearOperator
        Operator; nothing of it is computed.
    limit : int, str or vector, optional
        Bytes, or text such as ``"4 GiB"``, that a worker has. Default what the workers of the current
        :class:`distributed.Client` have, the smallest of them, or else this machine. A vector, of shape
        ``op.dimsd``, is taken as ``data``.
    threads : int, optional
        How many tasks a worker runs at a time; default what the workers, or this process, do.
    chunks : optional
        Chunks of the model, as Dask takes them, where the operator pins none; default Dask's own.
    data : dask.array.Array or Blocks, optional
        Data, of shape ``op.dimsd``, whose chunks to go by instead, as a solver does; nothing of them is computed.

    Raises
    ------
    InsufficientMemoryError
        If the tasks that run at a time may need more than ``limit``. It names the operator, and the axis of
        its model or data to cut, and into how much.

    Notes
    -----
    A task is taken to need ``workspace`` times the size of its inputs and its result; see
    :class:`~pylops_distributed.linearoperator.cost.Cost`.

    Examples
    --------
    >>> from pylops_distributed import FirstDerivative
    >>> from pylops_distributed.linearoperator.memory_check import check_memory
    >>> op = FirstDerivative((2000, 500), axis=1)
    >>> check_memory(op, "1 GiB", threads=1)
    >>> check_memory(op, "40 MiB", threads=1, chunks=-1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pylops_distributed.errors.InsufficientMemoryError: FirstDerivative F (forward) ... rechunk axis 0 of the model ...
    """
    if isinstance(limit, da.Array | np.ndarray | BlockVector):  # the second of most functions
        data, limit = lazily(limit), None
    most, parallel = _worker_limits()
    room = (most if limit is None else parse_bytes(limit)) / (parallel if threads is None else threads)
    description = describe(op, chunks, data)
    sides = (
        ("forward", description.forward, description.model, op.domain),
        ("adjoint", description.adjoint, description.data, op.codomain),
    )
    for side, cost, layout, space in sides:
        if cost.need > room:
            free = isinstance(space, Space) and space.chunks is None
            raise InsufficientMemoryError(
                f"{cost.operator} ({side}) may need {format_bytes(cost.need)} in one task, where there are "
                f"{format_bytes(int(room))}: {_advice(op, side, cost, layout, room, free)}"
            )


def _worker_limits() -> tuple[float, int]:
    """Memory of a worker and how many tasks it runs at a time, where Dask computes now."""
    client = current_client()
    if client is None:
        threads = 1 if computes_in_one_thread() else dask.config.get("num_workers", None) or CPU_COUNT
        if (worker := current_worker()) is not None:  # on which others may do the same
            return memory_limit_of(worker) or psutil.virtual_memory().total, threads_of(worker)
        return psutil.virtual_memory().total, threads
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    rooms = [(w["memory_limit"] or psutil.virtual_memory().total, w["nthreads"]) for w in workers]
    return min(rooms, key=lambda pair: pair[0] / pair[1], default=(inf, 1))


def _advice(
    op: LinearOperator, side: str, cost: Cost, layout: tuple[Chunks, ...], room: float, free: bool
) -> str:
    """Which axis to cut, and into how much; found by trying where the chunks are free."""
    vector = {"forward": "model", "adjoint": "data"}[side]
    if not free:
        axis = max(range(len(cost.shape)), key=lambda a: cost.shape[a])
        length = max(1, int(cost.shape[axis] * room / cost.need))
        return (
            f"rechunk axis {axis}, of {cost.shape[axis]} samples, of the largest array of shape {cost.shape} that it "
            f"works on to {length} or fewer"
        )
    (chunks,) = layout
    tried = {a: _halved(op, side, chunks, a) for a, sizes in enumerate(chunks) if max(sizes) > 1}
    if not tried or min(tried.values())[0] > 0.9 * cost.need:
        return f"no chunks of the {vector} make it smaller"
    axis = min(tried, key=lambda a: tried[a])
    length = max(chunks[axis])
    wanted = max(1, int(length * room / cost.need))
    return f"rechunk axis {axis} of the {vector} from {length} to {wanted} or fewer"


def _halved(op: LinearOperator, side: str, chunks: Chunks, axis: int) -> tuple[int, int]:
    """Memory of a task, and bytes moved between chunks, with the chunks along an axis cut in two."""
    cut = tuple(n for size in chunks[axis] for n in (ceil(size / 2), size // 2) if n)
    description = describe(op if side == "forward" else op.H, (*chunks[:axis], cut, *chunks[axis + 1 :]))
    return description.forward.need, description.forward.moved
