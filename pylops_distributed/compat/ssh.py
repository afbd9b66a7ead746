"""Undocumented parts of :func:`distributed.SSHCluster`: processes behind SSH, and a text that they read as they start.

``tests/compat/test_ssh_processes.py`` has a test for each entry.
"""

from __future__ import annotations

from typing import Any

from distributed.deploy import ssh


def process_class(index: int, text: str | None = None) -> type[object]:
    """The class of the process on a host of an SSH cluster: of the scheduler on the first, of a worker on others.

    Relies on: ``distributed.deploy.ssh.Scheduler`` and ``.Worker``, in the specification of a
    :class:`distributed.SpecCluster`, take ``address``, ``connect_options``, ``remote_python`` and ``kwargs``, the
    worker also ``worker_class``; they set ``self.connection``, and start their process by its
    ``create_process(command)``.

    Parameters
    ----------
    index : int
        Place of the host.
    text : str, optional
        What the process gets through its standard input.
    """
    plain: type[Any] = ssh.Worker if index else ssh.Scheduler
    return plain if text is None else type(plain.__name__, (_InstructedProcess, plain), {"text": text})


class _InstructedProcess:
    """A process behind SSH that gets a text through its standard input."""

    text: str

    @property
    def connection(self) -> object:
        """Connection to the host."""
        return self._connection

    @connection.setter
    def connection(self, connection: Any) -> None:
        self._connection = connection and _InstructingConnection(connection, self.text)


class _InstructingConnection:
    """A connection that sends a text to each process it starts."""

    def __init__(self, connection: Any, text: str) -> None:
        self._connection, self._text = connection, text

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def create_process(self, command: str) -> object:
        """Start a process, and send it the text."""
        process = await self._connection.create_process(command)
        process.stdin.write(self._text)
        process.stdin.write_eof()
        return process
