"""What `pld up` shows of the output of its server and worker: a line for each fault, and all of it in a file."""

import subprocess
import sys

from pylops_flows.deploy import quiet_output
from pylops_flows.deploy.quiet_output import QuietOutput, without_tracebacks

PRINTS = """
import logging, sys, time
logging.basicConfig(format="%(asctime)s.123 | %(levelname)s | %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
print("Worker started!", flush=True)
for _ in range(3):
    try:
        try:
            raise OSError("away")
        except OSError:
            raise ConnectionError("no server [SQL: INSERT ...]")
    except ConnectionError:
        logging.exception("sent later")
logging.warning("all is well")
"""


def test_a_traceback_is_one_line_and_repeated_ones_are_said_once(tmp_path):
    said = []
    output = QuietOutput(tmp_path / "deep/up.log", said.append)
    subprocess.run([sys.executable, "-c", PRINTS], stdout=output.writing, stderr=output.writing, check=True)
    output.close()
    times = [line.partition(" | ")[2] or line for line in said]
    details = f"(details: {tmp_path / 'deep/up.log'})"
    assert times == [
        "Worker started!",
        "ERROR | sent later",
        f"fault: OSError: away {details}",
        f"fault: ConnectionError: no server [SQL: INSERT ...] {details}",
        "ERROR | sent later",
        "ERROR | sent later",
        "WARNING | all is well",
    ]
    assert (tmp_path / "deep/up.log").read_text().count("Traceback (most recent call last)") == 6


def test_a_process_that_outlives_the_end_holds_nobody_up(tmp_path):
    output = QuietOutput(tmp_path / "up.log", print)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=output.writing
    ) as left:
        output.close(timeout=0.1)
        assert left.poll() is None
        left.communicate(b"\n")


def test_a_process_that_continues_after_a_traceback_is_heard():
    lines = [
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "OSError: away",
        "",
        "Worker started!",
    ]
    assert list(without_tracebacks(iter([*lines, *lines]))) == ["fault: OSError: away", "Worker started!"] * 2


def test_neither_a_closed_terminal_nor_a_long_file_stops_it(tmp_path, monkeypatch):
    monkeypatch.setattr(quiet_output, "LONGEST", 1000)

    def closed(line):
        raise BrokenPipeError

    output = QuietOutput(tmp_path / "up.log", closed)
    code = "for n in range(20_000): print(n)"  # more than a pipe holds
    subprocess.run([sys.executable, "-c", code], stdout=output.writing, check=True, timeout=60)
    output.close()
    assert (tmp_path / "up.log").read_text().endswith("19999\n")
    assert (tmp_path / "up.log").stat().st_size < 1100
