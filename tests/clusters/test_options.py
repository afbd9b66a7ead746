"""Options that cannot work raise before anything is started: value given, values expected, fix."""

import re
import sys
from importlib.util import find_spec

import pytest

from pylops_distributed.utils.backend import check_hardware, dask

PACKAGES = {
    "ssh": "asyncssh",
    "slurm": "dask_jobqueue",
    "pbs": "dask_jobqueue",
    "kubernetes": "dask_kubernetes",
}
NEEDED = {"ssh": {"hosts": ["a", "b"]}, "slurm": {"memory": "1GB"}, "pbs": {"memory": "1GB"}}
ADDRESS = "tcp://10.0.0.1:8786"


def error_of(hardware, **options):
    if hardware in PACKAGES:
        pytest.importorskip(PACKAGES[hardware], reason="needs pip install 'pylops-distributed[cluster]'")
    with pytest.raises(ValueError, match=re.escape(repr(hardware)) + "|adapt|must be") as info:
        check_hardware(hardware, options)
    return str(info.value)


def test_unknown_hardware_names_what_there_is():
    with pytest.raises(ValueError, match=r"\['kubernetes', 'pbs', 'single', 'slurm', 'ssh'\].*got 'abacus'"):
        dask("abacus")


@pytest.mark.parametrize(("hardware", "package"), PACKAGES.items())
def test_a_missing_package_is_named_with_its_extra(hardware, package, monkeypatch):
    for module in (package, f"{package}.operator"):
        monkeypatch.setitem(sys.modules, module, None)  # what Python itself does for one that is not there
    with pytest.raises(ImportError, match=rf"{package}.*pip install 'pylops-distributed\[cluster\]'"):
        dask(hardware, **NEEDED.get(hardware, {}))


@pytest.mark.parametrize(
    ("hardware", "options", "words"),
    [
        ("ssh", {}, "needs hosts=[scheduler, worker, ...], got hosts=None"),
        ("ssh", {"hosts": "one"}, "got hosts=one"),
        ("ssh", {"hosts": ["a", "b"], "processes": False}, "processes=False is for hardware='single'"),
        ("ssh", {"hosts": ["a", "b"], "adapt": {"maximum": 3}}, "leave adapt out"),
        ("slurm", {}, "memory='16GB'"),
        ("pbs", {"memory": "1GB", "processes": False}, "processes=False is for hardware='single'"),
        ("kubernetes", {"processes": False}, "processes=False is for hardware='single'"),
        ("kubernetes", {}, "say so with the option security=False"),
        ("kubernetes", {"security": True}, "say so with the option security=False"),
        (ADDRESS, {"adapt": {"maximum": 3}}, "is scaled by who started it"),
    ],
)
def test_what_a_cluster_needs_is_named(hardware, options, words):
    assert words in error_of(hardware, **options)


@pytest.mark.parametrize(
    ("hardware", "wrong", "right"),
    [
        ("single", "memory_limits", "memory_limit"), ("single", "n_worker", "n_workers"),
        ("ssh", "connect_option", "connect_options"), ("slurm", "wall_time", "walltime"),
        ("pbs", "resource_specs", "resource_spec"), ("kubernetes", "name_space", "namespace"),
        (ADDRESS, "time_out", "timeout"),
    ],
)  # fmt: skip
def test_an_unknown_option_is_named_with_the_closest_one(hardware, wrong, right):
    given = {**NEEDED.get(hardware, {}), wrong: 1}
    assert f"no option {wrong!r}: did you mean {right!r}?" in error_of(hardware, **given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_workers": -1}, "n_workers must be a whole number of at least 0, got -1"),
        ({"threads_per_worker": "two"}, "threads_per_worker must be a whole number of at least 1, got 'two'"),
        ({"adapt": True}, "adapt must be {minimum: 1, maximum: N}"),
        ({"adapt": {"minimum": 1}}, "adapt must be {minimum: 1, maximum: N}"),
        ({"adapt": {"max": 3, "maximum": 3}}, "adapt must be {minimum: 1, maximum: N}"),
        (
            {"adapt": {"minimum": 0, "maximum": 3}},
            "adapt.minimum must be a whole number of at least 1, got 0",
        ),
        (
            {"adapt": {"minimum": 4, "maximum": 3}},
            "adapt.maximum must be a whole number of at least 4, got 3",
        ),
    ],
)
def test_sizes_that_cannot_be(options, words):
    assert words in error_of("single", **options)
    assert words in error_of("slurm", memory="1GB", **options)


@pytest.mark.parametrize("size", [{"n_workers": 1000}, {"n_workers": 1, "adapt": {"maximum": 1000}}])
def test_more_workers_than_a_machine_can_start(size):
    with pytest.raises(ValueError, match=r"1000 worker processes are too many .* expected at most"):
        check_hardware("single", size)
    check_hardware("single", size | {"processes": False})
    check_hardware("slurm", size | {"memory": "1GB"})


def test_what_can_work_is_let_through():
    check_hardware(
        "single", {"n_workers": 2, "memory_limit": "2GB", "adapt": {"maximum": 2, "interval": "2s"}}
    )
    check_hardware(ADDRESS, {"n_workers": 2, "timeout": 10})
    if find_spec("dask_kubernetes"):
        check_hardware("kubernetes", {"n_workers": 2, "security": False})
