"""Errors of the library and of its pipelines, each with the exit code that a command ends with."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    BUSY = 3
    INTERRUPTED = 4

    @property
    def meaning(self) -> str:
        """A few words for people."""
        return MEANINGS[self]


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed",
    ExitCode.BAD_INPUT: "bad input",
    ExitCode.BUSY: "another process is working on the run",
    ExitCode.INTERRUPTED: "interrupted, and can be resumed",
}


class PylopsDistributedError(Exception):
    """Base class of all errors below.

    Attributes
    ----------
    exit_code : ExitCode
        Code with which a command ends that meets the error.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class RunMismatchError(PylopsDistributedError, ValueError):
    """The run at this place is of another problem, other data or another solver."""

    exit_code = ExitCode.BAD_INPUT


class NotFiniteError(PylopsDistributedError, ArithmeticError):
    """A number of a solve became NaN or infinite."""


class InsufficientMemoryError(PylopsDistributedError, MemoryError):
    """A task of an operator needs more memory than a worker has."""


class GeometryError(PylopsDistributedError, ValueError):
    """The header fields chosen as dimensions do not form a grid."""

    exit_code = ExitCode.BAD_INPUT


class UnsafeCodecError(PylopsDistributedError, ValueError):
    """Zarr metadata name a codec or a data type that is not known to be safe."""

    exit_code = ExitCode.BAD_INPUT


class OversizedSettingsError(PylopsDistributedError, ValueError):
    """Settings are larger than any that a person writes."""

    exit_code = ExitCode.BAD_INPUT


class RunBusyError(PylopsDistributedError, RuntimeError):
    """Another process is working on the run."""

    exit_code = ExitCode.BUSY


class RunGoneError(PylopsDistributedError, FileNotFoundError):
    """The run is not where it was: moved, deleted, or being deleted."""

    exit_code = ExitCode.BAD_INPUT


class SupersededError(PylopsDistributedError, RuntimeError):
    """A newer attempt has taken the run over; this one may not write any more."""

    exit_code = ExitCode.BUSY


class UnidentifiedContentError(PylopsDistributedError, TypeError):
    """Something has no token that is the same in every process."""

    exit_code = ExitCode.BAD_INPUT


class AbandonedError(PylopsDistributedError, FileNotFoundError):
    """A chunk's folder was removed as it was written."""

    exit_code = ExitCode.BAD_INPUT


class CorruptionError(PylopsDistributedError):
    """Stored data differ from the data that were written."""


class UnreadableError(CorruptionError):
    """The disk cannot be read: perhaps only now, if it is another machine's."""


class PartitionLostError(PylopsDistributedError, ConnectionError):
    """The connection with another part ended in the middle of a solve, or the part was closed."""


class WorkerLostError(PylopsDistributedError, RuntimeError):
    """A worker went away in the middle of a solve, and its blocks of the state with it."""


class NoWorkerError(PylopsDistributedError, RuntimeError):
    """There is no worker any more, and none comes."""


class StageStoppedError(PylopsDistributedError):
    """A stage of a pipeline was asked to stop, and has."""

    exit_code = ExitCode.INTERRUPTED


class ComputedTooEarlyError(PylopsDistributedError, TypeError):
    """An operator computed a vector while its graph was traced, when there are no data yet."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, operator: str = "") -> None:
        super().__init__(operator)
        self.operator = operator

    def __str__(self) -> str:
        return (
            f"{self.operator or 'the step'} computes while it is applied (.compute(), float(), bool() or NumPy "
            "functions of lazy values), when there are no data yet: compute such values in __init__, or keep them lazy"
        )


class InterruptedBySignal(BaseException):
    """SIGTERM: not an error, so that nothing catches it as one."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERRUPTED


# Of Python's own errors, those that are about the input; others, such as a full disk, are failures.
INPUT_ERRORS = (
    ValueError,
    FileNotFoundError,
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
    PermissionError,
)


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of an error: its own, or that of Python's kind of error."""
    if isinstance(error, PylopsDistributedError | InterruptedBySignal):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return ExitCode.BAD_INPUT if isinstance(error, INPUT_ERRORS) else ExitCode.FAILED
