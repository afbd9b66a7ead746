"""Ports of parts, and whoever connects to them."""

import contextlib
import os
import pickle
import socket
import threading
import time

import pytest

from pylops_distributed import tuning
from pylops_distributed.execution import handshake
from pylops_distributed.execution.transport import PeerTransport

TOKEN = b"t" * 16


def connected(links, addresses=None):
    """Connect all with each other, each in a separate thread; returns the errors."""
    addresses = addresses or [one.address for one in links]
    errors, got = [], []

    def connect(one):
        try:
            one.connect(addresses, lambda *message: got.append(message), lambda *_: None)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=connect, args=(one,)) for one in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return errors, got


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def made(count):
    return [PeerTransport(me, TOKEN, "127.0.0.1") for me in range(count)]


def silent(address):
    return socket.create_connection(address)


def closing(address):
    silent(address).close()


def rubbish(address):
    peer = silent(address)
    peer.sendall(os.urandom(200))
    return peer


def replay(address):
    """What a listener on the wire would try: a greeting that looks right, and any proof."""
    peer = silent(address)
    peer.sendall(handshake.HELLO.pack(handshake.GREETING, 1, b"c" * 32) + b"p" * 32)
    return peer


STRANGERS = {"silent": silent, "closing": closing, "rubbish": rubbish, "replay": replay}


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_end_nothing_and_hold_nobody_up(kind):
    links = made(3)
    strangers = [STRANGERS[kind](one.address) for one in links for _ in range(40)]
    errors, got = connected(links)
    assert errors == []
    links[0].send(2, 1, 0, "a")
    links[2].send(1, 1, 0, "b")
    until(lambda: len(got) == 2)
    assert sorted(got) == [(1, 0, 0, "a"), (1, 2, 0, "b")]
    for stranger in filter(None, strangers):
        with contextlib.suppress(ConnectionError):  # closed before all was read
            stranger.settimeout(10)
            while stranger.recv(1000):
                pass  # their connections are ended, too
        stranger.close()
    for one in links:
        one.close()


def test_many_more_strangers_than_are_served_at_a_time():
    links = made(2)
    strangers = [silent(links[0].address) for _ in range(tuning.count("execution.pending-callers") + 40)]
    errors, _ = connected(links)
    assert errors == []
    for one in [*links, *strangers]:
        one.close()


def test_another_token_is_rejected_on_both_sides(tuned):
    tuned("execution.connect-timeout", 0.5)
    ours, theirs = PeerTransport(0, TOKEN, "127.0.0.1"), PeerTransport(1, b"u" * 16, "127.0.0.1")
    errors, _ = connected([ours, theirs])
    assert {type(error) for error in errors} == {TimeoutError, handshake._Stranger}
    assert "parts [1]" in str(next(error for error in errors if isinstance(error, TimeoutError)))


def test_the_token_never_crosses_and_a_recorded_handshake_is_of_no_use(monkeypatch):
    """A listener in the middle writes down what both sides say, and says it again."""
    first = made(2)
    middle, seen = socket.create_server(("127.0.0.1", 0)), {"caller": b"", "server": b""}

    def pass_on(source, target, name):
        with contextlib.suppress(OSError), source:
            while data := source.recv(1000):
                seen[name] += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def between():
        caller, _ = middle.accept()
        server = socket.create_connection(first[0].address)
        ways = [(caller, server, "caller"), (server, caller, "server")]
        threads = [threading.Thread(target=pass_on, args=way, daemon=True) for way in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    relay = threading.Thread(target=between, daemon=True)
    relay.start()
    errors, _ = connected(first, [middle.getsockname()[:2], first[1].address])
    assert errors == []
    assert TOKEN not in seen["caller"] + seen["server"]
    said = seen["caller"]
    for one in first:
        one.close()
    relay.join(10)

    again = made(2)
    thief = socket.create_connection(again[0].address)
    thief.sendall(said)
    loaded = []
    monkeypatch.setattr(pickle, "loads", lambda *a, **k: loaded.append(a))
    errors, _ = connected(again)
    assert errors == []  # the real part got in all the same
    thief.settimeout(10)
    answer = b""
    with contextlib.suppress(ConnectionError):
        while data := thief.recv(1000):
            answer += data
    assert not answer.endswith(handshake.WELCOME) or len(answer) == handshake.ANSWER.size
    assert loaded == []
    for one in [*again, thief, middle]:
        one.close()


def test_a_caller_that_was_cut_off_calls_again(monkeypatch):
    links = made(2)
    answer, calls = handshake._answer, []

    async def at_second(*args):
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionResetError("too busy")
        return await answer(*args)

    monkeypatch.setattr(handshake, "_answer", at_second)
    errors, _ = connected(links)
    assert errors == []
    assert len(calls) == 2
    for one in links:
        one.close()


def test_closing_ends_the_wait_for_parts_that_do_not_come():
    (alone,) = made(1)
    waiting = threading.Thread(target=connected, args=([alone], [alone.address, ("127.0.0.1", 1)]))
    waiting.start()
    until(lambda: alone._connecting)
    alone.stop()
    waiting.join(10)
    assert not waiting.is_alive()
    alone.close()
