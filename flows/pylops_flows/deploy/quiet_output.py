"""Output of processes that last for weeks: all of it in a file, and in the terminal a line for each fault.

Prefect prints a traceback of dozens of lines whenever a database is locked or a server is away for a moment, from its
loggers, its services and its command line alike; so it is the output that is read, and no logger.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

BEGINNING = re.compile(r"Traceback \(most recent call last\)")
# What follows a traceback: a line of a log, or of Prefect's services; all else belongs to it.
LOGGED = re.compile(r"\d\d:\d\d:\d\d\.\d{3} \||Failed the last|Backing off|Resetting backoff")
ERROR = re.compile(r"^[^\w]*((?:\w+\.)*\w*(?:Error|Exception|Timeout|Closed)\w*)(?:: (.*))?$")
# Lines that belong to a traceback after the line of its error; with any other, the process continues.
BELONGS = re.compile(
    r"\s|$|[|+│╭╰]|During handling|The above exception|\[SQL|\[parameters|\(Background|handle: "
)
LONGEST = 2**26  # bytes of the file, which then begins anew: services run for weeks
REPEATED = 60.0  # seconds in which the same fault is said once


class QuietOutput:
    """A pipe from processes to a file, and to a terminal without tracebacks.

    Parameters
    ----------
    file : Path
        Where all of it goes; overwritten.
    say : callable
        Takes each line for the terminal.
    """

    def __init__(self, file: Path, say: Callable[[str], None]) -> None:
        self.file, self._say = file, say
        self._said: dict[str, float] = {}
        reading, self.writing = os.pipe()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(
            target=self._read, args=(os.fdopen(reading, "rb"), file.open("wb", buffering=0)), daemon=True
        )
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Read the rest, for as long as processes that write to it end within ``timeout`` seconds."""
        os.close(self.writing)
        self._thread.join(timeout)

    def _read(self, pipe: BinaryIO, file: BinaryIO) -> None:
        with pipe, file:
            for line in without_tracebacks(_copied(pipe, file)):
                with suppress(
                    OSError, ValueError
                ):  # a terminal that is closed; who writes here must not wait
                    self._once(line)

    def _once(self, line: str) -> None:
        now = time.monotonic()
        fault = line.startswith("fault: ")
        if fault and now - self._said.get(line, -REPEATED) < REPEATED:
            return
        if fault:
            self._said[line] = now
        self._say(f"{line} (details: {self.file})" if fault else line)


def _copied(pipe: BinaryIO, file: BinaryIO) -> Iterator[str]:
    for raw in pipe:
        with suppress(OSError):  # a full disk
            if file.tell() > LONGEST:
                file.seek(0)
                file.truncate()
            file.write(raw)
        yield raw.decode(errors="replace").rstrip()


def without_tracebacks(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines, with ``fault: error`` in place of each traceback.

    Parameters
    ----------
    lines : iterator of str
        What a process printed.

    Yields
    ------
    str
        Lines; an error is yielded as soon as its line has come, and those that follow from it only where they differ.
    """
    within, last = False, ""
    for line in lines:
        found = ERROR.match(line) if within else None
        if BEGINNING.search(line):
            within, last = True, last if within else ""
        elif LOGGED.match(line) or (last and not found and not BELONGS.match(line)):
            within = False
        if not within:
            last = ""
            if line:
                yield line
        elif found and (text := ": ".join(filter(None, found.groups()))) != last:
            last = text
            yield f"fault: {text}"
