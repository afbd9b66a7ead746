"""Operators as operations of PyTensor."""

from __future__ import annotations

from importlib.util import find_spec

from pylops.pytensoroperator import PyTensorOperator as Local

from pylops_distributed.linearoperator.operator import aslinearoperator


class PyTensorOperator(Local):
    r"""An operator :math:`\mathbf A` as an operation in PyTensor's graphs, with its gradient.

    Forward :math:`\mathbf y = \mathbf A \mathbf x`; gradients go back through the adjoint,
    :math:`\bar{\mathbf x} = \mathbf A^H \bar{\mathbf y}`. Running a graph computes the operator, where Dask computes:
    on the workers of the current client, if there is one.

    Parameters
    ----------
    LOp : LinearOperator
        Operator of this library or of PyLops.

    Raises
    ------
    NotImplementedError
        If PyTensor is not installed.

    See Also
    --------
    pylops.PyTensorOperator : the local wrapper.

    References
    ----------
    .. [1] Bergstra, J., et al., 2010, Theano: a CPU and GPU math compiler in Python: Proceedings of the 9th Python in
       Science Conference, 18-24, doi:10.25080/Majora-92bf1922-003.
    """

    def __init__(self, LOp: object) -> None:
        if find_spec("pytensor") is None:
            raise NotImplementedError("PyTensorOperator needs the package pytensor: pip install pytensor")
        super().__init__(aslinearoperator(LOp).topylops())

    def pullback(self, inputs: object, outputs: object, cotangents: object) -> object:
        """The gradient under PyTensor's present name for it."""
        return self.grad(inputs, cotangents)
