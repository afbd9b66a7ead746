"""Post-stack inversion: the same as PyLops', and what data do not fit it."""

import numpy as np
import pytest
import yaml

from benchmarks.poststack import with_ours, with_pylops
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.synthetic.layered_volume import layered_volume
from pylops_flows.cli.demo_data import SETTINGS

DEMO = yaml.safe_load(SETTINGS)["problem"]


@pytest.mark.parametrize("shape", [(10, 12, 48), (12, 48)])
def test_the_demo_is_solved_as_pylops_does(shape):
    ds, problem = layered_volume(shape, seed=1), Poststack.model_validate(DEMO)
    found, wanted = (solve(ds, problem, 20) for solve in (with_ours, with_pylops))
    assert np.linalg.norm(wanted) > 1
    assert np.linalg.norm(found - wanted) < 1e-12 * np.linalg.norm(wanted)


def test_seconds_are_converted_and_other_units_rejected():
    ds, problem = layered_volume((12, 48), seed=1), Poststack.model_validate(DEMO)
    seconds = ds.assign_coords(twt=("twt", ds.twt.values / 1000, {"units": "s"}))
    np.testing.assert_allclose(with_ours(seconds, problem, 2), with_ours(ds, problem, 2), rtol=1e-9)
    ds.twt.attrs["units"] = "m"
    with pytest.raises(ValueError, match="'twt' is in 'm', expected 'ms'"):
        problem.check(ds)
