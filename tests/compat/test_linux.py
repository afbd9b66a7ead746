"""Features of Linux alone, on Linux and with their fallbacks."""

import errno
import os
import subprocess
import sys

import psutil
import pytest

from pylops_distributed.compat import linux

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="is about Linux")


@pytest.fixture(params=["here", "elsewhere"])
def system(request, monkeypatch, tmp_path):
    """This system, and one without ``/proc``."""
    if request.param == "elsewhere":
        monkeypatch.setattr(linux, "PROC", tmp_path)
    return request.param


def test_a_later_process_starts_later_and_one_that_has_ended_raises(system):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as later:
        try:
            assert linux.process_start(os.getpid()) < linux.process_start(later.pid)
            assert linux.process_start(later.pid) == linux.process_start(later.pid)
        finally:
            later.kill()
    with pytest.raises(psutil.NoSuchProcess):
        linux.process_start(later.pid)


def test_the_processor_has_a_name(system):
    assert linux.processor_model().strip()


@linux_only
def test_processes_of_one_boot_and_namespace_agree():
    code = "from pylops_distributed.compat.linux import *; print(*boot_and_namespaces())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = linux.boot_and_namespaces()
    assert here
    assert other.stdout.split() == here


def test_without_proc_nothing_is_known_of_the_boot(monkeypatch, tmp_path):
    monkeypatch.setattr(linux, "PROC", tmp_path)
    assert linux.boot_and_namespaces() == []


@pytest.mark.parametrize("known", [True, False])
def test_a_file_has_its_size_whether_or_not_space_can_be_had_beforehand(known, monkeypatch, tmp_path):
    if not known:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    with (tmp_path / "file").open("wb") as file:
        linux.allocate(file, 10_000)
    assert (tmp_path / "file").stat().st_size == 10_000


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSPC])
def test_a_file_system_that_allocates_nothing_is_no_error_and_a_full_one_is(number, monkeypatch, tmp_path):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
    with (tmp_path / "file").open("wb") as file:
        if number == errno.ENOSPC:
            with pytest.raises(OSError, match="10000 bytes are needed") as caught:
                linux.allocate(file, 10_000)
            assert caught.value.filename == str(tmp_path / "file")
        else:
            linux.allocate(file, 10_000)


@pytest.mark.parametrize("fast", [True, False])
def test_bytes_are_read_into_given_memory(tmp_path, monkeypatch, fast):
    if not fast:
        monkeypatch.delattr(os, "preadv", raising=False)
    (tmp_path / "a").write_bytes(b"0123456789")
    buffer = bytearray(4)
    with (tmp_path / "a").open("rb") as file:
        assert linux.read_at(file.fileno(), memoryview(buffer), 3) == 4
        assert buffer == b"3456"
        assert linux.read_at(file.fileno(), memoryview(buffer), 8) == 2
        assert buffer[:2] == b"89"
