"""Modelling of scattered waves by the two-way acoustic wave equation."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import dask.array as da
import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import Array, BlockwiseOperator
from pylops_distributed.blockwise.arguments import shape_of
from pylops_distributed.blockwise.partitioned import EnsembleRule, OperatorEnsemble
from pylops_distributed.vectors.types import Settings


class AcousticWave2D(BlockwiseOperator):
    r"""Waves scattered once by perturbations of a velocity model, by Devito.

    Forward and adjoint, with the pressure :math:`u_s` of source :math:`s` in the smooth model and the Green's function
    :math:`G` of the acoustic wave equation, for the perturbation :math:`m` of squared slowness, are

    .. math::
        d_s(\mathbf x_r, t) = -\int G(\mathbf x_r, \mathbf x, t) * \partial_t^2 u_s(\mathbf x, t)\, m(\mathbf x)\,
        d\mathbf x, \qquad
        m(\mathbf x) = -\sum_s \int \partial_t^2 u_s(\mathbf x, t)\, v_s(\mathbf x, t)\, dt

    where :math:`v_s` are the data propagated backwards. Shots are independent: each task takes the whole model and
    ``shots`` of them, and images of tasks are summed up. Devito's objects do not travel: each worker compiles its own,
    and keeps them. It computes in single precision, one task a process at a time.

    Parameters
    ----------
    shape, origin, spacing : tuple
        Numbers of samples ``(nx, nz)``, position of the first, and distances between them, in metres.
    vp : array_like
        Smooth velocity model in m/s, of that shape.
    src_x, src_z, rec_x, rec_z : array_like
        Positions of sources, of shape ``(ns,)``, and of receivers, of shape ``(nr,)``, in metres; depths may be one
        number.
    t0, tn : float
        First and last time, in milliseconds.
    src_type : str, optional
        Devito's name of the wavelet.
    space_order : int, optional
        Order of the differences along space.
    nbl : int, optional
        Number of samples of the absorbing boundary.
    f0 : float, optional
        Peak frequency of the wavelet, in Hz.
    checkpointing : bool, optional
        Save memory in the adjoint by modelling again; needs Devito's package pyrevolve.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    shots : int, optional
        Number of shots that a task models.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    geometry : object
        Devito's geometry of the first shot; ``geometry.nt`` is the number of time samples, ``geometry.dt`` their
        distance in milliseconds.
    src_illumination : dask.array.Array
        Made by :meth:`srcillumination_allshots`.

    Raises
    ------
    NotImplementedError
        If Devito is not installed, with the package pytest that its seismic models import.

    See Also
    --------
    pylops.waveeqprocessing.AcousticWave2D : the local operator.

    References
    ----------
    .. [1] Louboutin, M., et al., 2019, Devito (v3.1.0): an embedded domain-specific language for finite differences
       and geophysical exploration: Geoscientific Model Development, 12, 1165-1187, doi:10.5194/gmd-12-1165-2019.

    Examples
    --------
    With Devito installed::

        x = np.linspace(0, 500, 11)
        A = AcousticWave2D((51, 41), (0, 0), (10, 10), vp, x, 10.0, x, 10.0, 0.0, 600.0)
        shots = A @ da.from_array(perturbation)  # of shape (11, 11, nt), one chunk a shot
    """

    def __init__(
        self,
        shape: Iterable[int],
        origin: Iterable[float],
        spacing: Iterable[float],
        vp: ArrayLike,
        src_x: ArrayLike,
        src_z: ArrayLike,
        rec_x: ArrayLike,
        rec_z: ArrayLike,
        t0: float,
        tn: float,
        src_type: str = "Ricker",
        space_order: int = 6,
        nbl: int = 20,
        f0: float = 20.0,
        checkpointing: bool = False,
        dtype: DTypeLike = "float32",
        name: str | None = "A",
        *,
        shots: int = 1,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if find_spec("devito") is None:
            raise NotImplementedError("AcousticWave2D needs the package devito: pip install devito pytest")
        model = shape_of(shape)
        sources, receivers = np.atleast_1d(np.asarray(src_x, float)), np.atleast_1d(np.asarray(rec_x, float))
        options: dict[str, Any] = {
            "shape": model, "origin": tuple(origin), "spacing": tuple(spacing), "vp": np.asarray(vp, np.float32),
            "src_x": sources, "src_z": np.broadcast_to(np.asarray(src_z, float), sources.shape).copy(),
            "rec_x": receivers, "rec_z": np.broadcast_to(np.asarray(rec_z, float), receivers.shape).copy(),
            "t0": t0, "tn": tn, "src_type": src_type, "space_order": space_order, "nbl": nbl, "f0": f0,
            "checkpointing": checkpointing,
        }  # fmt: skip
        self.parts = OperatorEnsemble.of(
            build_acoustic_wave, {**options, "wavelet": None}, ("src_x", "src_z"), shots
        )
        data = (sources.size, receivers.size, int(self.geometry.nt))
        super().__init__(
            EnsembleRule(self.parts, model, data), EnsembleRule(self.parts, model, data, adjoint=True), model, data,
            dtype=dtype,
            compute=compute, name=name,
        )  # fmt: skip

    @property
    def geometry(self) -> Any:
        """Devito's geometry of the first shot, made here."""
        one = {name: self.parts.options[name][:1] for name in self.parts.cut}
        return build_acoustic_wave(**{**self.parts.options, **one}).geometry

    def updatesrc(self, wav: ArrayLike) -> None:
        """Use a custom wavelet, sampled as the data are, at most as long.

        Parameters
        ----------
        wav : array_like
            Wavelet, of shape ``(nwav,)``.
        """
        options = {**self.parts.options, "wavelet": np.asarray(wav, np.float32)}
        self.parts = OperatorEnsemble(build_acoustic_wave, options, self.parts.cut, self.parts.sizes)
        self._forward = EnsembleRule(self.parts, self.dims, self.dimsd)
        self._adjoint = EnsembleRule(self.parts, self.dims, self.dimsd, adjoint=True)

    def srcillumination_allshots(self, savewav: bool = False) -> None:
        """Give this operator ``src_illumination``: the squared pressure of all sources, lazily.

        Parameters
        ----------
        savewav : bool, optional
            Taken for compatibility: wavefields stay on no worker.
        """
        parts = OperatorEnsemble(
            _Illumination,
            {"settings": self.parts.options, **self._places()},
            self.parts.cut,
            self.parts.sizes,
        )
        rule = EnsembleRule(parts, self.dims, self.dimsd, adjoint=True)
        self.src_illumination = rule(da.zeros(self.dimsd, dtype=np.float32), np.dtype(np.float32))

    def _places(self) -> Settings:
        return {name: self.parts.options[name] for name in self.parts.cut}


def build_acoustic_wave(wavelet: Array | None = None, **options: object) -> Any:
    """PyLops' operator, with a custom wavelet."""
    op = pylops.waveeqprocessing.AcousticWave2D(**options)
    if wavelet is not None:
        op.updatesrc(wavelet)
    return op


class _Illumination:
    """An operator of some shots, in whose adjoint's place is their illumination."""

    def __init__(self, settings: Settings, **places: object) -> None:
        self.op = build_acoustic_wave(**{**settings, **places})
        self.dims, self.dimsd = self.op.dims, self.op.dimsd

    def rmatvec(self, y: Array) -> Array:
        """The squared pressure of the sources, summed over time."""
        self.op.srcillumination_allshots()
        return np.asarray(self.op.src_illumination)
