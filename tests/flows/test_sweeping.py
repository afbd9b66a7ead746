"""What a list in a config sweeps, and what it does not."""

import pytest

from pylops_distributed.inversion.run_identity import identity
from pylops_flows.settings.sweep_grid import combination_label, configs, expand, swept

RAW = {
    "name": "a", "dataset": "a.zarr",
    "problem": {"name": "poststack", "wavelet": {"kind": "samples", "values": [0.0, 1.0, 0.0]}},
    "solver": {"name": "fista", "decay": [2.0, 1.0]},
}  # fmt: skip


def with_(**solver):
    return {**RAW, "solver": {**RAW["solver"], **solver}}


def test_lists_that_settings_take_are_no_sweep():
    assert swept(RAW) == {}
    assert swept({**RAW, "dataset": ["a", "b"]}) == {}
    with pytest.raises(ValueError, match="sweeps nothing"):
        expand(RAW, "a.yaml")


def test_every_combination_is_a_separate_run():
    raw = with_(eps=[0.1, 1], alpha=[0.01, None, 0.02])
    raw["problem"] = {**raw["problem"], "wavelet": {"kind": "ricker", "peak": [20, 25]}}
    config, values = expand(raw, "a.yaml")
    assert set(values) == {"solver.eps", "solver.alpha", "problem.wavelet.peak"}
    made = configs(config, values)
    assert len(made) == 12
    assert len({str(identity(c.problem, "data", c.solver)) for c in made}) == 12
    assert made[0] == config
    assert {c.problem.wavelet.peak for c in made} == {20.0, 25.0}
    assert combination_label({"solver.eps": 1, "problem.wavelet.peak": 20}) == "eps=1, peak=20"


def test_names_can_be_swept_too():
    _, values = expand({**RAW, "solver": {"name": ["cgls", "lsqr"]}}, "a.yaml")
    assert values == {"solver.name": ["cgls", "lsqr"]}


def test_a_wrong_value_among_them_is_named():
    with pytest.raises(ValueError, match=r"solver\.eps: .* got -1"):
        expand(with_(eps=[0.1, -1]), "a.yaml")
    with pytest.raises(ValueError, match=r"solver\.epsilon: unknown key"):
        expand(with_(eps=[0.1, 1], epsilon=3), "a.yaml")
