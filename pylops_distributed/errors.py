"""Errors of the library, in one place."""

from __future__ import annotations


class RunMismatchError(ValueError):
    """The run at this place is of another problem, other data or another solver."""


class NotFiniteError(ArithmeticError):
    """A number of a solve became NaN or infinite."""


class InsufficientMemoryError(MemoryError):
    """A task of an operator needs more memory than a worker has."""


class GeometryError(ValueError):
    """The header fields chosen as dimensions do not form a grid."""


class RunBusyError(RuntimeError):
    """Another process is working on the run."""


class RunGoneError(FileNotFoundError):
    """The run is not where it was: moved, deleted, or being deleted."""


class SupersededError(RuntimeError):
    """A newer attempt has taken the run over; this one may not write any more."""


class UnidentifiedContentError(TypeError):
    """Something has no token that is the same in every process."""


class AbandonedError(FileNotFoundError):
    """A chunk's folder was removed as it was written."""


class CorruptionError(Exception):
    """Stored data differ from the data that were written."""


class UnreadableError(CorruptionError):
    """The disk cannot be read: perhaps only now, if it is another machine's."""


class PartitionLostError(ConnectionError):
    """The connection with another part ended in the middle of a solve, or the part was closed."""


class WorkerLostError(RuntimeError):
    """A worker went away in the middle of a solve, and its blocks of the state with it."""


class NoWorkerError(RuntimeError):
    """There is no worker any more, and none comes."""


class ComputedTooEarlyError(TypeError):
    """An operator computed a vector while its graph was traced, when there are no data yet."""

    def __init__(self, operator: str = "") -> None:
        super().__init__(operator)
        self.operator = operator

    def __str__(self) -> str:
        return (
            f"{self.operator or 'the step'} computes while it is applied (.compute(), float(), bool() or NumPy "
            "functions of lazy values), when there are no data yet: compute such values in __init__, or keep them lazy"
        )
