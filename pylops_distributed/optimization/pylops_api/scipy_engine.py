"""SciPy's LSQR and conjugate gradients on Dask arrays: what ``engine="scipy"``, PyLops' default, runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import dask.array as da
import numpy as np

from pylops_distributed.basicoperators.matrixmult import MatrixMult
from pylops_distributed.execution.state import Reason, State
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator, is_operator
from pylops_distributed.optimization import cls_basic
from pylops_distributed.optimization.algorithms import scipy_rules as scipyrules
from pylops_distributed.optimization.basic import cgls
from pylops_distributed.optimization.pylops_api.scipy_numpy import NumPySystem, Passes
from pylops_distributed.optimization.solver_inputs import check_count, checked_settings, renamed
from pylops_distributed.vectors.elementwise import elementwise
from pylops_distributed.vectors.namespace import holds_dask
from pylops_distributed.vectors.space import BlockVector, Vector, VectorLike, flatten, unflatten, zeros
from pylops_distributed.vectors.types import NDArray, Options, Results, Settings

if TYPE_CHECKING:
    from pylops_distributed.optimization.basesolver import Solver

__all__ = ["cg", "lsqr"]

ENGINES = ("scipy", "pylops")


class ScipyLSQR(cls_basic.LSQR):
    """LSQR as :func:`scipy.sparse.linalg.lsqr` runs it; the class behind :func:`lsqr`."""

    algorithm: ClassVar[Any] = scipyrules.ScipyLSQR
    at_limit: ClassVar[int] = 7
    _passes: Passes | None = None  # of the operator, from one solve to the next

    def finalize(self, show: bool = False) -> None:
        """Take the time and the norms."""
        super().finalize(show)
        if self.reason is Reason.NOT_FINITE:  # SciPy continues from NaN to its limit
            self.istop = 7

    def solve(  # type: ignore[override]
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, atol: float = 1e-6, btol: float = 1e-6,
        conlim: float = 1e8, iter_lim: int | None = None, calc_var: bool = False, show: bool = False,
        M: object = None,
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`lsqr` returns and, last, the norms of the residuals."""
        check_count("iter_lim", iter_lim)
        limit = 2 * self.Op.shape[1] if iter_lim is None else int(iter_lim)
        checked_settings(self.algorithm(limit, damp, atol, btol, conlim), limit)
        plain = M is None and self.unwatched(bool(show))
        system = NumPySystem.of(self.Op, y, x0, self._passes) if plain else None
        self._passes = None if system is None else system.passes
        settings = {"damp": damp, "atol": atol, "btol": btol, "conlim": conlim, "calc_var": calc_var}
        solution = None if system is None else system.lsqr(iter_lim=limit, **settings)
        if solution is not None:
            return self._results_of_scipy(y, *solution, calc_var)
        return super().solve(
            y=y, x0=x0, damp=damp, atol=atol, btol=btol, conlim=conlim, niter=limit, calc_var=calc_var,
            show=bool(show), M=operator_of(M),
        )  # fmt: skip

    def _results_of_scipy(self, y: VectorLike, model: Vector, numbers: Results, calc_var: bool) -> Results:
        """Keep what SciPy's solver returned, as if the steps had been taken here."""
        self.istop, itn, *norms, var = numbers
        keep_model(self, y, model, int(itn), Reason.NITER if self.istop == 7 else Reason.CONVERGED)
        for name, value in zip(self.norms, norms, strict=True):
            setattr(self, name, float(value))
        self.cost = np.array([norms[0]])
        self.var = self.shaped(unflatten(var, self.Op.domain)) if calc_var else None
        return self._x, self.istop, self.iiter, *norms, self.var, self.cost


def keep_model(solver: Solver, y: VectorLike, model: Vector, steps: int, reason: Reason) -> None:
    """Let a solver class have the model that SciPy's solver found."""
    solver.y, solver.system = y, solver.Op
    solver._flat = not isinstance(y, BlockVector) and np.ndim(y) == 1 if solver.flat is None else solver.flat
    solver.state, solver.iiter, solver.reason = State(steps, model), steps, reason
    solver._x = solver.shaped(model)


