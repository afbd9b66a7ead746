"""One function for all solvers: any kind of array in, the same kind out, resumable where a checkpoint is named."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask

from pylops_distributed import tuning
from pylops_distributed.errors import NotFiniteError
from pylops_distributed.execution.background import in_background
from pylops_distributed.execution.state import Reason
from pylops_distributed.linearoperator.operator import aslinearoperator
from pylops_distributed.optimization.noise_stop import NoiseStop, measures_residual
from pylops_distributed.optimization.session import AnySession, AnySolver, OnStep, Session
from pylops_distributed.settings.solver_settings import max_steps_of, name_of
from pylops_distributed.solving.solve_arrays import SolveArrays
from pylops_distributed.solving.solve_progress import ProgressBar
from pylops_distributed.solving.solve_result import SolveResult
from pylops_distributed.solving.solver_arguments import build_solver
from pylops_distributed.storage.checkpoint_policies import Budget
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run

if TYPE_CHECKING:
    from pylops_distributed.execution.state import State
    from pylops_distributed.linearoperator.operator import LinearOperator

log = logging.getLogger(__name__)


def solve(
    op: LinearOperator,
    y: object,
    solver: str | AnySolver = "cgls",
    x0: object = None,
    *,
    niter: int | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
    callback: OnStep | None = None,
    noise: float | None = None,
    tau: float = 1.0,
    **settings: object,
) -> SolveResult:
    r"""Find the model of ``op @ x = y`` by any of the solvers.

    Parameters
    ----------
    op : LinearOperator
        Operator, of this library or of PyLops.
    y : array_like, dask.array.Array, xarray.DataArray or BlockVector
        Data, flat or shaped like ``op.dimsd``.
    solver : str, optional
        Name of the solver: ``"cg"``, ``"cgls"``, ``"lsqr"``, ``"lsmr"``, ``"hybridlsqr"``, ``"ista"``, ``"fista"``,
        ``"irls"``, ``"irlsmodel"``, ``"mp"``, ``"omp"``, ``"spgl1"``, ``"splitbregman"``, ``"admm"``, ``"admml2"``,
        ``"hqs"``, ``"douglasrachford"``, ``"linearizedadmm"``, ``"primaldual"``, ``"adaptiveprimaldual"`` or
        ``"proximalgradient"``. Or a solver with its settings, such as ``CGLS(niter=20)``.
    x0 : array_like, optional
        Initial model, flat or shaped like ``op.dims``; zero if not given.
    niter : int, optional
        Most iterations, the solver's setting of this name. Of ``irls``, ``irlsmodel`` and ``splitbregman`` it counts
        inner iterations, as in PyLops, and ``nouter`` or ``niter_outer`` the outer ones. Solvers without it take it as
        ``niter_outer`` (``omp``, ``mp``) or ``iter_lim`` (``spgl1``).
    checkpoint : str or Path, optional
        Folder or URL (``s3://``) of checkpoints. The same call resumes from the newest one, and ends with the same
        bits. Of operator, data and settings other than ``niter`` and tolerances, others are rejected.
    progress : bool, optional
        Show a progress bar; by default on terminals and in notebooks once the solve has taken 3 seconds.
    callback : callable, optional
        Called with the model after every step; returns True to stop. Steps then no longer run in batches.
    noise : float, optional
        Standard deviation of a sample's noise, in the units of the data: stop once the norm of the residual is that of
        the noise, by Morozov's discrepancy principle. Samples of exactly zero have no noise. Solvers that do not
        measure the residual take one forward more a step. ``"hybridlsqr"`` chooses its weight by it instead.
    tau : float, optional
        Safety factor of ``noise``.
    **settings
        Further settings of the solver, such as ``damp``, ``tol``, ``eps``, ``M``, ``SOp`` or ``RegsL1``: the fields
        of its class, with PyLops' defaults. ``epsRL1s`` and ``epsRL2s`` are one if not given.

    Returns
    -------
    SolveResult
        With ``x``, ``reason``, ``history``, ``iteration`` and ``plot()``. The model has the kind of the data, NumPy,
        Dask or labelled, and the shape ``op.dims``; it is flat if ``x0`` is or ``op.forceflat`` says so. If one array
        anywhere is Dask's, it is a Dask array whose chunks are computed.

    Raises
    ------
    ValueError
        If there is no such solver, a setting is out of bounds, or a shape does not fit.
    TypeError
        If the solver has no such setting.
    RunMismatchError
        If the checkpoints were made with another operator, other data or another solver.

    Notes
    -----
    Damping of ``"lsqr"`` and ``"lsmr"`` pulls towards zero, also with ``x0``, where that of
    :func:`pylops_distributed.lsqr` and :func:`pylops_distributed.lsmr` pulls towards ``x0``. While checkpoints are
    written, at most about a twentieth of the time is spent on them. A solve that is interrupted saves its last step.

    Examples
    --------
    >>> import numpy as np
    >>> import pylops_distributed as pld
    >>> op = pld.Diagonal(np.arange(1.0, 5.0))
    >>> solution = pld.solve(op, np.array([1.0, 4.0, 9.0, 16.0]), niter=20)
    >>> solution.x.round(3)
    array([1., 2., 3., 4.])
    >>> str(solution.reason), solution.iteration
    ('converged', 4)

    Killed and run again, this resumes from the newest checkpoint:

    >>> solution = pld.solve(op, op @ np.ones(4), "lsqr", niter=20, damp=0.1, checkpoint="diagonal.zarr")

    The weight of the damping is chosen by the data:

    >>> solution = pld.solve(op, op @ np.ones(4), "hybridlsqr", damp="gcv")
    >>> weight, curve = solution.weight, solution.weight_curve()
    """
    operator: Any = aslinearoperator(op)
    if solver == "hybridlsqr":
        settings, noise = {"noise": noise, "tau": tau} | settings, None
    algorithm = build_solver(solver, niter, settings)
    arrays = SolveArrays.of(operator, y, x0, algorithm)
    name = name_of(algorithm)
    with _opened(checkpoint) as store, ProgressBar(name, max_steps_of(algorithm), progress) as bar:
        save = None if store is None else Budget(store, least=tuning.seconds("solving.checkpoint-interval"))
        stop = None if noise is None else NoiseStop.of(arrays.y, noise, tau)
        measured = stop is not None and measures_residual(algorithm)
        session: AnySession = Session(
            algorithm, operator, arrays.y, arrays.x0, store=store, save=save,
            until=stop.until if stop is not None and measured else None,
        )  # fmt: skip
        try:
            _run(session, arrays, bar, callback, None if measured else stop)
            (state,) = (session.state,) if arrays.lazy else dask.compute(session.state)
            _warn_if_lost(session, name)
            reason = session.reason
            assert reason is not None  # without a time limit a session ends for a reason
            return SolveResult(
                arrays.as_given(state.x), reason, session.history, session.iteration, name,
                None if checkpoint is None else str(checkpoint), state,
            )  # fmt: skip
        finally:
            session.close()


def _run(
    session: AnySession,
    arrays: SolveArrays,
    bar: ProgressBar,
    callback: OnStep | None,
    noise: NoiseStop | None = None,
) -> None:
    """Take all steps; an interrupted solve keeps its last one."""

    def on_step(state: State) -> bool | None:
        stop: bool | None = callback is not None and callback(arrays.as_given(state.x))
        if noise is not None and noise.reached(noise.misfit(arrays.op, arrays.y, state.x)):
            session.reason = session.reason or Reason.DISCREPANCY
        return stop

    if (
        noise is not None
        and session.iteration
        and noise.reached(noise.misfit(arrays.op, arrays.y, session.state.x))
    ):
        session.reason = session.reason or Reason.DISCREPANCY  # it had ended before
    try:
        session.run(on_step if callback or noise else None, watch=lambda: bar.watch(session))
    except BaseException:
        if session.store is not None and not session.failed:
            _save_within_grace(session)
        raise
    bar.finish(session)


def _save_within_grace(session: AnySession) -> None:
    """Save the newest step, as far as its numbers are known; an operator that hangs is not waited for."""

    def save() -> None:
        if session.state.iteration == session.iteration:
            session.save()

    try:
        in_background(save).result(tuning.seconds("inversion.save-grace"))
    except Exception as error:
        log.warning("the newest step of the interrupted solve could not be saved: %s", error)


def _warn_if_lost(session: AnySession, name: str) -> None:
    try:
        session.check()
    except NotFiniteError as error:
        log.warning("%s: %s. The model is NaN", name, error)


@contextmanager
def _opened(checkpoint: str | Path | None) -> Iterator[CheckpointStore | None]:
    """The checkpoints at a place, with the right to write them."""
    if checkpoint is None:
        yield None
        return
    run = Run.create_or_open(checkpoint, identity={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        yield store
