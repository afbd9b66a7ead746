"""What problems take their axes, units and origins for: nothing is guessed in silence."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from pylops_distributed.ingest import Source, ingest, open_dataset
from pylops_distributed.problems.fields.variables import check_spacing, in_unit, step
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.problems.registry import PROBLEMS, load_problem
from pylops_distributed.units.parsing import factor, parse_unit

RICKER = {"kind": "ricker", "peak": 20.0}


@pytest.fixture(scope="module")
def cases():
    """Problem and data of each demo, made once."""
    made = {}

    def make(name, **changes):
        if name not in made:
            made[name] = PROBLEMS[name].demo()
        return load_problem({**made[name].settings["problem"], **changes}), made[name].data.chunk()

    return make


def stack(**coords):
    """Amplitudes without coordinates but these."""
    values = np.random.default_rng(0).standard_normal((50, 5))
    return xr.Dataset({"amplitude": (("twt", "x"), values)}, coords).chunk()


# -- sampling -----------------------------------------------------------------------------------------------


def test_arrays_without_times_are_rejected_and_an_option_supplies_them(tmp_path):
    np.savez(tmp_path / "a.npz", amplitude=stack().amplitude.values)
    problem = Poststack(background=5e6, wavelet=RICKER)
    ref = ingest(
        Source(path=str(tmp_path / "a.npz"), options={"dims": ["twt", "x"]}), str(tmp_path / "a.zarr")
    )
    with pytest.raises(
        ValueError, match=r"no coordinate 'twt', only \[\]: .* interval, such as \{twt: 4 ms\}"
    ):
        problem.check(open_dataset(ref.url))
    options = {"dims": ["twt", "x"], "interval": 4}
    ref = ingest(Source(path=str(tmp_path / "a.npz"), options=options), str(tmp_path / "b.zarr"))
    problem.check(ds := open_dataset(ref.url))
    assert problem._interval(ds) == 4


@pytest.mark.parametrize(
    ("name", "axis"),
    [
        ("prestack", "twt"),
        ("prestack", "angle"),
        ("mdd", "t"),
        ("marchenko", "t"),
        ("lsm", "t"),
        ("lsm", "source"),
    ],
)
def test_every_problem_that_needs_an_axis_rejects_its_absence_and_sample_numbers(name, axis, cases):
    problem, ds = cases(name)
    with pytest.raises(ValueError, match=f"coordinate.*{axis}"):
        problem.check(ds.drop_vars(axis))
    numbers = ds.assign_coords({axis: np.arange(ds.sizes[axis])})
    with pytest.raises(ValueError, match=f"'{axis}' has no unit, and is 0, 1, 2, .* sample numbers"):
        problem.check(numbers)


def test_an_estimated_wavelet_needs_times_too():
    problem = Poststack(background=5e6, wavelet={"kind": "statistical"})
    with pytest.raises(ValueError, match="no coordinate 'twt'"):
        problem.prepare(stack())


@pytest.mark.parametrize(
    ("values", "unit", "words"),
    [
        (np.arange(5), "ms", "sample numbers"), (np.arange(5.0), "s", "sample numbers"),
        (0.004 * np.arange(5), "ms", "look like seconds"), (4.0 * np.arange(5), "s", "look like milliseconds"),
        (np.linspace(0, 0.7, 5), "deg", "look like radians"),
    ],
)  # fmt: skip
def test_values_without_a_unit_that_are_of_no_size_for_it(values, unit, words):
    axis = xr.DataArray(values, dims="t", name="t")
    with pytest.raises(ValueError, match=f"'t' has no unit, and is .*{words}; expected {unit}"):
        in_unit(axis, unit)
    np.testing.assert_array_equal(in_unit(axis.assign_attrs(units=unit), unit), values)


@pytest.mark.parametrize("written", ["Ms", "MS", "tick", "4"])
def test_an_unknown_unit_is_not_taken_for_one_whose_size_the_values_do_not_have(written):
    axis = xr.DataArray(4.0 * np.arange(5), dims="t", name="t", attrs={"units": written})
    with pytest.raises(
        ValueError, match=f"'t' has the unit '{written}', which is not known.*look like milliseconds"
    ):
        in_unit(axis, "s")


@pytest.mark.parametrize(("written", "factor"), [("Seconds", 1), ("MSEC", 1e-3), ("Milliseconds", 1e-3)])
def test_words_for_units_may_have_capital_letters(written, factor):
    axis = xr.DataArray(np.arange(5.0), dims="t", name="t", attrs={"units": written})
    np.testing.assert_allclose(in_unit(axis, "s"), factor * axis)


def test_steps():
    assert step(stack(twt=4.0 * np.arange(50)), "twt", "ms") == 4
    assert step(stack(twt=("twt", 4000.0 * np.arange(50), {"units": "us"})), "twt", "ms") == pytest.approx(4)
    for values in (4.0 * np.arange(50)[::-1], np.zeros(50), np.arange(50.0) ** 2):
        with pytest.raises(ValueError, match="must rise in equal steps"):
            step(stack(twt=("twt", values, {"units": "ms"})), "twt", "ms")


@pytest.mark.parametrize("name", ["mdd", "marchenko"])
def test_a_distance_of_receivers_that_contradicts_their_positions(name, cases):
    problem, ds = cases(name)
    metres = ds.assign_coords(receiver=("receiver", ds.receiver.values, {"units": "m"}))
    problem.check(metres)
    feet = ds.assign_coords(receiver=("receiver", ds.receiver.values / 0.3048, {"units": "ft"}))
    problem.check(feet)
    other, _ = cases(name, dr=1.0)
    with pytest.raises(ValueError, match="dr is 1 m, but 'receiver' is in steps of 1"):
        other.check(metres)
    check_spacing(ds, "receiver", 1.0, "dr")  # which says no unit


# -- units --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("kg m-2 s-1", 1), ("kg/m2/s", 1), ("kg/(m2 s)", 1), ("kg/m^2/s", 1), ("kg.m-2.s-1", 1), ("kg/m2 s", 1),
        ("Pa s m-1", 1), ("rayl", 1), ("kg·m⁻²·s⁻¹", 1), ("(kg/m**3)*(m/s)", 1), ("g cm-3 m s-1", 1e3),
        ("m/s g/cm3", 1e3), ("g/cc.m/s", 1e3), ("g cm-3 km s-1", 1e6), ("km/s*g/cm^3", 1e6), ("MRayl", 1e6),
    ],
)  # fmt: skip
def test_units_of_impedance(text, size):
    assert factor(text, "kg m-2 s-1") == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize("text", ["", " ", "furlong", "m/", "(m", "m)", "m2 zz", "10^6 m"])
def test_units_that_are_not_known(text):
    assert parse_unit(text) is None or text == "m/"


def test_units_of_other_kinds():
    for one, other in (("m", "ms"), ("m/s", "kg m-2 s-1"), ("1/s", "s"), ("deg", "m")):
        with pytest.raises(ValueError, match="units of different kinds"):
            factor(one, other)


def background(value, **attrs):
    ds = stack(twt=("twt", 4.0 * np.arange(50), {"units": "ms"}))
    return ds.assign(background=(("twt", "x"), np.full((50, 5), value), attrs)).chunk()


@pytest.mark.parametrize(
    ("value", "attrs", "unit"),
    [
        (6.5, {"units": "g cm-3 km s-1"}, "g cm-3 km s-1"), (6.5e6, {"units": "kg m-2 s-1"}, "kg m-2 s-1"),
        (6.5e6, {}, "kg m-2 s-1"), (6.5, {}, None), (6.5e3, {}, None),
    ],
)  # fmt: skip
def test_impedances_have_the_unit_of_the_background(value, attrs, unit, caplog):
    problem, ds = Poststack(wavelet=RICKER), background(value, **attrs)
    problem.check(ds)
    result = problem.label(ds, da.zeros((50, 5)))
    assert result.impedance.attrs.get("units") == result.background.attrs.get("units") == unit
    np.testing.assert_allclose(result.impedance, value)
    assert ("results have no unit" in caplog.text) == (unit is None)


def test_a_number_as_background_is_in_si_units():
    ds = background(1.0)
    for value, unit in ((5e6, "kg m-2 s-1"), (6.5, None)):
        result = Poststack(wavelet=RICKER, background=value).label(ds, da.zeros((50, 5)))
        assert result.impedance.attrs.get("units") == unit


@pytest.mark.parametrize("unit", ["m/s", "ms", "kg m-3"])
def test_units_that_are_none_of_impedance(unit):
    with pytest.raises(ValueError, match=f"'background' is in '{unit}', expected a unit like 'kg m-2 s-1'"):
        Poststack(wavelet=RICKER).check(background(6.5, units=unit))


def test_errors_compare_in_one_unit(caplog):
    ds = background(6.5, units="g cm-3 km s-1")
    ds = ds.assign(truth=(("twt", "x"), np.full((50, 5), 13e6), {"units": "kg m-2 s-1"}))
    problem = Poststack(wavelet=RICKER, truth="truth")
    result = problem.label(ds, da.zeros((50, 5)))
    assert float(problem.metrics(ds, result)["impedance_error"]) == pytest.approx(0.5)
    ds.truth.attrs["units"] = "m/s"
    assert problem.metrics(ds, result).get("impedance_error") is None
    assert "units of different kinds" in caplog.text


def test_velocities_have_the_unit_of_the_background(cases):
    problem, ds = cases("prestack")
    x = da.zeros(problem.operator(ds).dims)
    assert problem.label(ds, x).vp.units == "m s-1"
    assert problem.label(ds, x).rho.units == "kg m-3"
    other = ds.assign(vp0=(ds.vp0 / 1000).assign_attrs(units="km/s"), rho0=ds.rho0 / 1000)
    result = problem.label(other, x)
    assert result.vp.units == result.vp_background.units == "km/s"
    assert "units" not in result.rho.attrs
    same = problem.metrics(ds, problem.label(ds, x))["vp_background_error"]
    assert float(problem.metrics(other, result)["vp_background_error"]) == pytest.approx(float(same))
    with pytest.raises(ValueError, match="'vs0' is in 'ms', expected a unit like 'm s-1'"):
        problem.check(ds.assign(vs0=ds.vs0.assign_attrs(units="ms")))


def test_a_migration_velocity_is_converted_and_on_the_points_of_the_image(cases):
    problem, ds = cases("lsm", velocity="velocity")
    x, z = problem.x.values(), problem.z.values()
    velocity = xr.DataArray(
        np.full((x.size, z.size), 1.5), {"x": x, "z": z}, ("x", "z"), attrs={"units": "km/s"}
    )
    np.testing.assert_allclose(problem._velocities(ds.assign(velocity=velocity)), 1500)
    for wrong in (velocity[:-1], velocity.assign_coords(x=x + 2)):
        with pytest.raises(ValueError, match=r"points along 'x'.*the image 81"):
            problem._velocities(xr.Dataset({"velocity": wrong}))
    with pytest.raises(ValueError, match="'velocity' is in 's', expected 'm s-1'"):
        problem._velocities(xr.Dataset({"velocity": velocity.assign_attrs(units="s")}))


# -- origins ------------------------------------------------------------------------------------------------

IMAGE = np.zeros((64, 48))
IMAGE[24:40, 18:26] = 1
SPECTRA = {
    ("first", "middle"): lambda x: np.fft.fftshift(np.fft.fft2(x, norm="ortho")),
    ("middle", "middle"): lambda x: np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(x), norm="ortho")),
    ("first", "first"): lambda x: np.fft.fft2(x, norm="ortho"),
    ("middle", "first"): lambda x: np.fft.fft2(np.fft.ifftshift(x), norm="ortho"),
}


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize(("origin", "zero"), SPECTRA)
def test_origins_of_image_and_spectrum(origin, zero, share):
    mask = np.broadcast_to(np.random.default_rng(3).random(48) < share, IMAGE.shape)
    spectrum = SPECTRA[origin, zero](IMAGE) * mask
    ds = xr.Dataset({"spectrum": (("ky", "kx"), spectrum), "mask": (("ky", "kx"), mask * 1.0)}).chunk()
    found = PROBLEMS["mri"](origin=origin, zero=zero).operator(ds)
    np.testing.assert_allclose(found.apply(da.from_array(IMAGE)).compute(), spectrum, atol=1e-12)
    if share == 1:
        back = found.apply_adjoint(da.from_array(spectrum)).compute()
        np.testing.assert_allclose(back, IMAGE, atol=1e-12)
    problem = PROBLEMS["mri"]()
    if (origin, zero) == ("first", "middle"):
        problem.check(ds)
        return
    words = "halves swapped: give origin: middle" if zero == "middle" else "give zero: first"
    for run in (problem.check, problem.operator):
        with pytest.raises(ValueError, match=words):
            run(ds)


def test_a_default_that_was_not_said_is_no_part_of_the_settings():
    """Runs made before there was a choice are the same ones."""
    problem = PROBLEMS["mri"]()
    assert not {"origin", "zero"} & set(problem.model_dump(mode="json"))
    said = PROBLEMS["mri"](origin="first")
    assert said.model_dump()["origin"] == "first"
    assert load_problem(said.model_dump(mode="json")) == said


def test_dates_are_no_times_and_durations_are():
    days = np.array(["2020-01-01", "2020-01-02"], "M8[ns]")
    with pytest.raises(ValueError, match="'t' holds dates, expected numbers in 's'"):
        in_unit(xr.DataArray(days, dims="t", name="t"), "s")
    np.testing.assert_array_equal(in_unit(xr.DataArray(days - days[0], dims="t", name="t"), "ms"), [0, 864e5])
