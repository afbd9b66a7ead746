"""An HTTP proxy on this machine that fails as networks and stores do, in front of a real S3 server."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
LATE = 3.0  # seconds: more than clients here wait, see TIMEOUT
TIMEOUT = "1s"
# busy: 503, not done. cut: closed, not done. stuck: no answer, not done. lost: done, closed without an answer.
# late: done, no answer in time. half: done, closed amid the answer.
FAULTS = ("busy", "cut", "stuck", "lost", "late", "half")
Choose = Callable[[str, str, dict[str, str]], str | None]


class Flaky(ThreadingHTTPServer):
    """The proxy.

    Parameters
    ----------
    upstream : str
        Host and port of the server behind it.

    Attributes
    ----------
    choose : callable
        Given a request's method, path and headers, which of :data:`FAULTS` befalls it, or None.
    struck : Counter
        How often each did.
    """

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.struck = upstream, Counter[str]()
        self.choose: Choose = lambda *_: None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """A client that went away is nothing to print."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Flaky

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.choose(self.command, self.path, dict(self.headers))
        self.server.struck[fault or "none"] += 1
        if fault == "busy":
            return self._answer(503, [("Content-Type", "application/xml")], SLOW_DOWN)
        if fault in ("cut", "stuck"):
            return self._close(LATE if fault == "stuck" else 0)
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if fault in ("lost", "late"):
            return self._close(LATE if fault == "late" else 0)
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self._answer(answer.status, kept, content, length, fault == "half")

    def _answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, length: Any = None, half: bool = False
    ) -> None:  # fmt: skip
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._close()

    def _close(self, after: float = 0) -> None:
        time.sleep(after)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass


@contextmanager
def flaky(upstream: str) -> Iterator[Flaky]:
    """The proxy, serving."""
    server = Flaky(upstream.removeprefix("http://"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@cache
def upstream() -> tuple[str, dict[str, str]]:
    """An S3 server with a bucket, for as long as this process lives: its address, and the settings of its clients."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "{}:{}".format(*server.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://{address}", region_name="us-east-1",
                          aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    client.create_bucket(Bucket="flaky")
    return address, keys | {"AWS_ALLOW_HTTP": "true", "AWS_TIMEOUT": TIMEOUT}


@contextmanager
def flaky_bucket() -> Iterator[tuple[str, Flaky]]:
    """A bucket, and the proxy through which it is reached meanwhile."""
    address, settings = upstream()
    with flaky(address) as proxy, pytest.MonkeyPatch.context() as patch:
        for key, value in {**settings, "AWS_ENDPOINT_URL": proxy.url}.items():
            patch.setenv(key, value)
        yield "s3://flaky", proxy
