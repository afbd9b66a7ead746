"""How the parts of a solve find each other on open ports, among whatever else connects there."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from pylops_distributed import tuning

HELLO = struct.Struct("!4sI32s")  # what this is, the caller's number, and its challenge
ANSWER = struct.Struct("!32s32s")  # the other challenge, and the proof that the token is known
GREETING, WELCOME = b"pld2", b"\1"

Address: TypeAlias = tuple[str, int]


class _Stranger(OSError):
    """Whoever is on the other side does not know the token."""


async def meet(
    me: int, token: bytes, server: socket.socket, addresses: Sequence[Address], closed: Callable[[], bool],
) -> dict[int, socket.socket]:  # fmt: skip
    """Connect with all parts: those before this one are called, those after it call.

    Both sides prove that they know the token by a keyed hash of two random challenges, which nobody can use again,
    before anything else is read. Callers are served side by side, so that one who is silent, or talks about something
    else, neither ends the solve nor delays it.

    Parameters
    ----------
    me : int
        Number of this part.
    token : bytes
        The solve's secret.
    server : socket.socket
        Where this part listens; does not block.
    addresses : sequence
        Addresses of all parts.
    closed : callable
        Whether to give up.

    Returns
    -------
    dict
        The connections by part.

    Raises
    ------
    OSError
        If a part cannot be reached.
    """
    met: dict[int, socket.socket] = {}
    most = tuning.seconds("execution.connect-timeout")
    later = set(range(me + 1, len(addresses)))
    calls = [_call(me, token, part, addresses[part], met) for part in range(me)]
    all_met = asyncio.gather(*calls, _all_met(len(addresses) - 1, met, closed))
    door = asyncio.create_task(_serve(me, token, server, later, met))
    try:
        await asyncio.wait_for(all_met, most)
    except BaseException as error:
        for peer in met.values():
            peer.close()
        if isinstance(error, TimeoutError):
            missing = sorted(set(range(len(addresses))) - {me, *met})
            raise TimeoutError(f"parts {missing} of the solve were not reached within {most:.0f} s") from None
        raise
    finally:
        door.cancel()
        await asyncio.wait([door])
    return met


async def _all_met(count: int, met: dict[int, socket.socket], closed: Callable[[], bool]) -> None:
    """Wait until there are as many connections."""
    pause = tuning.seconds("execution.poll-interval")
    while len(met) < count:
        if closed():
            raise ConnectionError("the solve was closed")
        await asyncio.sleep(pause)


async def _call(me: int, token: bytes, part: int, address: Address, met: dict[int, socket.socket]) -> None:
    """Connect with a part that listens; again if it was too busy to answer."""
    loop, pause = asyncio.get_running_loop(), tuning.seconds("execution.retry-interval")
    while True:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        peer = socket.socket(family, socket.SOCK_STREAM)
        try:
            peer.setblocking(False)
            await loop.sock_connect(peer, address)
            ours = secrets.token_bytes(32)
            await loop.sock_sendall(peer, HELLO.pack(GREETING, me, ours))
            theirs, proof = ANSWER.unpack(await _exactly(peer, ANSWER.size))
            if not hmac.compare_digest(proof, _proof(token, b"listens", part, me, ours, theirs)):
                raise _Stranger(f"who answers at {address} is not part {part} of the solve")
            await loop.sock_sendall(peer, _proof(token, b"calls", part, me, ours, theirs))
            await _exactly(peer, len(WELCOME))
            met[part] = peer
            return
        except (ConnectionRefusedError, _Stranger):
            peer.close()
            raise
        except OSError:  # in the middle: its queue was full, say
            peer.close()
            await asyncio.sleep(pause)
        except BaseException:
            peer.close()
            raise


async def _serve(
    me: int, token: bytes, server: socket.socket, later: set[int], met: dict[int, socket.socket]
) -> None:
    """Let in all who call and belong here, until cancelled."""
    loop = asyncio.get_running_loop()
    callers: dict[asyncio.Task[None], None] = {}
    most, patience = tuning.count("execution.pending-callers"), tuning.seconds("execution.caller-timeout")
    pause = tuning.seconds("execution.retry-interval")

    async def serve(peer: socket.socket) -> None:
        try:
            async with asyncio.timeout(patience):
                part = await _answer(me, token, peer, later)
        except (OSError, struct.error):  # a stranger, or nobody any more; out of time, too
            peer.close()
            return
        if part in met:  # which has given up the connection of before
            met[part].close()
        met[part] = peer

    def served(task: asyncio.Task[None], peer: socket.socket) -> None:
        callers.pop(task, None)
        if task.cancelled():  # perhaps before it began
            peer.close()

    try:
        while True:
            try:
                peer, _ = await loop.sock_accept(server)
            except OSError:  # gone before it was let in, or too many files open
                await asyncio.sleep(pause)
                continue
            if len(callers) >= most:
                next(iter(callers)).cancel()  # the one who has been silent for longest
            task = asyncio.create_task(serve(peer))
            callers[task] = None
            task.add_done_callback(partial(served, peer=peer))
    finally:
        await _cancel(list(callers))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _answer(me: int, token: bytes, peer: socket.socket, later: set[int]) -> int:
    """The number of a caller that has proved to know the token."""
    loop = asyncio.get_running_loop()
    peer.setblocking(False)
    greeting, part, theirs = HELLO.unpack(await _exactly(peer, HELLO.size))
    if greeting != GREETING or part not in later:
        raise _Stranger("not a part that is awaited")
    ours = secrets.token_bytes(32)
    await loop.sock_sendall(peer, ANSWER.pack(ours, _proof(token, b"listens", me, part, theirs, ours)))
    proof = await _exactly(peer, 32)
    if not hmac.compare_digest(proof, _proof(token, b"calls", me, part, theirs, ours)):
        raise _Stranger("the token is another one")
    await loop.sock_sendall(peer, WELCOME)
    return int(part)


def _proof(token: bytes, side: bytes, listens: int, calls: int, first: bytes, second: bytes) -> bytes:
    """Proof of knowing the token: different for each side, and valid for these two challenges alone."""
    return hmac.digest(token, side + struct.pack("!II", listens, calls) + first + second, "sha256")


async def _exactly(peer: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes."""
    loop, data = asyncio.get_running_loop(), b""
    while len(data) < size:
        with suppress(InterruptedError):
            got = await loop.sock_recv(peer, size - len(data))
            if not got:
                raise ConnectionError("the connection was closed")
            data += got
    return data
