"""Result of :func:`pylops_distributed.solve`: the model, why the solver stopped, and its history."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from pylops_distributed.execution.state import Reason, State
from pylops_distributed.optimization.algorithms.hybridlsqr import HybridLSQRState
from pylops_distributed.optimization.step_history import History
from pylops_distributed.registry import import_on_use
from pylops_distributed.vectors.space import BlockVector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_MATPLOTLIB = "plot() needs Matplotlib: python -m pip install matplotlib"


@dataclass(frozen=True, eq=False, repr=False)
class SolveResult:
    """Result of a solve.

    Attributes
    ----------
    x : numpy.ndarray, dask.array.Array, BlockVector or xarray.DataArray
        The model, of the kind of the data.
    reason : Reason
        Why the solver stopped; a text.
    history : dict of numpy.ndarray
        One value a step and quantity, from the initial model on: ``cost`` and what else the solver measures, and the
        ``seconds`` and ``bytes`` of each step.
    iteration : int
        Number of steps taken, those before a resume counted.
    solver : str
        Name of the solver.
    checkpoint : str or None
        Where the checkpoints are.
    state : State
        Last state of the solver, with vectors that only it has, such as ``var`` of LSQR.
    """

    x: Any
    reason: Reason
    history: History
    iteration: int
    solver: str
    checkpoint: str | None = None
    state: State | None = field(default=None)

    def plot(self, *names: str, ax: Axes | None = None) -> Axes:
        """Draw the history over the steps, with a logarithmic axis.

        Parameters
        ----------
        *names : str
            Quantities of ``history``; by default the cost.
        ax : matplotlib.axes.Axes, optional
            Where to draw; on a new figure if not given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        names = names or (self._measure,)
        for name in names:
            if name not in self.history:
                raise ValueError(f"the history has no {name!r}; it has: {', '.join(self.history)}")
        if ax is None:
            ax = import_on_use("matplotlib.pyplot", NO_MATPLOTLIB).subplots()[1]
        assert ax is not None
        for name in names:
            values = np.asarray(self.history[name], dtype=float)
            ax.semilogy(np.arange(values.size), values, label=name)
        ax.set(xlabel="iteration", ylabel=", ".join(names), title=f"{self.solver}: {self.reason}")
        ax.grid(visible=True, which="both", alpha=0.3)
        return ax

    @property
    def weight(self) -> float:
        """The weight that ``"hybridlsqr"`` has chosen; an AttributeError for solvers that choose none."""
        return float(self._chosen().weight)

    def weight_curve(self) -> dict[str, NDArray]:
        """The L-curve of ``"hybridlsqr"``: how residual and model depend on the weight, in its Krylov space.

        Returns
        -------
        dict of numpy.ndarray
            ``weight``, ``residual`` and ``model`` (norms), the smallest weight first, and ``curvature``, which is
            largest at the corner.
        """
        return self._chosen().weight_curve()

    def _chosen(self) -> HybridLSQRState:
        if not isinstance(self.state, HybridLSQRState):
            raise AttributeError(f"{self.solver} chooses no weight: solve by 'hybridlsqr' for one")
        return self.state

    @property
    def _measure(self) -> str:
        """The quantity that shows how well the data are fit."""
        return "cost" if "cost" in self.history else next(iter(self.history))

    def _facts(self) -> dict[str, str]:
        cost = self.history[self._measure]
        known = cost[np.isfinite(cost)]
        first = f"{known[0]:.4g} to " if known.size > 1 else ""
        facts = {
            "solver": self.solver, "reason": str(self.reason), "iteration": str(self.iteration),
            self._measure: f"{first}{float(cost[-1]):.4g}", "model": _describe(self.x),
            "time": f"{float(np.sum(self.history['seconds'])):.3g} s",
        }  # fmt: skip
        return facts if self.checkpoint is None else facts | {"checkpoint": self.checkpoint}

    def __repr__(self) -> str:
        return "SolveResult\n" + "\n".join(f"  {name}: {text}" for name, text in self._facts().items())

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(text)}</td></tr>"
            for name, text in self._facts().items()
        )
        return f"<table>{''.join(rows)}</table>"


def _describe(x: object) -> str:
    if isinstance(x, BlockVector):
        return ", ".join(map(_describe, x.arrays))
    if isinstance(x, tuple):
        return ", ".join(map(_describe, x))
    return f"{type(x).__name__} {getattr(x, 'shape', ())} {getattr(x, 'dtype', None)}"