class ScipyCG(cls_basic.CG):
    """Conjugate gradients as :func:`scipy.sparse.linalg.cg` runs them; the class behind :func:`cg`."""

    algorithm: ClassVar[Any] = scipyrules.ScipyCG

    def solve(  # type: ignore[override]
        self, y: VectorLike, x0: VectorLike | None = None, damp: float = 0.0, rtol: float = 1e-5, atol: float = 0.0,
        maxiter: int | None = None, M: LinearOperator | None = None, callback: Callable[[Vector], Vector] | None = None,
        show: bool = False,
    ) -> Results:  # fmt: skip
        """All at once; returns what :func:`cg` returns."""
        if not np.isreal(atol) or isinstance(atol, str) or atol < 0:
            raise ValueError(f"atol must be a number that is not negative, got {atol!r}")
        check_count("maxiter", maxiter)
        limit = 10 * self.Op.shape[1] if maxiter is None else int(maxiter)
        checked_settings(self.algorithm(limit, damp, rtol=rtol, atol=atol), limit)
        unwatched = callback is None and M is None and self.unwatched(bool(show))
        system = NumPySystem.of(self.Op, y, x0) if unwatched and np.isreal(damp) else None
        solution = None if system is None else system.cg(damp, rtol=rtol, atol=atol, maxiter=limit)
        if solution is not None:
            model, info, steps = solution
            keep_model(self, y, model, steps, Reason.NITER if info else Reason.CONVERGED)
            self.cost = np.empty(0)
            return self._x, info and limit
        if callback is not None:
            self.callback = callback  # type: ignore[method-assign, assignment]
        machine = self.algorithm(limit, damp, M=operator_of(M), rtol=rtol, atol=atol)
        x = self.iterate(self.begin(machine, y, x0, limit, bool(show)), limit, bool(show), (10, 10, 10))
        self.finalize(bool(show))
        return x, 0 if self.reason == Reason.CONVERGED else limit


def lsqr(
    A: LinearOperator,
    b: VectorLike,
    damp: float = 0.0,
    atol: float = 1e-6,
    btol: float = 1e-6,
    conlim: float = 1e8,
    iter_lim: int | None = None,
    show: bool = False,
    calc_var: bool = False,
    x0: Vector | None = None,
) -> Results:
    r"""Least squares by LSQR, called and stopped as SciPy's.

    Minimises :math:`\|\mathbf{b}-\mathbf{A}\,\mathbf{x}\|_2^2 + \epsilon^2\|\mathbf{x}-\mathbf{x}_0\|_2^2`.

    Parameters
    ----------
    A : LinearOperator
        Operator, of this library, of PyLops or of SciPy.
    b : array or Blocks
        Data, flat or shaped like ``A.dimsd``. NumPy and Dask arrays.
    damp : float, optional
        Damping :math:`\epsilon`.
    atol, btol, conlim : float, optional
        Relative tolerances, as of :class:`~pylops_distributed.optimization.algorithms.scipy_rules.ScipyLSQR`.
    iter_lim : int, optional
        Largest number of iterations; default twice the number of columns of ``A``.
    show : bool, optional
        Print a table.
    calc_var : bool, optional
        Estimate the diagonal of the inverse of the normal operator.
    x0 : array, optional
        Start, and what damping pulls to.

    Returns
    -------
    x : dask.array.Array
        Model, flat if ``b`` is and shaped like ``A.dims`` otherwise; its chunks are computed.
    istop, itn, r1norm, r2norm, anorm, acond, arnorm, xnorm
        As SciPy returns them.
    var : dask.array.Array
        Estimated variances, zero without ``calc_var``.

    See Also
    --------
    scipy.sparse.linalg.lsqr
    """
    solver = ScipyLSQR(A)
    x, *numbers, var, _ = solver.solve(b, x0, damp, atol, btol, conlim, iter_lim, calc_var, show)
    if var is None:
        var = solver.shaped(elementwise(_nothing, zeros(solver.Op.domain, x), dtype=float))
    return x, *numbers, var


