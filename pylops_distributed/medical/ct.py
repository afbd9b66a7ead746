"""Computed tomography."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
import pylops
from numpy.typing import ArrayLike, DTypeLike

from pylops_distributed.blockwise import BlockwiseOperator
from pylops_distributed.blockwise.arguments import engine_among, shape_of
from pylops_distributed.blockwise.partitioned import EnsembleRule, OperatorEnsemble

LOCAL = pylops.medical.CT2D


class CT2D(BlockwiseOperator):
    r"""Projections of an image under several angles, by the ASTRA toolbox.

    Forward and adjoint, with the weights :math:`a_{ij}` of ray :math:`i` in pixel :math:`j`, are

    .. math::
        d_i = \sum_j a_{ij}\, m_j \approx \int_{\text{ray } i} m(x, y)\, dl, \qquad m_j = \sum_i a_{ij}\, d_i

    Angles are independent: each task takes the whole image and some of them, and images of tasks are summed up.
    The toolbox's handles do not travel: each worker makes its projectors, and keeps them. It computes in single
    precision, one task a process at a time.

    Parameters
    ----------
    dims : tuple of int
        Shape of the image, ``(ny, nx)``.
    det_width : float
        Width of a detector, in pixels.
    det_count : int
        Number of detectors.
    thetas : array_like
        Angles, in radians, of shape ``(nthetas,)``.
    engine : {"cpu", "cuda"}
        Where to compute.
    proj_geom_type : {"parallel", "fanflat"}, optional
        Geometry of the rays.
    source_origin_dist, origin_detector_dist : float, optional
        Distances of source and detectors from the centre, for ``fanflat``.
    projector_type : str, optional
        Projector of the toolbox; default ``strip`` on processors.
    dtype : dtype, optional
        Type of the operator.
    name : str, optional
        Name shown to people.
    angles : int, optional
        Number of angles that a task takes.
    compute : tuple of bool, optional
        Evaluate the forward and the adjoint on application.

    Attributes
    ----------
    det_width, det_count, engine, proj_geom_type, source_origin_dist, origin_detector_dist
        As given.
    thetas : numpy.ndarray
        Angles, in radians, of shape ``(nthetas,)``.

    Raises
    ------
    NotImplementedError
        If the package astra-toolbox is not installed.
    ValueError
        If ``engine`` is unknown.

    See Also
    --------
    pylops.medical.CT2D : the local operator.

    References
    ----------
    .. [1] van Aarle, W., et al., 2016, Fast and flexible X-ray tomography using the ASTRA toolbox: Optics Express, 24,
       25129-25147, doi:10.1364/OE.24.025129.

    Examples
    --------
    With the toolbox installed::

        C = CT2D((64, 64), 1.0, 91, np.linspace(0, np.pi, 90, endpoint=False), engine="cpu", angles=30)
        sinogram = C @ da.ones((64, 64), dtype="f4")  # of shape (90, 91), in three chunks
    """

    def __init__(
        self,
        dims: Iterable[int],
        det_width: float,
        det_count: int,
        thetas: ArrayLike,
        engine: Literal["cpu", "cuda"],
        proj_geom_type: Literal["parallel", "fanflat"] = "parallel",
        source_origin_dist: float | None = None,
        origin_detector_dist: float | None = None,
        projector_type: str | None = None,
        dtype: DTypeLike = "float32",
        name: str | None = "C",
        *,
        angles: int = 32,
        compute: tuple[bool, bool] = (False, False),
    ) -> None:
        if find_spec("astra") is None:
            raise NotImplementedError("CT2D needs the package astra-toolbox: pip install astra-toolbox")
        engine_among(engine, ("cpu", "cuda"))
        image = shape_of(dims)
        options: dict[str, Any] = {
            "dims": image, "det_width": det_width, "det_count": det_count, "thetas": np.asarray(thetas, float),
            "engine": engine, "proj_geom_type": proj_geom_type, "source_origin_dist": source_origin_dist,
            "origin_detector_dist": origin_detector_dist, "projector_type": projector_type, "dtype": "float32",
        }  # fmt: skip
        self.det_width, self.det_count, self.thetas = det_width, int(det_count), options["thetas"]
        self.engine, self.proj_geom_type = engine, proj_geom_type
        self.source_origin_dist, self.origin_detector_dist = source_origin_dist, origin_detector_dist
        self.parts = OperatorEnsemble.of(LOCAL, options, ("thetas",), angles)
        data = (len(self.thetas), self.det_count)
        super().__init__(
            EnsembleRule(self.parts, image, data), EnsembleRule(self.parts, image, data, adjoint=True), image, data,
            dtype=dtype, compute=compute, name=name,
        )  # fmt: skip
