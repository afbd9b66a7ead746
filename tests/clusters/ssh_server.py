"""An SSH server of asyncssh, where there is no sshd: ``ssh_server.py PORT HOST_KEY USER_KEY HOST...``."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

import asyncssh


async def serve(process):
    """Run a command by the shell, until it or its connection ends."""
    pipe = asyncio.subprocess.PIPE
    ran = await asyncio.create_subprocess_shell(
        process.command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        await process.redirect(stdin=ran.stdin, stdout=ran.stdout, stderr=ran.stderr)
        ended = asyncio.create_task(ran.wait())
        closed = asyncio.create_task(process.wait_closed())
        await asyncio.wait({ended, closed}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            process.exit(ran.returncode)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(ran.pid, signal.SIGKILL)


async def main(port, host_key, user_key, *hosts):
    for host in hosts:
        await asyncssh.listen(
            host, int(port), server_host_keys=[host_key], authorized_client_keys=user_key + ".pub",
            process_factory=serve,
        )  # fmt: skip
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
