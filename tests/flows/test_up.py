"""Ending `pld up`: the flows of every worker that it started are asked to end."""

import sys
import time

from pylops_flows.deploy.stack import Worker, _stop

FLOW = "import time; time.sleep(120)"
STARTER = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {FLOW!r}]); time.sleep(120)"


def begun(worker, count):
    end = time.monotonic() + 20
    while len(worker.running_flows()) < count:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_flows_of_a_worker_that_died_are_asked_to_end(monkeypatch):
    monkeypatch.setattr(Worker, "__init__", lambda _: None)
    worker = Worker()
    worker.flows, worker.output, worker.command = set(), None, [sys.executable, "-c", STARTER]
    worker._start()
    begun(worker, 1)
    worker.process.kill()
    worker.process.wait()
    worker._start()
    begun(worker, 2)
    flows = worker.flows
    _stop(worker)
    assert not any(flow.is_running() and flow.status() != "zombie" for flow in flows)
    assert worker.process.poll() is not None
