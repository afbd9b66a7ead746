"""Settings that expand to much more than they are: rejected by their expanded size, before they are expanded."""

import pytest

from pylops_distributed.errors import OversizedSettingsError
from pylops_flows.cli.options import parse_settings
from pylops_flows.settings.bounded import DEPTH, NODES, check_size, read_yaml
from pylops_flows.settings.pipeline import PipelineConfig, load
from pylops_flows.settings.sweep_grid import expand


def laughs(depth, how="[{}]"):
    """Each line names the one before ten times."""
    lines = ["k0: &k0 [x, x, x, x, x, x, x, x, x, x]" if how == "[{}]" else "k0: &k0 {x: 1, y: 2}"]
    lines += [f"k{i}: &k{i} " + how.format(", ".join([f"*k{i - 1}"] * 10)) for i in range(1, depth)]
    return "\n".join(lines)


LARGE = {
    "aliases, 5": laughs(5), "aliases, 9": laughs(9), "aliases, 45": laughs(45),
    "merge keys": laughs(9, "{{<<: [{}]}}"), "itself": "a: &a [*a]", "brackets": "[" * 5000, "dashes": "- " * 5000,
    "many": f"x: [{'1,' * (NODES + 1)}]", "text": "x: " + "a" * 10**6, "hexadecimal": "x: 0x" + "f" * 1000,
    "sexagesimal": "x: " + ":".join(["59"] * 1000), "digits": "x: " + "9" * 1000,
}  # fmt: skip


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_file_and_an_override(text, tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(
        ValueError, match=r"c\.yaml cannot be read: .*(expected at most|more than|contain themselves)"
    ):
        load(file)
    with pytest.raises(OversizedSettingsError):
        parse_settings([f"cluster.options={text}"])


def test_rejected_settings_are_not_expanded(tmp_path):
    """Containers entered while it is counted: one for each that is written."""
    entered = []

    class Counted(list):
        def __iter__(self):
            entered.append(id(self))
            return super().__iter__()

    value = Counted(["x"] * 10)
    for _ in range(40):
        value = Counted([value] * 10)
    with pytest.raises(OversizedSettingsError, match=r"more than 10\^41 values"):
        check_size({"options": value})
    number = len(entered)
    assert number == 41  # its own name: pytest would write the lists out


def test_the_same_from_any_form():
    """Prefect's forms send JSON, and Python's callers dictionaries."""
    deep = value = {}
    for _ in range(DEPTH + 1):
        value["a"] = value = {}
    for options, words in (
        (deep, "nested more than"), ({"a": [0] * (NODES + 1)}, "values"), ({"n_workers": 2**64}, "65 bits"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            PipelineConfig.model_validate({"dataset": "a", "cluster": {"options": options}})


def test_an_override_deep_down():
    with pytest.raises(ValueError, match="more than 50 levels deep"):
        parse_settings([".".join("a" * 2000) + "=1"])


def test_a_sweep_of_too_many():
    raw = {
        "dataset": "a",
        "solver": {"name": "cgls", "niter": [*range(1, 400)], "damp": [i / 7 for i in range(400)]},
    }
    with pytest.raises(ValueError, match="159600 combinations of values: expected at most 10000"):
        expand(raw, "c.yaml")


def test_aliases_that_stand_for_little():
    raw = read_yaml("a: &a {x: 1, y: [2, 3.5]}\nb: *a\nc: {<<: *a, y: 0x10}\nd: 1_000\ne: 2026-11-30\n")
    assert raw["b"] == {"x": 1, "y": [2, 3.5]}
    assert raw["c"] == {"x": 1, "y": 16}
    assert read_yaml("") is None
