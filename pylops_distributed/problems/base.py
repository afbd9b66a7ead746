"""Base of linear inverse problems: from a labelled dataset to an operator, data, a prior and labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from pylops_distributed import optimization
from pylops_distributed.storage.labels import Labels

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr

    from pylops_distributed.linearoperator.operator import LinearOperator
    from pylops_distributed.optimization.proximal import ProxOperator
    from pylops_distributed.storage.group_metadata import Json
    from pylops_distributed.vectors.space import Vector


@dataclass(frozen=True)
class Prior:
    r"""One term :math:`\epsilon^2\|\mathbf{d} - \mathbf{R}\mathbf{x}\|_2^2` of the objective.

    Attributes
    ----------
    operator : LinearOperator
        Regularisation :math:`\mathbf{R}`.
    eps : float
        Weight :math:`\epsilon`.
    name : str
        Name shown to people and in stored states.
    data : dask.array.Array, optional
        Regularisation data :math:`\mathbf{d}`; zero if not given.
    """

    operator: LinearOperator
    eps: float
    name: str
    data: da.Array | None = None


@dataclass(frozen=True)
class Penalty:
    r"""One term :math:`g(\mathbf{A}\,\mathbf{x})` of the objective that is no square.

    Attributes
    ----------
    function : ProxOperator
        The function :math:`g`, its weight included: :class:`~pylops_distributed.optimization.proximal.L1`, say.
    operator : LinearOperator, optional
        The operator :math:`\mathbf{A}`; the identity if not given.
    """

    function: ProxOperator
    operator: LinearOperator | None = None


@dataclass(frozen=True)
class Demo:
    """A small case of a problem, with all that is needed to run it.

    Attributes
    ----------
    data : xarray.Dataset
        Raw data, and the truth where there is one.
    settings : dict
        Settings of a pipeline: ``problem``, ``solver``, and what else differs from the defaults.
    about : str
        What it is, in one line.
    """

    data: xr.Dataset
    settings: dict[str, Any]
    about: str


class Problem(BaseModel, ABC):
    """A linear inverse problem: parameters, and how they and a dataset become operator and data.

    A custom problem is a subclass: its fields are its parameters, in YAML and in the Prefect UI alike.
    Everything but :meth:`prepare` is lazy. A problem also supplies whatever else solvers need, if it can:
    :meth:`prior`, :meth:`penalties`, :meth:`transform` and :meth:`preconditioner`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: object) -> object:
        """A problem without an explicit name goes by where it is imported from."""
        if isinstance(values, dict) and "name" not in values and not cls.model_fields["name"].default:
            return {**values, "name": f"{cls.__module__}:{cls.__qualname__}"}
        return values

    @classmethod
    def demo(cls, seed: int = 0) -> Demo:
        """A case that runs in less than a minute; another seed is another one.

        Raises
        ------
        NotImplementedError
            If the problem has none.
        """
        raise NotImplementedError(f"the problem {cls.__name__} has no demo")

    def prepare(self, ds: xr.Dataset) -> Self:
        """This problem with all parameters estimated from the data; the only method that computes."""
        return self

    def with_planning_defaults(self, ds: xr.Dataset) -> Self:
        """This problem with defaults for parameters that :meth:`prepare` would compute: for estimates before a run."""
        return self

    def depends_on(self) -> tuple[str | Path, ...]:
        """Files that the numbers depend on, in addition to the dataset and those that a parameter names by path.

        Their contents are part of a run's identity: a run is not resumed with others.
        """
        return ()

    def check(self, ds: xr.Dataset) -> None:
        """Build all there is, and compute nothing but the masks of missing traces.

        Raises
        ------
        ValueError
            If the dataset does not fit, or its statistics tell of NaN or infinity in a variable that is used, or of
            missing traces that the problem does not spare.
        """
        statistics = self.statistics(ds)
        if bad := _listed({name: counts["nan"] + counts["inf"] for name, counts in statistics.items()}):
            raise ValueError(
                f"the dataset holds samples that are NaN or infinite ({bad}): fix them at the source, or mark "
                "their traces as missing, and ingest again"
            )
        ignored = self.ignored_where(ds)
        holes = {name: counts.get("holes", 0) for name, counts in statistics.items()}
        if bad := _listed(
            {name: _count_needed(ds, name, count, ignored.get(name)) for name, count in holes.items()}
        ):
            raise ValueError(
                f"the dataset lacks traces that the problem {self.name!r} needs (samples: {bad}): fill them at the "
                "source and ingest again, or, if the problem takes a mask, let it be zero where they are missing"
            )
        self.system_labels(ds)
        self.system(ds)

    def statistics(self, ds: xr.Dataset) -> dict[str, Json]:
        """The ingest's statistics of each variable that a parameter names; empty for others."""
        used = set(_names(self.model_dump()))
        recorded = {name: about.get("statistics") for name, about in ds.attrs.get("arrays", {}).items()}
        return {name: statistics for name, statistics in recorded.items() if name in used and statistics}

    def ignored_where(self, ds: xr.Dataset) -> dict[str, xr.DataArray]:
        """Masks by variable, zero where the problem ignores samples: traces missing there do no harm."""
        return {}

    def warnings(self, ds: xr.Dataset) -> Iterator[str]:
        """Warnings, each with reason and cure, about parameters that are valid for these data and make no sense."""
        yield from ()

    @abstractmethod
    def operator(self, ds: xr.Dataset) -> LinearOperator:
        """Modelling operator from the unknown to the data."""

    @abstractmethod
    def data(self, ds: xr.Dataset) -> Vector:
        """Data to explain, in the operator's codomain."""

    def prior(self, ds: xr.Dataset) -> tuple[Prior, ...]:
        """Regularisation terms."""
        return ()

    def penalties(self, ds: xr.Dataset) -> tuple[Penalty, ...]:
        """Terms that are no squares, for ``splitbregman`` and the proximal solvers."""
        return ()

    def transform(self, ds: xr.Dataset) -> LinearOperator | None:
        """Transform from sparse coefficients to models, for the solvers that look for sparse models."""
        return None

    def preconditioner(self, ds: xr.Dataset) -> LinearOperator | None:
        """Hermitian, positive definite operator close to the inverse of the normal equations."""
        return None

    def model(self, ds: xr.Dataset) -> Vector:
        """Model to forward from a dataset that holds one (the truth of a synthetic, say).

        Raises
        ------
        ValueError
            If there is none.
        """
        raise ValueError(f"the problem {self.name!r} has no model to forward from")

    @abstractmethod
    def labels(self, ds: xr.Dataset) -> Json:
        """Names and coordinates of the axes of the operator's ``"domain"`` and ``"codomain"``.

        Each is :class:`Labels`, or a tuple of them for vectors of blocks.
        """

    @abstractmethod
    def label(self, ds: xr.Dataset, x: Any) -> xr.Dataset:
        """The solution as people want it: named, with dimensions, coordinates and units.

        Data-space variables go by the names ``observed``, ``predicted`` and ``residual``.
        """

    def metrics(self, ds: xr.Dataset, result: xr.Dataset) -> Json:
        """Figures of merit of a labelled solution, as lazy scalars; errors against the truth, if that is known."""
        return (
            {"misfit": relative_norm(result["residual"], result["observed"])} if "residual" in result else {}
        )

    def system(self, ds: xr.Dataset) -> tuple[LinearOperator, Vector]:
        """Operator and data with the prior as further blocks: what a solver takes."""
        terms = self.prior(ds)
        return optimization.leastsquares.regularized_system(
            self.operator(ds), self.data(ds), [t.operator for t in terms],
            dataregs=[t.data for t in terms], epsRs=[t.eps for t in terms],
        )  # fmt: skip

    def system_labels(self, ds: xr.Dataset) -> dict[str, Labels | tuple[Labels, ...]]:
        """Labels of :meth:`system`'s spaces; a term of the model's shape takes the model's."""
        labels, terms = self.labels(ds), self.prior(ds)
        model = labels["domain"]
        blocks = [
            model if t.operator.dimsd == t.operator.dims
            else Labels(tuple(f"{t.name}_{axis}" for axis in range(len(t.operator.dimsd))))
            for t in terms
        ]  # fmt: skip
        data = labels["codomain"]
        members = data if isinstance(data, tuple) else (data,)
        return {"domain": model, "codomain": (*members, *blocks) if blocks else data}


