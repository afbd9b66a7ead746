"""Errors of readers in one form: whatever corrupt bytes lead to, a ``ValueError`` that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pylops_distributed.errors import PylopsDistributedError

# Errors that are none of a network, at which a second try may do better.
LASTING = (ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NotImplementedError, TypeError,
           ValueError)  # fmt: skip


@contextmanager
def naming(path: str, variable: str | None = None) -> Iterator[None]:
    """Turn errors of the code inside into ones that name a file, and a variable of it.

    Parameters
    ----------
    path : str
        The file that is read inside.
    variable : str, optional
        The variable that is read.

    Raises
    ------
    ValueError
        In place of any error that corrupt bytes or options that do not fit lead to.
    OSError
        As the system raised it: the file is gone, or its disk is out of order.
    """
    try:
        yield
    except Exception as error:  # the readers of others come to any of these over corrupt bytes
        own = isinstance(error, PylopsDistributedError)
        known = isinstance(error, ValueError) and not isinstance(error, UnicodeError)
        named = path in str(error) and (variable is None or repr(variable) in str(error))
        if _as_it_is(error, path) or (own and not known) or (known and named):
            raise
        words = str(error) if known else f"it cannot be read ({type(error).__name__}: {str(error)[:300]})"
        where = repr(path) if variable is None else f"{path!r}: {variable!r}"
        raise (type(error) if own else ValueError)(f"{where}: {words.removeprefix(f'{path!r}: ')}") from error


def _as_it_is(error: Exception, path: str) -> bool:
    """Whether an error is of the system, the network or the installation; of corrupt bytes, OSError has no file."""
    if isinstance(error, OSError):
        return "://" in path or (error.errno is not None and error.filename is not None)
    return isinstance(error, ImportError) or ("://" in path and not isinstance(error, LASTING))
