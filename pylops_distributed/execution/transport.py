"""Messages between parts on different workers: one socket a pair, buffers sent as they are."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import dask
import numpy as np
from dask.utils import parse_timedelta

from pylops_distributed import tuning
from pylops_distributed.execution.handshake import meet

# Step (-1 makes the first state), stage, and the number of frames that follow; then the length of each.
HEAD = struct.Struct("!qiQ")
SILENCE = "distributed.comm.timeouts.tcp"  # after which Dask, too, closes a connection

Deliver: TypeAlias = Callable[[int, int, int, Any], None]
Lost: TypeAlias = Callable[[int, BaseException], None]


class PeerTransport:
    """The connections of one part with all others.

    A hop through Dask's own comms costs milliseconds, one through a plain socket some tens of microseconds,
    and a step has several. Only processes that know the solve's token, which travels through Dask, get in.

    Parameters
    ----------
    me : int
        Number of this part.
    token : bytes
        The solve's secret.
    host : str
        Address of this worker's network interface.
    """

    def __init__(self, me: int, token: bytes, host: str) -> None:
        self.me, self.token = me, token
        self._server = socket.create_server((host, 0), backlog=tuning.count("execution.queued-callers"))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self._peers: dict[int, socket.socket] = {}
        self._locks: dict[int, threading.Lock] = {}
        self._listeners: list[threading.Thread] = []
        self._connecting = self._stopped = False
        self.sent = 0  # bytes

    def connect(self, addresses: Sequence[tuple[str, int]], deliver: Deliver, lost: Lost) -> None:
        """Connect with all parts, and listen to them.

        Parameters
        ----------
        addresses : sequence
            Addresses of all parts.
        deliver : callable
            Called with step, sender, stage and values of every message, on the sender's own thread.
        lost : callable
            Called with a part and an error when its connection has ended.

        Raises
        ------
        OSError
            If a part cannot be reached.
        """
        self._server.setblocking(False)
        self._connecting = True
        try:
            self._peers = asyncio.run(
                meet(self.me, self.token, self._server, addresses, lambda: self._stopped)
            )
        finally:
            self._connecting = False
            self._server.close()
        for part, peer in self._peers.items():
            peer.settimeout(None)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch_connection(peer, int(parse_timedelta(dask.config.get(SILENCE, 30))))
            self._locks[part] = threading.Lock()
            listener = threading.Thread(target=_listen, args=(part, peer, deliver, lost), daemon=True)
            self._listeners.append(listener)
            listener.start()

    def send(self, part: int, step: int, stage: int, values: object) -> None:
        """Send values to a part."""
        buffers: list[memoryview] = []
        body = pickle.dumps(values, protocol=5, buffer_callback=lambda b: buffers.append(b.raw()))
        lengths = [len(body), *(b.nbytes for b in buffers)]
        self.sent += sum(lengths)
        head = HEAD.pack(step, stage, len(lengths)) + struct.pack(f"!{len(lengths)}Q", *lengths)
        peer = self._peers[part]
        with self._locks[part]:
            peer.sendall(head + body)
            for buffer in buffers:
                peer.sendall(buffer)

    def stop(self) -> None:
        """End all connections, and with them whoever waits for a message; does not wait for anything."""
        self._stopped = True
        if not self._connecting:  # else it is being waited on
            self._server.close()
        for peer in list(self._peers.values()):
            with suppress(OSError):  # the other side was first
                peer.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all connections and the threads that listen to them."""
        self.stop()
        for listener in self._listeners:
            if listener is not threading.current_thread():
                listener.join()
        for peer in self._peers.values():
            peer.close()


def _listen(part: int, peer: socket.socket, deliver: Deliver, lost: Lost) -> None:
    try:
        while True:
            step, stage, count = HEAD.unpack(_receive(peer, HEAD.size))
            lengths = struct.unpack(f"!{count}Q", _receive(peer, 8 * count))
            body, *buffers = [_receive(peer, n) for n in lengths]
            deliver(step, part, stage, pickle.loads(body, buffers=buffers))
            del body, buffers
    except BaseException as error:  # no memory for a message, say: its receiver must learn of that
        lost(part, error)


def watch_connection(peer: socket.socket, seconds: int) -> None:
    """Have a connection end when the other side has been silent for so long: a cut cable sends no signal.

    The systems of both sides answer each other while a process computes for however long; only data that are sent and
    not received for so long end it, too.
    """
    idle = max(1, seconds // 3)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {
        "TCP_KEEPIDLE": idle, "TCP_KEEPINTVL": max(1, (seconds - idle) // 5), "TCP_KEEPCNT": 5,
        "TCP_USER_TIMEOUT": 1000 * seconds,
    }.items():  # fmt: skip
        with suppress(AttributeError, OSError):  # not on every system
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _receive(peer: socket.socket, size: int) -> memoryview:
    """Exactly ``size`` bytes, in memory that any array may lie in."""
    data = np.empty(size, np.uint8).data
    done = 0
    while done < size:
        if not (got := peer.recv_into(data[done:])):
            raise ConnectionError("the connection was closed")
        done += got
    return data
