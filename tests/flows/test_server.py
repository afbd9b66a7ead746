"""Whom a server's port belongs to, and who answers there."""

import socket
import threading

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from pylops_flows.server.embedded import bind_port, ensure_server, healthy


def test_a_port_that_is_held_is_nobody_elses():
    with bind_port() as held, socket.socket() as other:
        port = held.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        assert not healthy(f"http://127.0.0.1:{port}/api")
        held.listen()
        with (
            temporary_settings(restore_defaults={PREFECT_API_URL}),
            pytest.raises(OSError, match=f"port {port} of 127.0.0.1 is in use"),
            ensure_server(port),
        ):
            pass


def test_who_speaks_otherwise_is_no_server():
    with bind_port() as held:
        held.listen()

        def answer():
            with held.accept()[0] as connection:
                connection.recv(2**16)
                connection.sendall(b"*\xab compression python pickle-protocol\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert not healthy(f"http://127.0.0.1:{held.getsockname()[1]}/api")
        thread.join()
