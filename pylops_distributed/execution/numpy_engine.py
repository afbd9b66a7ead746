"""Steps on NumPy vectors, taken as they are: nothing is traced, and no graph is built."""

from __future__ import annotations

from pylops_distributed.execution.engine import Done, Engine, S, Step
from pylops_distributed.execution.state import numbers_of
from pylops_distributed.graph.purity import applications, check_pure


class NumPyEngine(Engine[S]):
    """A solver's steps on NumPy vectors, in the thread of the caller.

    Parameters
    ----------
    step : callable
        Pure function from one state to the next.
    state : State
        State to begin with, in memory.
    done : callable
        Given a state whose vectors are left out, a reason to stop, or None to continue.
    """

    def __init__(self, step: Step[S], state: S, done: Done[S]) -> None:
        self.iteration, self.moved = state.iteration, 0
        self._step, self._state = step, state
        self.until(done)
        self.first, self._checked = numbers_of(state), False

    def until(self, done: Done[S]) -> None:
        """As :meth:`Engine.until`."""
        self._until = done

    def run(self, steps: int) -> list[S]:
        """As :meth:`Engine.run`."""
        taken: list[S] = []
        while len(taken) < steps:
            if self._checked:
                self._state = self._step(self._state)
            else:
                self._state = self._first_step()
            self.iteration, numbers = self._state.iteration, numbers_of(self._state)
            taken.append(numbers)
            if self._until(numbers) is not None:
                break
        return taken

    def _first_step(self) -> S:
        """A step, with a look at the operators that it applies: a traced step is looked at, too."""
        self._checked = True
        with applications() as applied:
            state = self._step(self._state)
        for op, _ in applied:
            check_pure(op)
        return state

    def finish(self) -> list[S]:
        """As :meth:`Engine.finish`: nothing is ever under way."""
        return []

    def state(self) -> S:
        """As :meth:`Engine.state`."""
        return self._state

    def close(self) -> None:
        """As :meth:`Engine.close`."""
        self.__dict__.pop("_step", None)
