"""What pictures show: which section, on which scale."""

import numpy as np
import pytest
import xarray as xr

from pylops_distributed.runs.plots import limits_of, section
from pylops_distributed.runs.report import draw, plot_model


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


def impedances(**arrays):
    """A tree with these variables of a model, in one unit."""
    unit = {"units": "kg m-2 s-1"}
    model = xr.Dataset({name: (("x", "twt"), values, unit) for name, values in arrays.items()})
    tree = xr.DataTree.from_dict({"/model": model})
    tree.attrs["problem"] = {}
    return tree


def clipped(ax, values):
    low, high = ax.collections[0].get_clim()
    return np.mean((values < low) | (values > high))


def test_a_constant_sets_no_scale(rng):
    """Of a constant background all of the impedance was cut off."""
    impedance = 5e6 * np.exp(0.2 * rng.standard_normal((40, 50)))
    figure = plot_model(impedances(background=np.full((40, 50), 5e6), impedance=impedance))
    shown = {ax.get_title(): ax for ax in figure.axes}
    assert shown["background"].collections[0].get_clim() == shown["impedance"].collections[0].get_clim()
    assert clipped(shown["impedance"], impedance) < 0.03
    assert clipped(shown["background"], np.full(1, 5e6)) == 0


def test_no_range_is_cut_by_that_of_another(rng):
    narrow = 5e6 + 1e3 * rng.standard_normal((40, 50))
    wide = 5e6 + 1e6 * rng.standard_normal((40, 50))
    shown = {ax.get_title(): ax for ax in plot_model(impedances(background=narrow, impedance=wide)).axes}
    assert clipped(shown["impedance"], wide) < 0.03
    assert clipped(shown["background"], narrow) == 0


def test_bars_name_what_all_panels_are():
    tree = impedances(background=np.full((4, 5), 5e6), impedance=5e6 + np.arange(20.0).reshape(4, 5))
    tree["model/impedance"].attrs["long_name"] = "acoustic impedance"
    (bar,) = [ax for ax in plot_model(tree).axes if not ax.get_title()]
    assert bar.get_ylabel() == "[kg m-2 s-1]"


def test_each_scale_has_its_own_bar():
    ramp = xr.DataArray(np.arange(20.0).reshape(4, 5), dims=("z", "x"))
    model = xr.Dataset({"vp": ramp.assign_attrs(units="m s-1"), "rho": ramp.assign_attrs(units="kg m-3")})
    tree = xr.DataTree.from_dict({"/model": model})
    tree.attrs["problem"] = {}
    bars = [child.get_ylabel() for ax in plot_model(tree).axes for child in ax.child_axes]
    assert bars == ["rho [kg m-3]", "vp [m s-1]"]


def test_a_constant_alone_is_within_its_scale():
    (ax, *_) = plot_model(impedances(background=np.full((4, 5), 5e6))).axes
    low, high = ax.collections[0].get_clim()
    assert low < 5e6 < high


def test_a_model_without_data_pictures_is_drawn():
    """A problem's ``label`` may return the model alone."""
    model = xr.Dataset({"vp": ("x", np.linspace(0, 1, 5))})
    iterates = model.rename(vp="model").expand_dims(iteration=[1, 2])
    history = xr.Dataset({"cost": ("step", [2.0, 1.0, 0.5])}, {"step": [0, 1, 2]})
    tree = xr.DataTree.from_dict(
        {
            "/model": model,
            "/inputs": model,
            "/residual": xr.Dataset(),
            "/iterates": iterates,
            "/history": history,
        }
    )
    tree.attrs["problem"] = {}
    assert list(draw(tree)) == ["Model", "Convergence", "Iterates"]
