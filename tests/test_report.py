"""What pictures show: which section, on which scale."""

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.plots import limits_of, section
from pylops_distributed.report import plot_model


@pytest.mark.parametrize(
    ("dims", "shape"), [(("lag", "receiver", "virtual"), (7, 5, 1)), (("x", "t"), (5, 7))]
)
def test_a_section_keeps_time_and_space(dims, shape):
    assert sorted(section(xr.DataArray(np.zeros(shape), dims=dims)).shape) == [5, 7]


def test_few_samples_that_are_not_zero_set_the_scale():
    spikes = np.zeros(10000)
    spikes[:3] = -2, 4, 4
    low, high = limits_of([spikes])
    assert low == pytest.approx(-2, rel=0.1)
    assert high == pytest.approx(4, rel=0.1)
    assert limits_of([np.full(3, np.nan)]) == (0.0, 1.0)


def test_a_variable_and_its_truth_are_side_by_side_on_one_scale():
    ramp = xr.DataArray(np.linspace(0, 1, 20).reshape(4, 5), dims=("z", "x"), attrs={"units": "m/s"})
    model = xr.Dataset({"vs": ramp + 0.1, "vp": 3 * ramp + 2, "vs_background": 0.5 * ramp})
    inputs = xr.Dataset({"vp": 4 * ramp + 2, "vs": ramp}).map(lambda a: a.assign_attrs(units="m/s"))
    tree = xr.DataTree.from_dict(
        {"/model": model.map(lambda a: a.assign_attrs(units="m/s")), "/inputs": inputs}
    )
    tree.attrs["problem"] = {"truth": ["vp", "vs"]}
    drawn = {ax.get_title(): ax.collections[0].get_clim() for ax in plot_model(tree).axes}
    assert list(drawn) == ["vp", "true vp", "vs", "true vs", "vs_background"]
    assert drawn["vp"] == drawn["true vp"] != drawn["vs"]
    assert drawn["vs"] == drawn["true vs"] == drawn["vs_background"]
