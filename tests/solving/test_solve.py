"""The front door: every solver by name, the kind of the arrays, checkpoints, and errors that help."""

import dask.array as da
import numpy as np
import pylops
import pytest
import xarray as xr

import pylops_distributed as pld
from pylops_distributed.errors import RunMismatchError
from pylops_distributed.optimization import CGLS
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.solving.solver_arguments import build_solver
from pylops_distributed.vectors.space import BlockVector

N = 12
MATRIX = np.random.default_rng(0).standard_normal((20, N))
MODEL = np.where(np.arange(N) % 5 == 2, 2.0, 0.0)
DATA = MATRIX @ MODEL
OP = pld.MatrixMult(MATRIX)
SQUARE = pld.MatrixMult(MATRIX.T @ MATRIX)

# What the public functions of PyLops' names find.
PEERS = {
    "cg": lambda: pld.cg(SQUARE, OP.H @ DATA, niter=30)[0],
    "cgls": lambda: pld.cgls(OP, DATA, niter=30)[0],
    "lsqr": lambda: pld.lsqr(OP, DATA, niter=30)[0],
    "lsmr": lambda: pld.lsmr(OP, DATA, niter=30)[0],
    "ista": lambda: pld.ista(OP, DATA, niter=30)[0],
    "fista": lambda: pld.fista(OP, DATA, niter=30)[0],
    "irls": lambda: pld.irls(OP, DATA, nouter=2, engine="pylops", niter=30)[0],
    "omp": lambda: pld.omp(OP, DATA, niter_outer=30, engine="pylops")[0],
    "spgl1": lambda: pld.spgl1(OP, DATA, iter_lim=30)[0],
    "splitbregman": lambda: pld.splitbregman(
        OP, DATA, [pld.FirstDerivative(N)], epsRL1s=[0.3], niter_outer=2, engine="pylops", niter=30
    )[0],
}
SETTINGS = {
    "irls": {"nouter": 2},
    "splitbregman": {"RegsL1": pylops.FirstDerivative(N), "epsRL1s": [0.3], "niter_outer": 2},
}


@pytest.mark.parametrize("name", PEERS)
def test_every_solver_of_pylops_runs_by_name(name):
    op, y = (SQUARE, OP.H @ DATA) if name == "cg" else (OP, DATA)
    solution = pld.solve(op, y, name, niter=30, **SETTINGS.get(name, {}))
    assert type(solution.x) is np.ndarray
    np.testing.assert_allclose(solution.x, PEERS[name](), rtol=1e-6, atol=1e-6)  # steps of ista are estimates
    assert solution.solver == name
    assert solution.iteration == solution.history["cost"].size - 1


def test_all_names_of_the_registry_are_in_the_docstring():
    assert all(f'``"{name}"``' in pld.solve.__doc__ for name in SOLVERS)


def test_defaults_are_those_of_the_algorithms():
    assert build_solver("cgls") == CGLS()
    assert build_solver("cgls", np.int64(3), {"damp": np.float32(0.5)}) == CGLS(3, 0.5)
    assert build_solver("omp", 4).niter_outer == 4
    assert build_solver("ista", settings={"decay": np.ones(2)}).decay == (1.0, 1.0)


def test_weights_of_penalties_are_one():
    derivative = pld.FirstDerivative(N)
    assert build_solver("splitbregman", settings={"RegsL1": [derivative] * 2}).epsRL1s == (1.0, 1.0)


@pytest.mark.parametrize("part", ["op", "y", "x0", "M"])
def test_one_dask_array_anywhere_makes_the_result_one(part):
    given = {"op": MATRIX, "y": DATA, "x0": np.ones(N), "M": np.ones(N)}
    expected = pld.solve(OP, DATA, x0=given["x0"], M=pld.Diagonal(given["M"])).x
    given[part] = da.from_array(given[part], chunks=5)
    solution = pld.solve(pld.MatrixMult(given["op"]), given["y"], x0=given["x0"], M=pld.Diagonal(given["M"]))
    assert isinstance(solution.x, da.Array)
    np.testing.assert_allclose(solution.x, expected, rtol=1e-9, atol=1e-12)


def test_shapes_are_those_of_the_operator_unless_the_start_is_flat():
    op = pld.FirstDerivative((4, 3))
    y = np.arange(12.0).reshape(4, 3)
    assert pld.solve(op, y).x.shape == (4, 3)
    assert pld.solve(op, y.ravel()).x.shape == (4, 3)
    assert pld.solve(op, y, x0=np.zeros(12)).x.shape == (12,)


def test_operators_of_pylops_and_lists_are_taken():
    x = pld.solve(pylops.MatrixMult(MATRIX), list(DATA), niter=30).x
    assert type(x) is np.ndarray
    np.testing.assert_allclose(x, MODEL, atol=1e-3)


def test_blocks_and_labels_are_kept():
    blocks = BlockVector((np.ones(3), np.ones(3)))
    stack = pld.BlockDiag([pld.Diagonal(np.full(3, 2.0))] * 2)
    assert isinstance(pld.solve(stack, blocks).x, BlockVector)
    y = xr.DataArray(np.arange(3.0), dims="t", coords={"t": [0.0, 0.1, 0.2]})
    x = pld.solve(pld.Diagonal(np.full(3, 2.0)).labelled(y), y).x
    assert x.dims == ("t",)
    assert isinstance(x.data, np.ndarray)
    np.testing.assert_allclose(x, y / 2)


