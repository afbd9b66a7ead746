"""Operators as functions of PyTorch."""

from __future__ import annotations

from importlib.util import find_spec

import pylops

from pylops_distributed.linearoperator.operator import aslinearoperator


class TorchOperator(pylops.TorchOperator):
    r"""An operator :math:`\mathbf A` as a function of PyTorch's tensors that can be differentiated.

    Forward :math:`\mathbf y = \mathbf A \mathbf x`; gradients go back through the adjoint,
    :math:`\bar{\mathbf x} = \mathbf A^H \bar{\mathbf y}`. Tensors are in memory, so each call computes the operator,
    where Dask computes: on the workers of the current client, if there is one.

    Parameters
    ----------
    Op : LinearOperator
        Operator of this library or of PyLops.
    batch : bool, optional
        Tensors have a first axis of samples, which are computed together.
    flatten : bool, optional
        Samples of a batch are flat; else shaped like ``Op.dims``.
    device, devicetorch : str, optional
        Where to compute and where tensors are put, as PyLops takes them.

    Raises
    ------
    NotImplementedError
        If PyTorch is not installed.

    See Also
    --------
    pylops.TorchOperator : the local wrapper.

    References
    ----------
    .. [1] Paszke, A., et al., 2019, PyTorch: an imperative style, high-performance deep learning library: Advances in
       Neural Information Processing Systems, 32.
    """

    def __init__(
        self,
        Op: object,
        batch: bool = False,
        flatten: bool = True,
        device: str = "cpu",
        devicetorch: str = "cpu",
    ) -> None:
        if find_spec("torch") is None:
            raise NotImplementedError("TorchOperator needs the package torch: pip install torch")
        super().__init__(aslinearoperator(Op).topylops(), batch, flatten, device, devicetorch)
