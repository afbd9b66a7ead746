"""A problem, its data and a solver as a run: begun, resumed and carried on in pieces."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pylops_distributed import tuning
from pylops_distributed.errors import CorruptionError, NotFiniteError
from pylops_distributed.execution import await_workers
from pylops_distributed.execution.background import in_background
from pylops_distributed.execution.state import Reason
from pylops_distributed.ingest import open_dataset, read_ref
from pylops_distributed.inversion.assembly import AnySolver, assemble
from pylops_distributed.inversion.run_identity import identity, run_url
from pylops_distributed.inversion.warm_start import START, find_warm_start, first_model
from pylops_distributed.linearoperator.memory_check import check_memory
from pylops_distributed.optimization.session import Save, Session
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.settings.solver_settings import max_steps_of
from pylops_distributed.storage.checkpoint_policies import Every, Retention
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.run import Run
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.problems.base import Problem
    from pylops_distributed.vectors.space import AnySpace, Vector

__all__ = ["Inversion", "Progress", "begin", "identity", "run_url"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Where a solve stands.

    Attributes
    ----------
    iteration, niter : int
        Steps taken, and at most to take.
    cost : numpy.ndarray
        Norm of the residual before the first and after every step.
    seconds : float
        Seconds a step has taken since the solve was begun or resumed.
    resumed : int or None
        Iteration of the checkpoint it was resumed from.
    reason : Reason or None
        Why it stopped, if it did.
    """

    iteration: int
    niter: int
    cost: NDArray
    seconds: float
    resumed: int | None
    reason: Reason | None

    @property
    def fraction(self) -> float:
        """Share of the steps that is done."""
        return 1.0 if self.reason else min(1.0, self.iteration / self.niter)

    @property
    def left(self) -> float:
        """Seconds left, at most."""
        return 0.0 if self.reason else self.seconds * (self.niter - self.iteration)


def begin(
    root: str,
    dataset: str,
    problem: Problem,
    solver: AnySolver,
    *,
    name: str = "run",
    url: str | None = None,
    params: Mapping[str, object] | None = None,
    warm_start: bool = False,
) -> Run:
    """Make the run of a problem on a dataset, or open it: the same request always returns the same run.

    Parameters
    ----------
    root : str
        Folder or URL where runs live.
    dataset : str
        URL of an ingested dataset.
    problem : Problem
        Problem, not yet prepared.
    solver : SolverSettings or Solver
        Solver with its settings.
    name : str, optional
        First part of the run's folder name.
    url : str, optional
        The run's place, instead of one below ``root`` named by ``name`` and what the run depends on.
    params : mapping, optional
        All of the request, kept for people and for resuming.
    warm_start : bool, optional
        Begin at the newest result of the same name, problem and solver on other data, if there is one.

    Raises
    ------
    ValueError
        If the data do not fit the problem, or hold NaN or infinity in a trace.
    RunMismatchError
        If ``url`` holds a run of another problem, other data or another solver; it lists the differences.
    """
    ref = read_ref(dataset)
    request, start = identity(problem, ref.fingerprint, solver), None
    if warm_start:
        request, start = find_warm_start(root, name, request)
    where = url or run_url(root, name, request)
    try:
        prepared = Run.open(where).attrs.get("problem")
    except FileNotFoundError:
        ds = open_dataset(dataset)
        problem.check(ds)
        prepared = problem.prepare(ds).model_dump(mode="json")
    about = {"name": name, "dataset": ref.url, "problem": prepared, "params": dict(params or {})}
    if start is not None:
        about[START] = start
    return Run.create_or_open(where, identity=request, provenance=about)


