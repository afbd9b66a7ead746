"""What a run's numbers depend on is part of it: code as it is loaded, files, and arrays by their content."""

import logging
import os
import signal
import subprocess
import sys
import time

import dask
import dask.array as da
import h5py
import numpy as np
import pytest
import xarray as xr
import zarr
from identity_cases import code, own, problem

import pylops_distributed as pld
from pylops_distributed.errors import RunMismatchError, UnidentifiedContentError
from pylops_distributed.ingest import ingest
from pylops_distributed.inversion.run_identity import identity
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.content_digest import token
from pylops_distributed.storage.group_metadata import encode, read_attrs
from pylops_distributed.storage.provenance import fingerprint, machinery
from pylops_distributed.storage.run import Run

CHANGES = {
    "method": ({"own": problem()}, {"own": problem("2.5")}),
    "constant of the module": (
        {"own": problem("SCALE", "SCALE = 2.0")}, {"own": problem("SCALE", "SCALE = 2.5")}
    ),
    "settings of the module": (
        {"own": problem("SETTINGS['a']", "SETTINGS = {'a': 2.0}")},
        {"own": problem("SETTINGS['a']", "SETTINGS = {'a': 2.5}")},
    ),
    "helper's constant": (
        {"helper": "SCALE = 2.0", "own": problem("SCALE", "from helper import SCALE")}, {"helper": "SCALE = 2.5"},
    ),
    "helper of a helper, as a module": (
        {
            "deep": "def f(): return 2.0", "helper": "import deep\ndef g(): return deep.f()",
            "own": problem("helper.g()", "import helper"),
        },
        {"deep": "def f(): return 2.5"},
    ),
    "helper imported within a method": (
        {
            "helper": "SCALE = 2.0",
            "own": problem("self.f()", more="def f(self): from helper import SCALE; return SCALE"),
        },
        {"helper": "SCALE = 2.5"},
    ),
    "base class": (
        {"helper": problem(), "own": "from helper import Own as Base\nclass Own(Base):\n    pass"},
        {"helper": problem("2.5")},
    ),
    # Many projects have a package of this name, and some one that begins as ours do.
    **{
        f"package {package!r}": (
            {
                f"{package}/__init__": "SCALE = 2.0",
                "own": problem("SCALE", f"from {package} import SCALE"),
            },
            {f"{package}/__init__": "SCALE = 2.5"},
        )
        for package in ("flows", "pylops_mine", "problems")
    },
    "decorated helper": (
        {
            "helper": "import functools\n@functools.lru_cache\ndef g(): return 2.0",
            "own": problem("g()", "from helper import g"),
        },
        {"helper": "import functools\n@functools.lru_cache\ndef g(): return 2.5"},
    ),
    "default of a parameter's helper": (
        {"own": problem("f()", "def f(a=2.0): return a")}, {"own": problem("f()", "def f(a=2.5): return a")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), CHANGES.values(), ids=list(CHANGES))
def test_code_that_a_problem_reaches_is_part_of_it(folder, first, second):
    before = own(folder, **first)
    assert own(folder) == before  # the same code again
    assert own(folder, **second) != before


def test_comments_and_other_modules_are_not(folder):
    before = own(folder, own=problem())
    assert own(folder, own="# words\n" + problem(), other="A = 1") == before


def test_code_counts_as_it_is_loaded_not_as_it_is_on_disk(folder):
    before = own(folder, own=problem())
    loaded = sys.modules["own"].Own()
    (folder / "own.py").write_text(problem("2.5"))
    assert code(loaded) == before  # old code in memory is no new code
    assert own(folder) != before


def test_a_class_of_a_notebook_has_an_identity(folder):
    def made(scale):
        space = {"__name__": "__main__"}
        exec(problem("SCALE", f"SCALE = {scale}"), space)
        return code(space["Own"]())

    assert made(2.0) == made(2.0) != made(2.5)


def test_the_content_of_files_is_part_of_it(folder):
    np.save("wavelet.npy", 2.0)
    text = problem("float(np.load(self.file))", field="file: str = 'wavelet.npy'")
    before = own(folder, own=text)
    np.save("wavelet.npy", 2.5)
    assert own(folder) != before
    text = problem("float(np.load('w.npy'))", more="def depends_on(self): return ('w.npy',)")
    with pytest.raises(FileNotFoundError, match=r"w\.npy"):
        own(folder, own=text)
    np.save("w.npy", 2.0)
    before = own(folder)
    np.save("w.npy", 2.5)
    assert own(folder) != before


def test_a_module_that_cannot_be_imported_counts_by_its_name(folder):
    """The method that wants it says so itself, if it is ever called."""
    found = [
        own(folder, own=problem(more=f"def other(self): import {name}")) for name in ("not_here", "nor_here")
    ]
    assert found[0] != found[1]
    (folder / "broken.py").write_text("1 / 0")
    (folder / "broke.py").write_text("1 / 0")
    more = [own(folder, own=problem(more=f"def other(self): import {name}")) for name in ("broken", "broke")]
    assert len({*found, *more}) == 4


def stored(kind, values):
    """An array in a file, lazily."""
    if kind == "zarr":
        zarr.create_array("a.zarr", shape=values.shape, chunks=(4,), dtype=values.dtype, overwrite=True)[
            :
        ] = values
        return da.from_zarr("a.zarr")
    if kind == "hdf5":
        with h5py.File("a.h5", "w") as file:
            file["a"] = values
        return da.from_array(h5py.File("a.h5", "r")["a"], chunks=4)
    if kind == "memory":
        return da.from_array(values.copy(), chunks=4)
    if kind == "memmap":
        np.save("a.npy", values)
        return da.from_array(np.load("a.npy", mmap_mode="r"), chunks=4)
    np.save("a.npy", values)
    return da.from_delayed(dask.delayed(np.load)("a.npy"), values.shape, values.dtype)


@pytest.mark.parametrize("change", [lambda a: a, lambda a: (a[1:] * 2).rechunk(3)], ids=["read", "computed"])
@pytest.mark.parametrize("kind", ["memory", "zarr", "hdf5", "memmap", "delayed"])
def test_arrays_in_files_count_by_content(folder, kind, change):
    values = np.arange(8.0)
    before = token(pld.Diagonal(change(stored(kind, values))))
    assert token(pld.Diagonal(change(stored(kind, values)))) == before
    values[5] += 1e-9
    assert token(pld.Diagonal(change(stored(kind, values)))) != before


def test_parts_of_a_lazy_array_are_distinguished():
    x = da.ones(8, chunks=8) * 2
    others = [x[::-1], x, x * 3, x + 1, *(x[i : i + 3].rechunk(2) for i in range(5))]
    assert len({token(other) for other in others}) == len(others)


def test_arrays_on_workers_count_by_content(cluster, rng):
    values = rng.standard_normal((8, 6))
    x = da.from_array(values, chunks=(4, 3)) * 2
    held, again = x.persist(), da.from_array(2 * values, chunks=(4, 3)).map_blocks(np.copy).persist()
    other = (x + 1e-9).persist()
    assert token(held) == token(again) != token(other)
    assert token(held + 1) == token(again + 1) != token(other + 1)


def test_what_a_solver_holds_counts_by_content(folder):
    def held(values):
        return fingerprint(identity(pld_problem(), "data", CGLS(6, M=pld.Diagonal(stored("zarr", values)))))

    assert held(np.ones(8)) == held(np.ones(8)) != held(np.full(8, 5.0))


def pld_problem():
    return load_problem({"name": "poststack"})


def test_what_has_no_token_says_so():
    with pytest.raises(UnidentifiedContentError, match="generator"):
        token(n for n in range(3))


def test_operators_keep_their_token_when_they_are_used(rng):
    op = pld.MatrixMult(da.from_array(rng.standard_normal((8, 6)), chunks=3))
    before = token(op)
    (op @ da.ones(6)).compute()
    assert token(op) == before != token(2 * op)


def go(folder, op, data, niter=6, x0=None, **more):
    run = Run.create_or_open(folder / "run.zarr", identity={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        return run_solver(CGLS(niter, tol=0.0, **more), op, data, x0, store=store, save=Every(2))


def test_a_library_run_is_safe_without_an_identity(folder, rng):
    op, other = pld.FirstDerivative((12, 8), axis=0), pld.FirstDerivative((12, 8), axis=1)
    x = da.from_array(rng.standard_normal((12, 8)), chunks=4)
    data = op @ x
    first = go(folder, op, data)
    assert go(folder, op, data).state.iteration == first.state.iteration
    for what, words in {
        "other data": lambda: go(folder, op, op @ (x + 1e-12)),
        "other operator": lambda: go(folder, other, data),
        "other damping": lambda: go(folder, op, data, damp=0.1),
        "other x0": lambda: go(folder, op, data, x0=x),
    }.items():
        with pytest.raises(RunMismatchError, match=f"made with an{what}|made with {what}|another"):
            words()
    assert go(folder, op, data, niter=9).state.iteration == 9  # more steps are the same run


@pytest.mark.parametrize("made", ["by hand", "from delayed", "from an array"])
def test_arrays_in_memory_that_are_changed_in_place_are_noticed(folder, rng, made):
    """A graph made by hand holds the array itself; Dask's from_array copies it, so that another one is made."""
    values = rng.standard_normal((12, 8))

    def matrix():
        match made:
            case "by hand":
                return da.Array({("made", 0, 0): values}, "made", ((12,), (8,)), dtype=float)
            case "from delayed":
                return da.from_delayed(dask.delayed(lambda: values)(), values.shape, float)
        return da.from_array(values, chunks=-1)

    lazy = matrix()
    go(folder, pld.MatrixMult(lazy), da.ones(12, chunks=4), niter=3)
    assert go(folder, pld.MatrixMult(matrix()), da.ones(12, chunks=4), niter=5).state.iteration == 5
    values[3, 3] = 7.0
    with pytest.raises(RunMismatchError, match="another operator"):
        go(folder, pld.MatrixMult(lazy if made == "by hand" else matrix()), da.ones(12, chunks=4), niter=7)


def test_a_dead_beginning_binds_nobody(folder):
    op = pld.Diagonal(da.linspace(1, 2, 8, chunks=4))
    run = Run.create_or_open(folder / "run.zarr", identity={})
    with run.attempt() as attempt, CheckpointStore(attempt) as store:
        store.claim(CGLS(4), op, da.ones(8, chunks=4))
        store.witness = {"data.norm": 1.0}  # and no checkpoint was ever saved
    assert go(folder, op, da.zeros(8, chunks=4) + 2).state.iteration == 6


SCRIPT = """
import sys, dask
from pylops_distributed.inversion.inversion import Inversion, begin
from pylops_distributed.problems.registry import load_problem
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.storage.checkpoint_policies import Every
solver = SOLVERS["cgls"](name="cgls", niter=int(sys.argv[1]), tol=0.0)
with dask.config.set(scheduler="sync"):
    run = begin("runs", "ds.zarr", load_problem({"name": "own:Own"}), solver, url="runs/run.zarr")
    with Inversion(run, solver, save=Every(1)) as inversion:
        print("resumed at", inversion.resumed, "ends at", inversion.advance().iteration)
"""


def test_a_changed_helper_ends_a_resume_in_another_process(folder, environment):
    """As a person would: run, edit a module that the problem's module imports, and run again."""
    xr.Dataset({"d": ("x", np.linspace(1, 2, 40) ** 3)}, {"x": np.arange(40.0)}).to_zarr(
        "raw.zarr", consolidated=False
    )
    ingest("raw.zarr", str(folder / "ds.zarr"))
    (folder / "own.py").write_text(problem("SCALE", "from helper import SCALE"))
    (folder / "helper.py").write_text("SCALE = 2.0\n")

    def process(niter, **more):
        done = subprocess.run(
            [sys.executable, "-B", "-c", SCRIPT, str(niter)], capture_output=True, text=True, cwd=folder,
            env={**environment, **more, "PYTHONPATH": os.pathsep.join([str(folder), environment["PYTHONPATH"]])},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    assert "resumed at None ends at 3" in process(3, OPENBLAS_CORETYPE="Nehalem")[1]
    _, words = process(5, OPENBLAS_CORETYPE="Haswell")
    assert "resumed at 3 ends at 5" in words
    if "Nehalem" in words:  # of a processor that has both, with OpenBLAS
        assert "was made with other software or on another processor: blas" in words
    (folder / "helper.py").write_text("SCALE = 7.5\n")
    failed, words = process(7)
    assert failed
    assert "RunMismatchError" in words
    assert "code: " in words


def test_a_resume_with_other_software_says_so(folder, caplog):
    op = pld.Diagonal(da.linspace(1, 2, 8, chunks=4))
    go(folder, op, da.ones(8, chunks=4), niter=2)
    run = Run.open(folder / "run.zarr")
    record = read_attrs(run.storage, "attempts/a0001")
    assert record["software"] == machinery()["software"]
    assert record["processor"]["model"]
    record["software"] = {**record["software"], "numpy": "1.0"}
    run.storage.put("attempts/a0001/zarr.json", encode(record))
    with caplog.at_level(logging.WARNING):
        go(folder, op, da.ones(8, chunks=4), niter=4)
    (said,) = [r.getMessage() for r in caplog.records if "other software" in r.getMessage()]
    assert f"numpy 1.0, now {np.__version__}" in said


def test_on_worker_processes_too(folder, cluster, rng):
    """Arrays in files are read, and numbers proven, where the solve is computed."""
    values = rng.standard_normal((12, 8))
    zarr.create_array("m.zarr", shape=values.shape, chunks=(4, 4), dtype="f8")[:] = values

    def more(niter):
        op = pld.MatrixMult(da.from_zarr(str(folder / "m.zarr")))
        return go(folder, op, da.ones(12, chunks=4), niter=niter).state.iteration

    assert more(3) == 3
    assert more(5) == 5
    zarr.open_array("m.zarr")[3, 3] = 7.0
    with pytest.raises(RunMismatchError, match="another operator"):
        more(7)


STRUCK = """
import sys, hashlib, dask, dask.array as da, numpy as np
from pylops_distributed import Diagonal
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver
from pylops_distributed.storage.checkpoints import CheckpointStore
from pylops_distributed.storage.checkpoint_policies import Every
from pylops_distributed.storage.run import Run
scale = da.from_array(np.linspace(1, 300, 2000), chunks=500)
with dask.config.set(scheduler="sync"), Run.create_or_open(sys.argv[1], identity={}).attempt() as attempt:
    with CheckpointStore(attempt) as store:
        found = run_solver(CGLS(200, tol=0.0), Diagonal(scale), scale + 1, store=store, save=Every(2))
        print(hashlib.sha256(found.x.compute().tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_a_script_that_is_struck_by_ctrl_c_resumes_to_the_same_bits(folder, environment):
    def start(url):
        return subprocess.Popen(
            [sys.executable, "-c", STRUCK, url], cwd=folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    struck = start("struck.zarr")
    while struck.poll() is None and len(list((folder / "struck.zarr").glob("checkpoints/i*/zarr.json"))) < 2:
        time.sleep(0.02)
    struck.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in struck.communicate(timeout=60)[1]
    assert 0 < Run.open(folder / "struck.zarr").status().iteration < 200
    (again, words), (whole, _) = (
        start(url).communicate(timeout=120) for url in ("struck.zarr", "whole.zarr")
    )
    assert again == whole != "", words
