"""Conjugate gradients with the arguments that pylops-distributed 0.x had."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from pylops_distributed.optimization import basic
from pylops_distributed.vectors.space import flatten

if TYPE_CHECKING:
    from distributed import Client

    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.vectors.space import Vector, VectorLike

__all__ = ["cg", "cgls"]


def cg(
    A: LinearOperator,
    y: VectorLike,
    x: VectorLike | None = None,
    niter: int = 10,
    tol: float = 1e-5,
    compute: bool = False,
    client: Client | None = None,
) -> tuple[Vector, int]:
    """Conjugate gradients for a square operator; :func:`.basic.cg` has more settings, and returns the costs.

    Parameters
    ----------
    A : LinearOperator
        Operator of shape ``(N, N)``.
    y : array
        Data of shape ``(N,)``, or shaped like ``A.dimsd``.
    x : array, optional
        Initial model, shaped like ``y``; default zero.
    niter : int, optional
        Most iterations.
    tol : float, optional
        Squared norm of the residual at which to stop.
    compute : bool, optional
        Return the model as a NumPy array; otherwise it is one of the kind of ``y``, whose chunks are computed.
    client : distributed.Client, optional
        Client whose workers take the steps; default the current one, or this process.

    Returns
    -------
    x : array
        Model, shaped like ``y``.
    iiter : int
        Number of iterations.
    """
    with _at(client):
        model, iiter, _ = basic.cg(A, y, x, niter=niter, tol=tol)
    return _shaped(model, y, compute), iiter


def cgls(
    A: LinearOperator,
    y: VectorLike,
    x: VectorLike | None = None,
    niter: int = 10,
    damp: float = 0.0,
    tol: float = 1e-4,
    compute: bool = False,
    client: Client | None = None,
) -> tuple[Vector, int]:
    """Conjugate gradients for least squares; :func:`.basic.cgls` has more settings, and returns the costs.

    Parameters
    ----------
    A : LinearOperator
        Operator of shape ``(N, M)``.
    y : array
        Data of shape ``(N,)``, or shaped like ``A.dimsd``.
    x : array, optional
        Initial model of shape ``(M,)``, or shaped like ``A.dims``; default zero.
    niter : int, optional
        Most iterations.
    damp : float, optional
        Weight of the squared norm of the model, not squared itself, unlike that of :func:`.basic.cgls`.
    tol : float, optional
        Squared norm of the gradient at which to stop.
    compute, client : optional
        As of :func:`cg`.

    Returns
    -------
    x : array
        Model, flat where ``y`` is.
    iiter : int
        Number of iterations.
    """
    with _at(client):
        model, _, iiter, *_ = basic.cgls(A, y, x, niter=niter, damp=sqrt(damp), tol=tol)
    return _shaped(model, y, compute), iiter


def _at(client: Client | None) -> AbstractContextManager[object]:
    return nullcontext() if client is None else client.as_current()


def _shaped(model: Vector, y: VectorLike, compute: bool) -> Vector:
    flat: Any = flatten(model) if getattr(y, "ndim", None) == 1 else model
    shaped: Any = np.asarray(flat) if compute else flat
    vector: Vector = shaped
    return vector