class Inversion:
    """A run being solved: every solve is a resume. A context manager, which holds the run's lease.

    Parameters
    ----------
    run : Run
        From :func:`begin`.
    solver : SolverSettings or Solver
        The run's solver; ``niter`` and ``tol`` may differ from those before.
    save : Save, optional
        When to keep checkpoints.
    retention : Retention, optional
        Which checkpoints to keep.
    client : distributed.Client, optional
        Cluster to compute on; the Dask scheduler in use if not given.

    Raises
    ------
    RunBusyError
        If another process is working on the run.
    InsufficientMemoryError
        If a task of the operator would not fit into a worker's memory; it names the axis to cut.
    """

    def __init__(
        self,
        run: Run,
        solver: AnySolver,
        *,
        save: Save | None = None,
        retention: Retention | None = None,
        client: object = None,
    ) -> None:
        self.run = run
        self.niter = max_steps_of(solver)
        self.attempt = run.attempt()
        try:
            problem, ds = load_problem(run.attrs["problem"]), open_dataset(run.dataset)
            if ds.attrs["fingerprint"] != run.attrs["identity"]["data"]:
                raise ValueError(
                    f"{run.dataset} is not the dataset that {run.storage.place} was begun with: put it back"
                )
            ready = assemble(problem, ds, solver)
            check_memory(ready.op, data=ready.y)
            self._stored = partial(CheckpointStore, labels=ready.labels, retention=retention, client=client)
            self.store = self._stored(self.attempt)
            self._start = partial(_first, run, ready.op.domain)
            self._begin = partial(
                Session,
                ready.solver,
                ready.op,
                ready.y,
                save=save or Every(10, 30.0),
            )
            self._open()
        except BaseException:
            self.attempt.close()
            raise

    def _open(self) -> None:
        """Begin at the newest checkpoint, if there is one; then where the run began need no longer be there."""
        await_workers()  # who read it
        try:
            x0, start_known = self._start(), True
        except (FileNotFoundError, CorruptionError) as error:
            if not self.store.list():
                raise
            log.warning(
                "%s: the model that it began with cannot be read any more: %s", self.run.storage.url, error
            )
            x0, start_known = None, False
        self.session: Session[Any] = self._begin(x0, store=self.store, start_known=start_known)
        self._first, self._spent = self.session.iteration, 0.0
        self.resumed = self._first or None

    @property
    def progress(self) -> Progress:
        """Where the solve stands."""
        session = self.session
        taken = session.iteration - self._first
        return Progress(
            session.iteration, self.niter, session.history["cost"], self._spent / taken if taken else 0.0,
            self.resumed, None if session.failed else session.reason,
        )  # fmt: skip

    def advance(
        self, seconds: float | None = None, on_progress: Callable[[Progress], bool | None] = lambda _: None
    ) -> Progress:
        """Take steps for about ``seconds``, or to the end; after a failure, from the newest checkpoint on.

        Parameters
        ----------
        seconds : float, optional
            When to return, after the step under way.
        on_progress : callable, optional
            Called whenever steps were taken; returns True to stop for now.

        Raises
        ------
        NotFiniteError
            If a number has become NaN or infinite.
        """
        if self.session.failed or self.store.stuck:
            self._reopen()
        last = looked = time.monotonic()
        end, wider = last + (math.inf if seconds is None else seconds), True

        pause = tuning.seconds("inversion.worker-check-interval")

        def watch() -> bool | None:
            nonlocal last, looked, wider
            now = time.monotonic()
            self._spent, last = self._spent + now - last, now
            if stop := on_progress(self.progress):
                return stop
            if now - looked > pause:
                looked, wider = now, self.session.could_spread()
            return wider

        while wider:
            wider = False
            self.session.run(None, end - time.monotonic(), watch)
            if wider and self.progress.reason is None:
                self._spread()
                last = time.monotonic()
        if self.progress.reason is not None:
            self._finish()
        self.check()
        return self.progress

    def check(self) -> None:
        """Raise an error, and note it with the run, if a number of the solve has become NaN or infinite.

        Raises
        ------
        NotFiniteError
            If so. The newest checkpoint is of before.
        """
        try:
            self.session.check()
        except NotFiniteError as error:
            self.attempt.fail(str(error))
            kept = f"iteration {self.kept}" if self.kept >= 0 else "none"
            raise NotFiniteError(f"{error}. The newest checkpoint: {kept}") from None

    def _finish(self) -> None:
        """Wait until the last state is on disk; without it the solve has not ended, and continues."""
        try:
            self.store.wait()
        except Exception:
            self.session.failed = True
            raise

    @property
    def kept(self) -> int:
        """Iteration of the newest checkpoint; -1 if there is none."""
        return max((entry.iteration for entry in self.store.list()), default=-1)

    def settle(self) -> None:
        """After a failure, wait for the save that was under way then, but not for ever."""
        try:
            self.store.wait(tuning.seconds("inversion.save-grace"))
        except Exception as error:
            log.warning("the save under way when the solve failed is not there: %s", error)

    def _spread(self) -> None:
        """Continue from the newest state on all workers that are available now."""
        self.session.save()
        self.store.wait()
        self.session.close()
        self.session.failed = True  # until there is another
        self._open()
        log.info("continued from iteration %d on more workers", self.session.iteration)

    def _reopen(self) -> None:
        """Begin again, on the workers that there are now, after some were lost or a step failed."""
        self.settle()
        self.session.close()
        self.session.failed = True  # until there is another
        if self.store.stuck:  # a new attempt fences off what may still be written
            self.attempt.close()
            self.attempt = self.run.attempt()
            self.store = self._stored(self.attempt)
        self._open()
        log.warning("continued from iteration %d after a failure", self.session.iteration)

    def close(self, timeout: float | None = None) -> None:
        """Save the newest state, finish pending writes, both in ``timeout`` seconds, and release the run."""
        end = time.monotonic() + (timeout or 0)
        try:
            within(timeout, self.session.save)
        finally:
            self.session.close()
            try:
                self.store.close(None if timeout is None else max(0.0, end - time.monotonic()))
            finally:
                self.attempt.close()

    def __enter__(self) -> Inversion:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
            return
        # The workers may be lost: after an error or a signal, nothing waits for them for ever.
        try:
            self.close(tuning.seconds("inversion.save-grace"))
        except Exception as error:
            log.warning("the newest state of %s could not be saved: %s", self.run.storage.url, error)


def within(seconds: float | None, call: Callable[[], object]) -> None:
    """Call, and raise a ``TimeoutError`` if that takes longer: an operator that hangs does not give the state away."""
    if seconds is None:
        call()
        return
    in_background(call).result(seconds)


def _first(run: Run, domain: AnySpace) -> Vector | None:
    """The model at which a run begins, if it is one of this kind."""
    x = first_model(run)
    try:
        return None if x is None else domain.fit(x)
    except ValueError as error:
        log.warning("%s begins from nothing: %s", run.storage.url, error)
        return None
