"""Pictures show what they say, and read no more."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

import pylops_distributed as pld
from pylops_distributed.runs.lcurve import curve_point, lcurve_table, plot_lcurve
from pylops_distributed.runs.plots import section


@pytest.fixture(scope="module")
def run(runs):
    return pld.open_run(runs["plain"])


def shown(ax):
    """Values of the picture in axes."""
    (mesh,) = (c for c in ax.collections if hasattr(c, "get_coordinates"))
    return np.asarray(mesh.get_array())


def panels(figure):
    return [ax for ax in figure.axes if ax.get_title()]


def test_convergence(run):
    (line,) = pld.plot_convergence(run).lines
    cost = run["history"]["cost"].values
    np.testing.assert_array_equal(line.get_ydata(), cost / cost[0])


def test_iterates(run):
    figure = pld.plot_iterates(run, n=2, inline=1003)
    models = run["iterates"]["model"].sel(inline=1003)
    assert [ax.get_title() for ax in panels(figure)] == ["iteration 2", "iteration 6"]
    for ax, n in zip(panels(figure), (0, -1), strict=True):
        np.testing.assert_array_equal(shown(ax).reshape(models[n].shape), models[n].values)
    assert len({ax.collections[0].get_clim() for ax in panels(figure)}) == 1


def test_residual(run):
    figure = pld.plot_residual(run)
    assert [ax.get_title() for ax in panels(figure)] == ["observed", "predicted", "residual"]
    expected = run["residual"]["residual"].isel(inline=3).transpose("twt", "crossline").values
    np.testing.assert_array_equal(shown(panels(figure)[2]).reshape(expected.shape), expected)


def test_slices(run):
    impedance = run["model"]["impedance"]
    figure = pld.plot_slices(impedance, twt=901)
    titles = ["inline = 1004", "crossline = 2005", "twt = 901"]
    assert [ax.get_title() for ax in panels(figure)] == titles
    flat = shown(panels(figure)[2])
    np.testing.assert_array_equal(flat.reshape(8, 6), impedance.sel(twt=900).transpose("crossline", "inline"))


def test_spectrum_peaks_where_the_data_do(run):
    data = run["residual"].to_dataset()
    t = data["twt"] / 1000
    tone = np.sin(2 * np.pi * 31.25 * t).broadcast_like(data["observed"])
    tree = xr.DataTree.from_dict({"/residual": xr.Dataset({"observed": tone.assign_coords(twt=data["twt"])})})
    ax = pld.plot_spectrum(tree)
    (line,) = ax.lines
    assert line.get_xdata()[np.argmax(line.get_ydata())] == 31.25
    assert ax.get_xlabel() == "frequency [Hz]"
    assert [line.get_label() for line in pld.plot_spectrum(run).lines] == [
        "observed",
        "predicted",
        "residual",
    ]


def test_difference(runs, run):
    one, two = (pld.open_run(runs[name])["model"]["impedance"] for name in ("plain", "damped"))
    figure = pld.plot_difference(one, two, crossline=2002)
    drawn = next(ax for ax in panels(figure.subfigs[1]))
    expected = (two - one).sel(crossline=2002).transpose("twt", "inline").values
    np.testing.assert_array_equal(shown(drawn).reshape(expected.shape), expected)
    with pytest.raises(ValueError, match="not on one grid"):
        pld.plot_difference(one, two[1:])
    with pytest.raises(ValueError, match="in different units, 'm' and 'ft'"):
        pld.plot_difference(one.assign_attrs(units="m"), two.assign_attrs(units="ft"))


def test_lcurve(runs):
    names = list(runs)
    table = lcurve_table(list(runs.values()), names, [curve_point(url) for url in runs.values()])
    for tree, residual, size in zip(
        map(pld.open_run, runs.values()), table["residual"], table["model"], strict=True
    ):
        assert float(size) == pytest.approx(np.linalg.norm(tree["iterates"]["model"].values[-1].ravel()))
        assert float(residual) == pytest.approx(np.linalg.norm(tree["residual"]["residual"].values.ravel()))
    (line,) = plot_lcurve(table).axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), np.sort(table["residual"].values))


def test_sections_read_what_they_show():
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"])
        return np.ones(block_info[None]["chunk-shape"])

    data = da.map_blocks(block, chunks=((1,) * 3, (10,) * 3, (1,) * 3, (2600,)), dtype=float)
    array = xr.DataArray(data, dims=("iteration", "inline", "crossline", "twt"))
    cut = section(array.isel(iteration=1), inline=25)
    assert cut.dims == ("crossline", "twt")
    assert cut.sizes["twt"] == 1300
    cut.compute(scheduler="sync")
    assert sorted(read) == [(1, 2, k, 0) for k in range(3)]


def test_complex_values_are_shown_by_their_moduli():
    assert section(xr.DataArray(np.array([[3 + 4j]]), dims=("x", "t"))).values == 5


@pytest.mark.parametrize("plot", ["convergence", "iterates", "residual", "spectrum"])
def test_plotting_a_missing_result_is_an_error(plot):
    with pytest.raises(ValueError, match=r"has no (history|iterates|residual) yet"):
        getattr(pld, f"plot_{plot}")(xr.DataTree(name="new"))


def test_a_cut_along_nothing_is_an_error(run):
    with pytest.raises(ValueError, match="no dimension 'depth'"):
        pld.plot_slices(run["model"]["impedance"], depth=3)
    with pytest.raises(ValueError, match="slices need three"):
        pld.plot_slices(run["model"]["impedance"][0])