def cg(
    A: LinearOperator,
    b: VectorLike,
    x0: Vector | None = None,
    *,
    rtol: float = 1e-5,
    atol: float = 0.0,
    maxiter: int | None = None,
    M: LinearOperator | None = None,
    callback: Callable[[Vector], Vector] | None = None,
) -> tuple[Vector, int]:
    """Conjugate gradients for a Hermitian, positive definite operator, called and stopped as SciPy's.

    Parameters
    ----------
    A : LinearOperator
        Operator, of this library, of PyLops or of SciPy.
    b : array or Blocks
        Data, flat or shaped like ``A.dimsd``. NumPy and Dask arrays.
    x0 : array, optional
        Start.
    rtol, atol : float, optional
        Stop when the norm of the residual is below the larger of ``rtol`` times the norm of ``b`` and ``atol``.
    maxiter : int, optional
        Largest number of iterations; default ten times the number of columns of ``A``.
    M : LinearOperator, optional
        Preconditioner: Hermitian, positive definite, close to the inverse of ``A``.
    callback : callable, optional
        Called with the model after every step.

    Returns
    -------
    x : dask.array.Array
        Model, flat if ``b`` is and shaped like ``A.dims`` otherwise; its chunks are computed.
    info : int
        0 if converged, else ``maxiter``.

    See Also
    --------
    scipy.sparse.linalg.cg
    """
    x, info = ScipyCG(A).solve(b, x0, rtol=rtol, atol=atol, maxiter=maxiter, M=M, callback=callback)
    return x, info


def _nothing(x: NDArray) -> NDArray:
    return np.zeros(x.shape)


def operator_of(M: object) -> LinearOperator | None:
    """A preconditioner, which may be a matrix, as an operator."""
    if M is None or is_operator(M):
        return None if M is None else aslinearoperator(M)
    return MatrixMult(np.asarray(M))


def check_engine(engine: str) -> str:
    """``engine`` if it is one of PyLops'; else an error."""
    if engine not in ENGINES:
        raise NotImplementedError(f"`engine` must be scipy or pylops, got {engine!r}")
    return engine


def lsqr_settings(settings: Mapping[str, object], caller: str) -> Settings:
    """Keyword arguments of SciPy's LSQR; ``niter`` is taken for ``iter_lim``."""
    return _accepted(settings, {"niter": "iter_lim"}, LSQR_KEYWORDS, caller)


def cg_settings(settings: Mapping[str, object], caller: str) -> Settings:
    """Keyword arguments of SciPy's CG; as PyLops takes them ``tol`` is ``atol``, and ``niter`` is ``maxiter``."""
    return _accepted(settings, {"niter": "maxiter", "tol": "atol"}, CG_KEYWORDS, caller)


LSQR_KEYWORDS = ("damp", "atol", "btol", "conlim", "iter_lim", "show", "calc_var", "x0", "M")
CG_KEYWORDS = ("rtol", "atol", "maxiter", "M", "callback", "show")


def _accepted(
    settings: Mapping[str, object], other_names: Mapping[str, str], keywords: tuple[str, ...], caller: str
) -> Settings:
    accepted: dict[str, Any] = {}
    for name, value in settings.items():
        keyword = other_names.get(name, name)
        if keyword not in keywords:
            raise TypeError(
                f"{caller} got an unexpected keyword argument {name!r}: with engine='scipy' it takes "
                f"{', '.join(keywords)}; other solvers' settings go with engine='pylops'"
            )
        if keyword in accepted:
            raise TypeError(f"{caller} got both {keyword!r} and another name of it in {sorted(settings)}")
        accepted[keyword] = value
    return accepted


def call(solver: Callable[..., Any], Op: LinearOperator, data: VectorLike, settings: Options) -> Any:
    """The model that ``solver(Op, data, **settings)`` returns first, for a solver of any library.

    Solvers of SciPy and PyLops are called with their own keyword arguments, a local operator and flat NumPy data;
    all others with the distributed operator and lazy data.
    """
    if _origin(solver) in ("scipy", "pylops"):
        flat = flatten(data) if isinstance(data, da.Array | BlockVector) else np.ravel(data)
        model = solver(Op.topylops(), np.asarray(flat), **settings)[0]
        return np.asarray(model) if not holds_dask(data) else da.asarray(np.asarray(model))
    if solver is lsqr:
        return least_squares_model(Op, data, settings, "lsqr")
    if _origin(solver) == "pylops_distributed":
        settings = renamed(settings)
    return solver(Op, data, **settings)[0]


def least_squares_model(Op: LinearOperator, data: VectorLike, settings: Options, caller: str) -> object:
    """The model of least squares by the engine that ``settings`` name: SciPy's LSQR, or PyLops' CGLS."""
    settings = dict(settings)
    if check_engine(settings.pop("engine", "scipy")) == "scipy":
        return lsqr(Op, data, **lsqr_settings(settings, caller))[0]
    return cgls(Op, data, **renamed(settings))[0]


def _origin(solver: object) -> str:
    """The library that a function comes from."""
    while isinstance(solver, partial):
        solver = solver.func
    return str(getattr(solver, "__module__", "")).split(".")[0]
