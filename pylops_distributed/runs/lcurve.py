"""L-curves: how well each of several runs explains the data, against how large or rough its model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pylops_distributed import tuning
from pylops_distributed.execution.state import State
from pylops_distributed.ingest import open_dataset
from pylops_distributed.inversion.assembly import model_of
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.runs.plots import new_figure
from pylops_distributed.storage.checkpoint_keys import published_checkpoints
from pylops_distributed.storage.run import Run
from pylops_distributed.storage.state_io import load_checkpoint
from pylops_distributed.vectors.arithmetic import squared_norm
from pylops_distributed.vectors.space import BlockVector, Vector

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curve_point(url: str) -> dict[str, float]:
    r"""Where a run lies on an L-curve, from its newest checkpoint.

    Parameters
    ----------
    url : str
        A run.

    Returns
    -------
    dict of str to float
        ``residual``, the norm :math:`\|\mathbf{d} - \mathbf{Op\,x}\|_2`; ``model``, the norm
        :math:`\|\mathbf{x}\|_2`; and, where the problem has a prior, ``prior``, the norm
        :math:`(\sum_i\|\mathbf{d}_i-\mathbf{R}_i\mathbf{x}\|_2^2)^{1/2}` without its weights.

    Raises
    ------
    FileNotFoundError
        If it has no checkpoint yet.
    """
    run = Run.open(url)
    saved = published_checkpoints(run.storage)
    if not saved:
        raise FileNotFoundError(f"{url} has no checkpoint yet: solve it first")
    problem, ds = load_problem(run.attrs["problem"]), open_dataset(run.dataset)
    iterate: Any = load_checkpoint(run.storage, saved[-1].name, State).state.x
    x = model_of(problem, ds, run.attrs["identity"]["solver"], iterate)
    point = {"residual": _squares(problem.data(ds) - problem.operator(ds).apply(x)), "model": _squares(x)}
    terms = [(term.operator.apply(x), term.data) for term in problem.prior(ds)]
    if terms:
        point["prior"] = sum(_squares(image if data is None else data - image) for image, data in terms)
    return {name: value**0.5 for name, value in point.items()}


def _squares(vector: Vector) -> float:
    """Squared norm, a slab at a time: data that are stored in other chunks would be held by the gigabyte."""
    if isinstance(vector, BlockVector):
        return sum(map(_squares, vector.arrays))
    axis = int(np.argmax(vector.numblocks)) if vector.ndim else 0
    count = vector.numblocks[axis] if vector.ndim else 1
    step = -(-count // tuning.count("runs.norm-slabs"))
    slabs = (
        vector.blocks[(*(slice(None),) * axis, slice(k, k + step))] if count > 1 else vector
        for k in range(0, count, step)
    )
    return sum(float(squared_norm(slab).compute()) for slab in slabs)


def plot_lcurve(table: xr.Dataset, figure: Figure | None = None) -> Figure:
    """Draw the runs of a sweep, each at its residual and the norm of its prior, or of its model.

    Parameters
    ----------
    table : xarray.Dataset
        One value a ``run``: ``residual``, ``model``, ``prior`` if there is one, and ``label``.
    figure : matplotlib.figure.Figure, optional
        Where to draw.
    """
    figure = figure or new_figure(6, 5)
    ax = figure.add_subplot()
    height = "prior" if "prior" in table else "model"
    order = table["residual"].argsort().values
    x, y = (table[name].values[order] for name in ("residual", height))
    ax.loglog(x, y, "o-")
    for a, b, label in zip(x, y, table["label"].values[order], strict=True):
        ax.annotate(str(label), (a, b), xytext=(4, 4), textcoords="offset points", fontsize=8)
    ax.set(xlabel="norm of the data residual", ylabel=f"norm of the {height}")
    ax.grid(True, which="both", alpha=0.3)
    return figure


def lcurve_table(
    urls: Sequence[str], labels: Sequence[str], points: Sequence[dict[str, float]]
) -> xr.Dataset:
    """Runs, labels and their points as one table."""
    names = [name for name in ("residual", "model", "prior") if all(name in p for p in points)]
    columns: dict[str, Any] = {name: ("run", [p[name] for p in points]) for name in names}
    return xr.Dataset({**columns, "label": ("run", list(labels)), "url": ("run", list(urls))})
