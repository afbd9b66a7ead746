"""How an operator scales with the number of threads."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import dask
import dask.array as da

from pylops_distributed.linearoperator.operator import aslinearoperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["scalability_test"]


def scalability_test(
    Op: object,
    x: ArrayLike,
    workers: Sequence[int] | None = None,
    forward: bool = True,
    ntimes: int = 1,
) -> tuple[list[float], list[float]]:
    """Measure how long an operator takes with several numbers of threads of Dask's scheduler.

    Parameters
    ----------
    Op : LinearOperator
        Operator, of this library or of PyLops.
    x : array_like
        Model, of shape ``(Op.shape[1],)``, or with ``forward=False`` data, of shape ``(Op.shape[0],)``. The chunks of
        a Dask array are what threads share; a NumPy array is cut into chunks of Dask's choice.
    workers : sequence of int, optional
        Numbers of threads; default 1, 2 and 4.
    forward : bool, optional
        Time the forward; otherwise the adjoint.
    ntimes : int, optional
        How often it is applied for each number; the mean counts.

    Returns
    -------
    times : list of float
        Seconds of one application, for each number of threads.
    speedup : list of float
        The first of the times, over each of them.

    Examples
    --------
    >>> import dask.array as da
    >>> from pylops_distributed import FirstDerivative
    >>> from pylops_distributed.utils.multiproc import scalability_test
    >>> times, speedup = scalability_test(FirstDerivative(100), da.ones(100, chunks=25), workers=[1, 2])
    >>> len(times), speedup[0]
    (2, 1.0)
    """
    op, vector = aslinearoperator(Op), da.asarray(x)
    apply = op.matvec if forward else op.rmatvec
    times = []
    for threads in (1, 2, 4) if workers is None else workers:
        start = perf_counter()
        with dask.config.set(scheduler="threads", num_workers=threads):
            for _ in range(ntimes):
                da.asarray(apply(vector)).compute()
        times.append((perf_counter() - start) / ntimes)
    return times, [times[0] / seconds for seconds in times]
