"""Operators on DataArrays: dimensions, coordinates and names, both ways, and through composed operators."""

import pickle

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from dask.base import tokenize

import pylops_distributed as pld
from pylops_distributed.testing import samples

X, T, F = np.arange(4) * 12.5, np.arange(6) * 4.0, np.arange(4) / 24.0


def forbid_compute(*args, **options):
    raise AssertionError("something was computed")


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def array(dims="xt", name="velocity", chunks=2, **coords):
    sizes = {"x": X, "t": T, "f": F, **coords}
    shape = tuple(len(sizes[d]) for d in dims)
    lazy = da.from_array(samples(shape, "f8", seed=len(name)), chunks=chunks)
    return xr.DataArray(lazy, {d: sizes[d] for d in dims}, tuple(dims), name, {"units": "m/s"})


def transform():
    """Real traces to their spectra."""
    op = pld.signalprocessing.FFT((4, 6), axis=1, real=True)
    return op.labelled(model={"x": X, "t": T}, data={"x": X, "f": F})


def check(op, x, dims, name="velocity"):
    """The labelled result holds the plain one's numbers, lazily, and has labels."""
    with dask.config.set(scheduler=forbid_compute):
        y = op @ x
        plain = op @ x.data
        assert isinstance(y.data, da.Array)
    assert isinstance(plain, da.Array)
    assert (y.dims, y.name) == (dims, name)
    np.testing.assert_array_equal(y.values, plain.compute())
    for dim in dims:
        np.testing.assert_array_equal(y[dim], {"x": X, "t": T, "f": F}[dim])
    return y


def test_forward_and_adjoint():
    op, x = transform(), array()
    y = check(op, x, ("x", "f"))
    check(op.H, y, ("x", "t"))


def test_labels_of_a_dataarray_are_its_dims_coords_name_and_attrs():
    x = array().assign_coords(line=7, depth=("x", [3.0, 4, 5, 6]))
    op = pld.FirstDerivative((4, 6)).labelled(model=x)
    back = check(op.H, op @ x, ("x", "t"))
    assert back.attrs == {"units": "m/s"}
    assert (op @ x).attrs == {}
    assert (op @ x).line == 7
    np.testing.assert_array_equal((op @ x).depth, x.depth)


def test_names_alone_are_labels():
    op = pld.Sum((4, 6), axis=1).labelled(model=("x", "t"), data="x")
    y = op @ array().drop_vars(["x", "t"])
    assert y.dims == ("x",)
    assert not y.coords
    assert (op @ array()).dims == ("x",)


def test_axes_are_found_by_name():
    op, x = transform(), array()
    xr.testing.assert_identical((op @ x.transpose("t", "x")).compute(), (op @ x).compute())


COMPOSITIONS = {
    "products": lambda A, D: A @ D @ D.H,
    "products with plain operators inside": lambda A, D: A @ pld.Roll((4, 6), 0) @ D,
    "sums and scalars": lambda A, D: 2 * A - A @ D,
    "powers and parts": lambda A, D: A.conj() @ D**2,
    "sums with plain operators": lambda A, D: A @ (D + pld.Identity((4, 6))),
}


@pytest.mark.parametrize("compose", COMPOSITIONS.values(), ids=COMPOSITIONS.keys())
def test_compositions_have_the_labels_of_their_ends(compose):
    op = compose(transform(), pld.FirstDerivative((4, 6)).labelled({"x": X, "t": T}))
    y = check(op, array(), ("x", "f"))
    check(op.H, y, ("x", "t"))
    check(pickle.loads(pickle.dumps(op)), array(), ("x", "f"))


def test_an_end_without_labels_is_named_and_can_be_given_them():
    op = pld.Roll((4, 6), 0) @ pld.Identity((4, 6)).labelled(("x", "t"))
    with pytest.raises(ValueError, match=r"data of .*ProductOperator.*labelled"):
        op @ array()
    check(op.labelled(data=array("xt")), array(), ("x", "t"))


def test_stacks_take_and_give_one_array_a_member():
    A, D = transform(), pld.FirstDerivative((4, 6)).labelled({"x": X, "t": T})
    x = array()
    stack = pld.VStack([A, D])
    spectrum, slope = stack @ x
    xr.testing.assert_identical(spectrum.compute(), (A @ x).compute())
    xr.testing.assert_identical(slope.compute(), (D @ x).compute())
    back = stack.H @ (spectrum, slope)
    xr.testing.assert_allclose(back.compute(), (A.H @ spectrum + D.H @ slope).compute())
    row = pld.HStack([D, D])
    xr.testing.assert_allclose((row @ (x, x)).compute(), 2 * (D @ x).compute())
    first, second = pld.BlockDiag([A, D]) @ [x, x]
    assert (first.dims, second.dims) == (("x", "f"), ("x", "t"))
    with pytest.raises(ValueError, match="2 arrays"):
        stack.H @ (spectrum,)
    with pytest.raises(ValueError, match="member has no labels"):
        pld.VStack([A, pld.Identity((4, 6))]) @ x


