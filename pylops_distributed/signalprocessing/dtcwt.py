"""Dual-tree complex wavelet transform along an axis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pylops
from dask.base import tokenize
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import DTypeLike

from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.operator import LeadingAxesRule
from pylops_distributed.blockwise.pylops_kernel import OperatorFactory
from pylops_distributed.linearoperator.operator import LinearOperator
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.space import Space
from pylops_distributed.vectors.types import ChunksLike

if TYPE_CHECKING:
    from pylops_distributed.blockwise import Array


class DTCWT(LinearOperator):
    r"""Dual-tree complex wavelet transform along an axis, by the package dtcwt.

    Two trees of real wavelets :math:`\psi_h` and :math:`\psi_g`, nearly Hilbert transforms of each other, give complex
    coefficients that hardly change with a shift:

    .. math::
        c_{jk} = \langle x, \psi_{h,jk} \rangle + i\, \langle x, \psi_{g,jk} \rangle

    Real and imaginary parts are the two entries of a first axis of the data; along ``axis`` scales follow each other,
    finest first, then the lowpass residue. As in PyLops the inverse transform stands in the adjoint's place, so that
    the dot test does not hold. The axis is gathered in one chunk; others stay chunked.

    Parameters
    ----------
    dims : int or tuple of int
        Shape of the model.
    biort, qshift : str, optional
        Wavelets of the first level, and of the others, by the package's names.
    level : int, optional
        Number of levels.
    include_scale : bool, optional
        Let the package keep the lowpass residue of each level; the operator does not use it.
    axis : int, optional
        Axis to transform along.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    chunks : optional
        Chunks of the model, as Dask takes them; default those of the array that comes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Raises
    ------
    NotImplementedError
        If the package is not installed. Its releases up to 0.14 ask for NumPy 1 but run with NumPy 2 here:
        ``pip install --no-deps dtcwt six``.

    See Also
    --------
    pylops.signalprocessing.DTCWT : the local operator.

    References
    ----------
    .. [1] Selesnick, I. W., R. G. Baraniuk, and N. G. Kingsbury, 2005, The dual-tree complex wavelet transform: IEEE
       Signal Processing Magazine, 22, 123-151, doi:10.1109/MSP.2005.1550194.

    Examples
    --------
    With the package installed::

        D = DTCWT((512, 100), level=4, axis=0)
        coefficients = D @ da.ones((512, 100), chunks=(512, 25))  # of shape (2, 512, 100), in four chunks
    """

    domain: Space

    def __init__(
        self,
        dims: int | Iterable[int],
        biort: str = "near_sym_a",
        qshift: str = "qshift_a",
        level: int = 3,
        include_scale: bool = False,
        axis: int = -1,
        dtype: DTypeLike = "float64",
        name: str | None = "C",
        *,
        chunks: ChunksLike = None,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if find_spec("dtcwt") is None:
            raise NotImplementedError("DTCWT needs the package dtcwt: pip install --no-deps dtcwt six")
        model = shape_of(dims)
        self.axis = normalize_axis_index(axis, len(model))
        options = {
            "biort": biort,
            "qshift": qshift,
            "level": level,
            "include_scale": include_scale,
            "axis": 0,
        }
        self.twin = OperatorFactory(build_dtcwt, {**options, "dtype": dtype}, "dims")
        n = model[self.axis]
        self.count = int(self.twin.build((n, 1)).dimsd[1])
        data = (2, *(self.count if a == self.axis else m for a, m in enumerate(model)))
        super().__init__(
            domain=Space.of(model, dtype, chunks), codomain=Space.of(data, dtype), dtype=dtype, clinear=False,
            compute=compute, name=name,
        )  # fmt: skip

    @property
    def level(self) -> int:
        """Number of scales."""
        return int(self.twin.options["level"])

    @property
    def include_scale(self) -> bool:
        """Whether the data hold the lowpass signals of all scales."""
        return bool(self.twin.options["include_scale"])

    def get_pyramid(self, x: object) -> Any:
        """The :class:`dtcwt.Pyramid` of data shaped like ``dimsd``, computed."""
        data = np.moveaxis(np.asarray(x).reshape(self.dimsd), self.axis + 1, 1)
        local: Any = self.twin.build((self.dims[self.axis], int(np.prod(data.shape[2:]))))
        return local.get_pyramid(data.reshape(*data.shape[:2], -1))

    def _matvec(self, x: da.Array) -> da.Array:
        kernel = partial(_forward, token=tokenize(self.twin))
        rule = LeadingAxesRule(kernel, 1, (2, self.count), {"twin": self.twin})
        y = rule(da.moveaxis(x.real, self.axis, 0), np.result_type(self.dtype, x.real.dtype))
        return da.moveaxis(y, 1, self.axis + 1)

    def _rmatvec(self, y: da.Array) -> da.Array:
        n = self.dims[self.axis]
        kernel = partial(_inverse, token=tokenize(self.twin), n=n)
        rule = LeadingAxesRule(kernel, 2, (n,), {"twin": self.twin})
        x = rule(da.moveaxis(y.real, self.axis + 1, 1), np.result_type(self.dtype, y.real.dtype))
        return self.domain.fit(da.moveaxis(x, 0, self.axis))


def build_dtcwt(dims: tuple[int, ...], **options: object) -> pylops.LinearOperator:
    """PyLops' operator, for a package that meets NumPy 2."""
    utils: Any = import_on_use("dtcwt.utils")
    if not hasattr(utils.np, "asfarray"):  # two functions that NumPy 2 has no more
        utils.np = SimpleNamespace(**vars(np), asfarray=np.asarray, issubsctype=np.issubdtype)
    return pylops.signalprocessing.DTCWT(dims, **options)


def _forward(block: Array, twin: OperatorFactory, token: str) -> Array:
    op = twin.cached((len(block), int(np.prod(block.shape[1:]))), token)
    return np.asarray(op.matvec(block.ravel()).reshape(*op.dimsd[:2], *block.shape[1:]))


def _inverse(block: Array, twin: OperatorFactory, token: str, n: int) -> Array:
    op = twin.cached((n, int(np.prod(block.shape[2:]))), token)
    return np.asarray(op.rmatvec(block.ravel()).reshape(n, *block.shape[2:]))
