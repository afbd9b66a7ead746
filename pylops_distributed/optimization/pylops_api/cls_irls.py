"""Class of the reweighted solvers, with the methods of PyLops' class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pylops_distributed.basicoperators.identity import Identity
from pylops_distributed.optimization.algorithms import irls, irlsmodel
from pylops_distributed.optimization.numerics.outer_loop import OuterLoop, length
from pylops_distributed.optimization.numerics.systems import regularized_system, vector_of
from pylops_distributed.optimization.pylops_api.irls_rounds import DataRounds, ModelRounds
from pylops_distributed.optimization.pylops_api.scipy_engine import check_engine, lsqr_settings
from pylops_distributed.optimization.solver_inputs import as_numpy_vector, renamed
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import Vector, VectorLike, in_double, scalar_dtype, zeros
from pylops_distributed.vectors.types import Settings

if TYPE_CHECKING:
    from pylops_distributed.linearoperator.operator import LinearOperator


class IRLS(OuterLoop):
    """Iteratively reweighted least squares.

    Parameters are those of :class:`~pylops_distributed.optimization.basesolver.Solver`; the settings and the
    mathematics those of :class:`pylops_distributed.optimization.algorithms.irls.IRLS` and
    :class:`pylops_distributed.optimization.algorithms.irlsmodel.IRLSModel`.
    """

    algorithm: ClassVar[Any] = irls.IRLS
    rounds: ClassVar[str | None] = "outer"

    def setup(
        self, y: VectorLike, nouter: int | None = None, threshR: bool = False, epsR: float = 1e-10, epsI: float = 1e-10,
        tolIRLS: float = 1e-10, warm: bool = False, kind: str = "data", preallocate: bool = False,
        show: bool = False,
    ) -> None:  # fmt: skip
        """Keep the settings; the first state is computed by the first step, which knows those of the engine."""
        if kind not in ("data", "model", "datamodel"):
            raise NotImplementedError(f"`kind` must be model, data or datamodel, got {kind!r}")
        self.y, self.nouter, self.kind, self.warm = y, nouter, kind, warm
        self._show, self._begun, self.tolIRLS = show, False, tolIRLS
        self._settings: dict[str, Any] = {"epsI": epsI, "tolIRLS": tolIRLS}
        if kind != "model":
            self._settings |= {"threshR": threshR, "epsR": epsR, "warm": warm}

    def memory_usage(self, kind: str = "data", show: bool = False, unit: str = "B") -> float:
        """Size of the data and of all vectors of a state, of the solver of a kind."""
        state = irlsmodel.IRLSModelState if kind == "model" else irls.IRLSState
        # The augmented data and their weights hold the model, too.
        return self.measure(state, show, unit, 2 * self.Op.shape[1] if kind == "datamodel" else 0)

    def step(
        self, x: VectorLike, engine: str = "scipy", show: bool = False, **kwargs_solver: object
    ) -> Vector:
        """One outer iteration from model ``x``; returns the new one."""
        if check_engine(engine) == "scipy":
            if not self._begun:
                x = self._start_rounds(x, None)
            return self.outer_step(x, lsqr_settings(kwargs_solver, "irls"), show)
        if not self._begun:
            x = self._start(x, None, kwargs_solver)
        return self.advance(x, show)

    def run(
        self, x: VectorLike | None, nouter: int = 10, engine: str = "scipy", show: bool = False,
        itershow: Sequence[int] = (10, 10, 10), **kwargs_solver: object,
    ) -> Vector:  # fmt: skip
        """Outer iterations for what model ``x`` does not explain; returns the sum of both."""
        nouter = nouter if self.nouter is None else self.nouter
        model: Any
        if check_engine(engine) == "scipy":
            if not self._begun:
                self._start_rounds(x, x)
            self._run_rounds(nouter, show, itershow, kwargs_solver)
            model = self._x
        else:
            first = self._start(x, x, kwargs_solver) if not self._begun else x
            model = self.iterate(first, nouter, show, itershow)
        known: Any = None if x is None else (as_numpy_vector(x) if not holds_dask(x) else x)
        result: Vector = model if known is None else known.reshape(model.shape) + model
        return result

    @property
    def rw(self) -> Vector | None:
        """Weights of the last outer iteration, flat, of which the largest is one; there are none in the first.

        Raises
        ------
        AttributeError
            If no outer iteration had weights yet, or the engine is not SciPy's.
        """
        weights: Vector | None = getattr(self._rounds, "weights", None)
        if weights is None:
            raise AttributeError(
                "rw: expected two outer iterations or more of engine='scipy', whose weights it holds"
            )
        return weights

    def finalize(self, show: bool = False) -> None:
        """Take the time and the number of outer iterations."""
        super().finalize(show)
        self.nouter = self.iiter

    def solve(
        self, y: VectorLike, x0: VectorLike | None = None, nouter: int = 10, threshR: bool = False, epsR: float = 1e-10,
        epsI: float = 1e-10, tolIRLS: float = 1e-10, kind: str = "data", warm: bool = False,
        engine: str = "scipy", preallocate: bool = False, show: bool = False,
        itershow: Sequence[int] = (10, 10, 10), **kwargs_solver: object,
    ) -> tuple[Vector, int]:  # fmt: skip
        """All at once; returns what :func:`pylops_distributed.optimization.sparsity.irls` returns."""
        self.setup(
            y=y, threshR=threshR, epsR=epsR, epsI=epsI, tolIRLS=tolIRLS, warm=warm, kind=kind, show=show
        )
        x = self.run(x0, nouter=nouter, engine=engine, show=show, itershow=itershow, **kwargs_solver)
        self.finalize(show)
        return x, self.iiter

    def limited(self, niter: int) -> object:
        """The algorithm with another limit of outer iterations."""
        return replace(self.machine, nouter=niter)

    def _run_rounds(self, nouter: int, show: bool, itershow: Sequence[int], settings: Settings) -> None:
        def step(due: bool) -> None:
            self.callback(self.step(self._x, engine="scipy", show=due, **settings))

        self.outer_run(step, nouter, lambda update: update >= self.tolIRLS, show, itershow)

    def _start_rounds(self, x: VectorLike | None, known: VectorLike | None) -> Vector:
        """Keep what the rounds are, for what model ``known`` does not explain; returns the model to begin at."""
        self._begun = True
        op, data, epsI = self._problem(known, self._settings["epsI"])
        rounds: Any = ModelRounds(op, data, epsI)
        if self.kind != "model":
            rounds = DataRounds(op, data, epsI, *(self._settings[n] for n in ("threshR", "epsR", "warm")))
        start = zeros(self.Op.domain, data) if x is None else vector_of(x, self.Op.domain)
        return self.outer_begin(rounds, start, self.y, [length(data)])

    def _problem(self, start: VectorLike | None, epsI: float) -> tuple[LinearOperator, Vector, float]:
        """Operator, data and damping, for the data that the model ``start`` does not explain."""
        op: LinearOperator = self.Op
        data = vector_of(self.y, op.codomain)
        if self.kind == "datamodel":
            # The terms of the model are in double precision, and with them the whole system, as in PyLops.
            reg = Identity(op.dims, dtype=scalar_dtype(op.dtype))
            op, data = regularized_system(op, in_double(data), [reg], epsRs=[epsI])
            epsI = 0.0
        if start is not None:
            data = data - op.apply(vector_of(start, op.domain))
        return op, data, epsI

    def _start(self, x: VectorLike | None, start: VectorLike | None, kwargs_solver: Settings) -> Vector:
        """Compute the first state, for the data that the model ``start`` does not explain."""
        self._begun = True
        settings = {**self._settings, **renamed(kwargs_solver)}
        op, data, settings["epsI"] = self._problem(start, settings["epsI"])
        machine = (irlsmodel.IRLSModel if self.kind == "model" else irls.IRLS)(**settings)
        return self.begin(machine, self.y, x if self.warm else None, None, self._show, op, data)