def test_an_operator_that_stacks_itself_may_name_its_members():
    op = pld.Gradient((4, 6)).labelled({"x": X, "t": T}, {"component": ["x", "t"], "x": X, "t": T})
    y = op @ array()
    assert y.dims == ("component", "x", "t")
    np.testing.assert_array_equal(y.sel(component="t"), (pld.FirstDerivative((4, 6), axis=1) @ array().data))
    np.testing.assert_array_equal((op.H @ y), (op.H @ y.data).compute())


def test_division_returns_a_labelled_model():
    op = pld.Diagonal(np.full((4, 6), 2.0)).labelled({"x": X, "t": T})
    model = op / array()
    assert isinstance(model.data, da.Array)
    xr.testing.assert_allclose(model.compute(), array().compute() / 2)
    stack = pld.VStack([op, op])
    xr.testing.assert_allclose((stack / (array(), array())).compute(), array().compute() / 2)


def test_compute_flags_hold():
    op = pld.Diagonal(np.ones((4, 6)), compute=(True, False)).labelled(array())
    assert isinstance((op @ array()).data, np.ndarray)
    assert isinstance((op.H @ array()).data, da.Array)


MISMATCHES = {
    "dimensions": (lambda op: op @ array("xf"), ValueError, r"\('x', 't'\).*\('x', 'f'\) of 'velocity'"),
    "a coordinate": (lambda op: op @ array(t=T + 2), xr.AlignmentError, "'t' is 0.0 to 20.0.*'velocity' is 2.0"),
    "a length": (lambda op: op @ array(x=X[:3]), xr.AlignmentError, "4 samples along 'x'.*3"),
    "labels of another shape": (lambda op: op.labelled(model=("x", "t", "y")), ValueError, "y"),
    "coordinates of another length": (lambda op: op.labelled({"x": X, "t": T[1:]}), ValueError, "'t'"),
    "a product": (
        lambda op: op @ pld.Identity((4, 6)).labelled({"x": X, "t": T + 1}), xr.AlignmentError, "'t'.*data of.*Labelled"
    ),
    "a sum": (lambda op: op.H @ op + _shifted(), xr.AlignmentError, "'x' is"),
    "a stack": (lambda op: pld.VStack([op, _shifted()]), xr.AlignmentError, "'x' is"),
    "a power": (lambda op: pld.Identity((4, 4)).labelled(("x", "t"), ("x", "f")) ** 2, xr.AlignmentError, "'f'"),
    "division": (lambda op: op / array("xf", f=F + 1), xr.AlignmentError, "'f' is"),
}  # fmt: skip


def _shifted():
    return pld.Identity((4, 6)).labelled({"x": X + 1, "t": T})


@pytest.mark.parametrize(("use", "error", "message"), MISMATCHES.values(), ids=MISMATCHES.keys())
def test_a_mismatch_is_an_error_that_names_it(use, error, message):
    with pytest.raises(error, match=message):
        use(transform())


def test_a_labelled_operator_is_the_operator():
    op = pld.FirstDerivative((4, 6))
    named = op.labelled(("x", "t"))
    assert (named.shape, named.dims, named.dtype) == (op.shape, op.dims, op.dtype)
    assert tokenize(named) == tokenize(op.labelled(("x", "t"))) != tokenize(op.labelled(("y", "t")))
    assert pld.utils.dottest(named)
    np.testing.assert_array_equal(named.todense(), op.todense())
    assert op.labels == (None, None)


def test_labelled_numpy_arrays_stay_numpy():
    x = xr.DataArray(np.arange(24.0).reshape(4, 6), {"t": np.arange(6) * 4.0}, ("x", "t"))
    op = pld.FirstDerivative((4, 6), axis=1).labelled(x)
    y = op @ x
    assert (y.dims, type(y.data)) == (("x", "t"), np.ndarray)
    np.testing.assert_array_equal(y, op @ x.values)
    assert isinstance((op @ x.chunk()).data, da.Array)
    assert isinstance((pld.Identity((4, 6)).labelled(x) / x).data, np.ndarray)
