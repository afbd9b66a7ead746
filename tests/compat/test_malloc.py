"""The behaviour of the C library that this library relies on, in separate processes."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="is about the C library of Linux")
GAIN = """
import psutil
from pylops_distributed.compat import malloc
def resident():
    return psutil.Process().memory_info().rss
def gain():
    before = resident()
    blocks = [bytearray(b"1" * 50_000) for _ in range(1000)]
    del blocks
    return resident() - before
{}
print(gain() // 2**20)
"""


def gained(setting):
    """Megabytes that a process holds more after it has freed fifty, which Dask's workers give back at once."""
    command = [sys.executable, "-c", GAIN.format(setting)]
    environment = os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_freed_memory_goes_back_unless_it_is_retained():
    assert gained("") < 10
    assert gained("malloc.retain_freed_memory(2**31)") > 30
    assert gained("malloc.retain_scratch_memory()") > 30


SCATTERED = """
from pylops_distributed.compat import malloc
import psutil
def resident():
    return psutil.Process().memory_info().rss
before = resident()
pieces = [bytes(2000) for _ in range(20_000)]
used = resident() - before
pieces = pieces[::50]
assert resident() - before > 0.8 * used
assert malloc.return_freed_memory()
assert resident() - before < 0.4 * used
"""


def test_scattered_free_memory_is_returned():
    subprocess.run([sys.executable, "-c", SCATTERED], check=True)
