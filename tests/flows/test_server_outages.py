"""Requests of flows wait for a server that takes no connections."""

import subprocess
import sys

import pytest

from pylops_flows.server.embedded import free_port

ASK = """
import sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
import httpx
from prefect.client.orchestration import get_client
from pylops_flows.runtime.server_outages import wait_for_server

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'"3"')

def serve():
    time.sleep(1.5)
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()

if sys.argv[2] == "flow":  # a command is not answered at all
    wait_for_server()
with get_client(sync_client=True) as client:
    if sys.argv[2] == "flow":
        threading.Thread(target=serve, daemon=True).start()
    try:
        print(client.hello().json())
    except httpx.ConnectError:
        print("away")
"""


@pytest.mark.parametrize(("kind", "expected"), [("flow", "3"), ("command", "away")])
def test_a_first_request_while_the_server_is_away(environment, tmp_path, kind, expected):
    port = free_port()
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(port), kind], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=environment | {
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        },
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == [expected], done.stderr