def relative_norm(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """Norm of ``part`` over the norm of ``whole``, lazily; samples that are NaN do not count."""
    ratio: xr.DataArray = (_energy(part) / _energy(whole)) ** 0.5
    return ratio


def trace_mask(ds: xr.Dataset, name: str) -> xr.DataArray | None:
    """Where an ingested variable has traces; None if it has all."""
    ancillary = str(ds[name].attrs.get("ancillary_variables", "")).split()
    return next((ds[mask] for mask in ancillary if mask.endswith("trace_mask") and mask in ds), None)


def _count_needed(ds: xr.Dataset, name: str, holes: int, ignored: xr.DataArray | None) -> int:
    """How many of the samples without a trace are where a mask is not zero; all, if there is no mask."""
    there = trace_mask(ds, name)
    if not holes or ignored is None or there is None:
        return holes
    return int(((there == 0) & (ignored != 0)).broadcast_like(ds[name]).sum())


def _listed(counts: Mapping[str, int]) -> str:
    """Those that are not zero, in words."""
    return ", ".join(f"{count} in {name!r}" for name, count in counts.items() if count)


def _names(value: object) -> Iterator[str]:
    """All texts in nested values: names of variables are among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _names(item)


def _energy(array: xr.DataArray) -> xr.DataArray:
    size = abs(array) if array.dtype.kind == "c" else array
    energy: xr.DataArray = (size.astype(float) ** 2).sum()
    return energy
