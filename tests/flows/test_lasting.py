"""What a process has freed between what it still uses goes back to the system."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import time
import psutil
from pylops_flows.server import long_running as lasting

def held():
    return psutil.Process().memory_info().rss

lasting.EVERY = 0.1
before = held()
pieces = [bytes(2000) for _ in range(100_000)]
used = held() - before
pieces = pieces[::50]
kept = held() - before
lasting.release_memory_periodically()
end = time.monotonic() + 30
while held() - before > 0.3 * used and time.monotonic() < end:
    time.sleep(0.1)
print(used, kept, held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they like")
def test_freed_memory_goes_back():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    used, kept, left = map(int, done.stdout.split())
    assert kept > 0.9 * used > 150_000_000
    assert left < 0.3 * used
