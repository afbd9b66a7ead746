"""The behaviour of Dask's processes behind SSH that this library relies on, on a server in this process."""

import asyncio

import pytest

from pylops_distributed.compat.ssh import process_class

asyncssh = pytest.importorskip("asyncssh", reason="needs pip install 'pylops-distributed[cluster]'")
SAYS = ["Scheduler at: tcp://127.0.0.1:1", "Start worker at: tcp://127.0.0.1:2"]  # what dask_spec writes


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("text", [None, "the key\n"])
def test_a_process_is_started_with_its_text(index, text):
    commands = asyncio.run(started(index, text))
    (command, received) = commands[-1]
    assert "python-there -m distributed.cli.dask_spec" in command
    assert received == (text or "")
    if index:
        assert "tcp://127.0.0.1:1 --spec" in command
        assert '"cls": "distributed.Worker"' in command
    assert '"port": 7' in command


async def started(index, text):
    """The commands that reach a server as a process starts, with what each reads."""
    commands = []

    async def run(process):
        if process.command != "uname":
            received = await process.stdin.read() if text else ""
            commands.append((process.command, received))
            process.stderr.write(SAYS[index] + "\n")
        process.exit(0)

    class Open(asyncssh.SSHServer):
        def begin_auth(self, username):
            return False

    host = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host], process_factory=run, server_factory=Open
    )
    connect = {"port": server.sockets[0].getsockname()[1], "known_hosts": None, "username": "me"}
    options = {"address": "127.0.0.1", "connect_options": connect, "remote_python": "python-there"}
    if index:
        options |= {"scheduler": "tcp://127.0.0.1:1", "worker_class": "distributed.Worker"}
    process = process_class(index, text)(kwargs={"port": 7}, **options)
    await process
    process.connection.close()
    await process.close()
    server.close()
    await server.wait_closed()
    return commands