def stop_at(iteration, error=None):
    """A callback that stops at an iteration, by what it returns or by an error."""
    count = 0

    def callback(x):
        nonlocal count
        count += 1
        assert x.shape == (N,)
        if count == iteration and error is not None:
            raise error
        return count == iteration

    return callback


@pytest.mark.parametrize(
    ("name", "error"), [("cgls", None), ("cgls", KeyboardInterrupt()), ("ista", ZeroDivisionError())]
)
def test_a_second_call_resumes_and_ends_with_the_same_bits(tmp_path, name, error):
    call = {"niter": 9}
    whole = pld.solve(OP, DATA, name, checkpoint=tmp_path / "whole.zarr", **call)
    place = tmp_path / "cut.zarr"
    if error is None:
        cut = pld.solve(OP, DATA, name, checkpoint=place, callback=stop_at(4), **call)
        assert (cut.iteration, str(cut.reason)) == (4, "stopped by a callback")
    else:
        with pytest.raises(type(error)):
            pld.solve(OP, DATA, name, checkpoint=place, callback=stop_at(4, error), **call)
    taken = []
    resumed = pld.solve(OP, DATA, name, checkpoint=place, callback=taken.append, **call)
    assert len(taken) == 5
    assert type(resumed.x) is type(taken[0]) is np.ndarray
    np.testing.assert_array_equal(resumed.x, whole.x)
    np.testing.assert_array_equal(resumed.history["cost"], whole.history["cost"])


def test_a_finished_solve_is_read_and_more_steps_continue_it(tmp_path):
    call = {"op": OP, "y": DATA, "tol": 0, "checkpoint": tmp_path / "x.zarr"}
    first = pld.solve(niter=4, **call)
    again = pld.solve(niter=4, callback=pytest.fail, **call)
    np.testing.assert_array_equal(again.x, first.x)
    taken = []
    assert pld.solve(niter=6, callback=taken.append, **call).iteration == 6
    assert len(taken) == 2


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"y": DATA + 1e-3}, "data"),
        ({"op": pld.MatrixMult(MATRIX + 1e-3)}, "operator"),
        ({"damp": 0.2}, "solver"),
        ({"x0": np.ones(N)}, "x0"),
    ],
    ids=["data", "operator", "solver", "x0"],
)
def test_checkpoints_of_another_solve_are_not_continued(tmp_path, change, part):
    call = {"op": OP, "y": DATA, "niter": 3, "damp": 0.1, "checkpoint": tmp_path / "x.zarr"}
    pld.solve(**call)
    with pytest.raises(RunMismatchError, match=f"another {part}"):
        pld.solve(**call | change)


def test_an_operator_that_was_applied_to_either_kind_of_array_resumes(tmp_path):
    op = pld.MatrixMult(MATRIX)
    first = pld.solve(op, DATA, niter=3, checkpoint=tmp_path / "x.zarr")
    (op @ da.from_array(MODEL), op @ MODEL)
    assert pld.solve(op, DATA, niter=3, checkpoint=tmp_path / "x.zarr").iteration == first.iteration


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"solver": "cgsl"}, ValueError, r"no solver 'cgsl'\. Did you mean 'cgls'\? The solvers are: .*admml2, "),
        ({"solver": 3}, TypeError, r"a name \(.*admm, .*such as CGLS\(20\), got 3"),
        ({"dampp": 1}, TypeError, r"no setting 'dampp'\. Did you mean 'damp'\? Its settings are: niter, damp, "),
        ({"solver": "spgl1", "damp": 1}, TypeError, "'spgl1' has no setting 'damp'.* Its settings are: tau, "),
        ({"damp": -1}, ValueError, "'cgls': damp=-1: input should be greater than or equal to 0"),
        ({"niter": 2.5}, ValueError, "'cgls': niter=2.5: input should be a valid integer"),
        ({"solver": "ista", "threshkind": "hards"}, ValueError, "threshkind='hards': input should be 'soft', "),
        ({"solver": "splitbregman"}, TypeError, r"also needs RegsL1: see them in help\(.*SplitBregman\)"),
        ({"solver": CGLS(3), "damp": 1}, TypeError, "got also damp: set them there"),
        ({"y": DATA[:5]}, ValueError, r"data y must have the shape \(20,\), got \(5,\)"),
        ({"y": DATA[:, None]}, ValueError, r"data y must have the shape \(20,\), got \(20, 1\)"),
        ({"x0": np.ones((2, 2))}, ValueError, r"initial model x0 must have the shape \(12,\), got \(2, 2\)"),
        (
            {"op": pld.FirstDerivative((4, 3)), "y": np.ones((3, 4))}, ValueError,
            r"the shape \(4, 3\) or, flat, \(12,\), got \(3, 4\)",
        ),
    ],
)  # fmt: skip
def test_errors_name_the_value_given_and_the_nearest_one(change, error, words):
    with pytest.raises(error, match=words):
        pld.solve(**{"op": OP, "y": DATA} | change)


def test_a_solver_with_its_settings_is_taken():
    assert pld.solve(OP, DATA, CGLS(3)).iteration == 3
    assert pld.solve(OP, DATA, SOLVERS["cgls"](niter=3)).solver == "cgls"


def test_numbers_that_are_not_finite_are_logged(caplog):
    solution = pld.solve(OP, DATA * np.nan)
    assert np.isnan(solution.x).all()
    assert "The model is NaN" in caplog.text
    assert "NaN or infinity in" in caplog.text
