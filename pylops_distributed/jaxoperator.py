"""Operators on JAX's arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pylops

from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.registry import import_on_use


class JaxOperator(pylops.LinearOperator):
    r"""An operator :math:`\mathbf A` on JAX's arrays, which JAX can differentiate and compile calls of.

    Forward :math:`\mathbf y = \mathbf A \mathbf x`, adjoint :math:`\mathbf x = \mathbf A^H \mathbf y`; gradients go
    back through the transpose, :math:`\bar{\mathbf x} = \mathbf A^T \bar{\mathbf y}`, which is JAX's convention. JAX
    cannot look into a distributed operator: its programs call back, and the operator is computed where Dask computes,
    on the workers of the current client if there is one.

    Parameters
    ----------
    Op : LinearOperator
        Operator of this library or of PyLops.

    Raises
    ------
    NotImplementedError
        If JAX is not installed.

    See Also
    --------
    pylops.JaxOperator : the local wrapper, which compiles PyLops' operator itself.

    References
    ----------
    .. [1] Frostig, R., M. J. Johnson, and C. Leary, 2018, Compiling machine learning programs via high-level tracing:
       Systems for Machine Learning.
    """

    def __init__(self, Op: object) -> None:
        if find_spec("jax") is None:
            raise NotImplementedError("JaxOperator needs the package jax: pip install jax")
        op = aslinearoperator(Op)
        super().__init__(
            dtype=op.dtype, dims=op.dims, dimsd=op.dimsd, clinear=op.clinear, explicit=False,
            forceflat=op.forceflat, name=op.name,
        )  # fmt: skip
        self._matvec, self._rmatvec = _linear(op, op.T), _linear(op.H, op.conj())

    def __call__(self, x: object) -> object:
        """The forward of a flat array."""
        return self._matvec(x)

    def rmatvecad(self, x: object, y: object) -> object:
        r"""The gradient of the forward at ``x``, for the gradient ``y`` of what follows.

        Parameters
        ----------
        x : jax.Array
            Flat model.
        y : jax.Array
            Flat data.

        Returns
        -------
        jax.Array
            Flat model: :math:`\mathbf A^T \mathbf y`.
        """
        return import_on_use("jax").vjp(self._matvec, x)[1](y)[0]


def _linear(op: LinearOperator, transposed: LinearOperator) -> Callable[[object], object]:
    """A compiled function of flat arrays with the gradient of a linear one."""
    jax = import_on_use("jax")

    def call(op: LinearOperator, x: Any) -> Any:
        local = op.topylops()
        kind = np.result_type(op.codomain.dtype, x.dtype)
        result = jax.ShapeDtypeStruct((op.shape[0],), jax.dtypes.canonicalize_dtype(kind))
        return jax.pure_callback(
            lambda v: np.asarray(local.matvec(np.asarray(v)), result.dtype),
            result,
            x,
            vmap_method="sequential",
        )

    apply = jax.custom_vjp(partial(call, op))

    def back(like: Any, y: object) -> tuple[object]:
        x = call(transposed, y)
        return (x.astype(like.dtype) if like.dtype.kind == "c" else x.real.astype(like.dtype),)

    apply.defvjp(lambda x: (apply(x), x), back)
    compiled: Callable[[object], object] = jax.jit(apply)
    return compiled
