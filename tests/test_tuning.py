"""Constants that may be tuned: one table, read by name everywhere, set by Dask's configuration or the environment."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import dask
import pytest

import pylops_distributed
import pylops_flows
from pylops_distributed import tuning
from pylops_distributed.tuning import TABLE

PAGE = Path(__file__).parents[1] / "docs/howto/tuning.md"
PACKAGES = [Path(m.__file__).parent for m in (pylops_distributed, pylops_flows)]
READERS = {"seconds": "seconds", "nbytes": "bytes", "count": "count", "share": "share"}
NAME = "pylops-distributed.storage.lease-renewal"


def reads():
    """Constants that the code reads, and the units in which it does."""
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("tuning"), attr=reader), args=[argument]):
                    yield ast.literal_eval(argument), READERS[reader]


def test_every_constant_is_read_in_its_unit_and_has_a_reason():
    assert set(reads()) == {(name, row.unit) for name, row in TABLE.items()}
    for name, row in TABLE.items():
        assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", name)
        assert re.fullmatch(r"[A-Z].{20,}[.]", row.reason), name


def test_defaults_are_within_their_bounds():
    for name, row in TABLE.items():
        with dask.config.set({f"pylops-distributed.{name}": row.default}):
            assert tuning.get(name) > 0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("storage.lease-renewal", "1 m", 60.0),
        ("storage.lease-renewal", 2.5, 2.5),
        ("storage.lease-renewal", None, 20.0),
        ("ingest.chunk", "1 MiB", 2**20),
        ("ingest.chunk", 4096, 4096),
        ("storage.request-tries", "7", 7),
        ("execution.operator-memory", 0.5, 0.5),
    ],
)
def test_values_have_units(name, value, expected):
    with dask.config.set({f"pylops-distributed.{name}": value}):
        assert tuning.get(name) == expected


@pytest.mark.parametrize(
    "value", ["20 parsecs", True, [1], {}, -1, 0, float("nan"), float("inf"), "inf s", "2 d"], ids=repr
)
def test_a_value_that_is_none_is_named_with_the_values_expected(value):
    with dask.config.set({NAME: value}), pytest.raises(ValueError, match="from 1 ms to 1 d") as info:
        tuning.seconds("storage.lease-renewal")
    for part in (NAME, repr(value), "'20s'", "DASK_PYLOPS_DISTRIBUTED__STORAGE__LEASE_RENEWAL"):
        assert part in str(info.value)


@pytest.mark.parametrize("value", [1.5, "many", "1.5", 0, 10**40], ids=repr)
def test_counts_are_whole(value):
    name = "storage.request-tries"
    expected = pytest.raises(ValueError, match="a whole number, from 1 to 100")
    with dask.config.set({f"pylops-distributed.{name}": value}), expected:
        tuning.count(name)


def test_reading_in_another_unit_is_an_error():
    with pytest.raises(TypeError, match="in seconds, not in bytes"):
        tuning.nbytes("storage.lease-renewal")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("storage.lease_renewl", 20, r"storage\.lease-renewl.*storage\.lease-renewal"),
        ("storge", 20, r"storge.*storage"),
        ("storage.lease-renewal", "20 parsecs", "20 parsecs"),
    ],
)
def test_names_that_do_not_exist_are_found(name, value, message):
    tuning.check()
    with dask.config.set({f"pylops-distributed.{name}": value}), pytest.raises(ValueError, match=message):
        tuning.check()


def test_the_environment_sets_a_constant():
    code = "from pylops_distributed import tuning; print(tuning.get('storage.lease-renewal'))"
    variables = {tuning.environment_name("storage.lease-renewal"): "1 m"}
    folders = os.pathsep.join(str(package.parent) for package in PACKAGES)
    environment = os.environ | variables | {"PYTHONPATH": folders}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "60.0\n", done.stderr


def test_workers_of_a_cluster_started_here_have_the_values(tuned):
    tuned("storage.lease-renewal", "1 m")
    with pylops_distributed.utils.backend.dask(n_workers=1, threads_per_worker=1) as client:
        assert client.submit(tuning.seconds, "storage.lease-renewal").result() == 60.0


def table():
    """The constants as Markdown."""
    yield from ("| name | default | from, to | effect |", "| --- | --- | --- | --- |")
    for name, row in TABLE.items():
        yield f"| `{name}` | {row.default} | {row.bounds[0]} to {row.bounds[1]} | {row.reason} |"


def test_the_page_has_the_table():
    assert [line for line in PAGE.read_text().splitlines() if line.startswith("| ")] == list(table())


if __name__ == "__main__":  # writes it there
    PAGE.write_text(PAGE.read_text().partition("| name |")[0] + "\n".join(table()) + "\n")
