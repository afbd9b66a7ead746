"""Estimated memory of operators, compared with measured memory."""

import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest
from cases import CASES
from dask.callbacks import Callback

import pylops_distributed as pld
from pylops_distributed.compat.dask import Alias, DataNode
from pylops_distributed.errors import InsufficientMemoryError
from pylops_distributed.linearoperator.memory_check import check_memory
from pylops_distributed.vectors.space import BlockVector, arrays_of


def measured(*arrays):
    """Peak bytes of each task, what it is given included."""
    peaks, held = {}, {}

    def before(key, graph, state):
        given = sum(_size(state["cache"].get(k)) for k in graph[key].dependencies)
        tracemalloc.reset_peak()
        held[key] = given - tracemalloc.get_traced_memory()[0]

    def after(key, value, graph, state, worker):
        peaks[key] = held[key] + tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    with dask.config.set(scheduler="sync"), Callback(pretask=before, posttask=after):
        dask.persist(*arrays)
    tracemalloc.stop()
    return peaks


def _size(value):
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return getattr(value, "nbytes", 0)


N = (256, 512)
CHUNKS = (64, 128)
TRACES = (256, 128)
KERNEL = da.from_array(np.ones((33, 60, 60), "c8"), chunks=(11, 60, 60))
sp, wp = pld.signalprocessing, pld.waveeqprocessing
OPERATORS = {
    "Diagonal": (lambda: pld.Diagonal(da.from_array(np.ones(N), chunks=CHUNKS)), None),
    "MatrixMult": (lambda: pld.MatrixMult(da.from_array(np.ones((1024, 1024)), chunks=256)), None),
    "FirstDerivative": (lambda: pld.FirstDerivative(N), CHUNKS),
    "Laplacian": (lambda: pld.Laplacian(N), CHUNKS),
    "Smoothing2D": (lambda: pld.Smoothing2D([5, 5], N), CHUNKS),
    "CausalIntegration": (lambda: pld.CausalIntegration(N), CHUNKS),
    "Roll": (lambda: pld.Roll(N, 0, 3), CHUNKS),
    "VStack": (lambda: pld.VStack([pld.Identity(N), pld.Laplacian(N)]), CHUNKS),
    "a chain": (lambda: 2 * pld.Laplacian(N) @ pld.FirstDerivative(N).H, CHUNKS),
    "Spread": (lambda: pld.Spread((64, 128), (64, 128), table=np.tile(np.arange(64.0), (64, 128, 1))), None),
    "Radon2D": (lambda: sp.Radon2D(np.arange(128.0), np.arange(64.0), np.linspace(-0.1, 0.1, 33)), None),
    "FFT": (lambda: sp.FFT(N, axis=0, real=True), CHUNKS),
    "FFT2D": (lambda: sp.FFT2D(N, nffts=N), CHUNKS),
    "Convolve1D": (lambda: sp.Convolve1D(N, np.ones(21), offset=10), CHUNKS),
    "Convolve2D": (lambda: sp.Convolve2D(N, np.ones((5, 5)), offset=(2, 2)), CHUNKS),
    "ConvolveND": (lambda: sp.ConvolveND((32, 64, 64), np.ones((3, 3, 3)), (1, 1, 1), (0, 1, 2)), (16, 32, 32)),
    "UDCT": (lambda: sp.UDCT((128, 128)), None),
    "Fredholm1": (lambda: sp.Fredholm1(da.from_array(np.ones((32, 64, 64)), chunks=(8, 64, 64)), 8), None),
    "PWSprayer2D": (lambda: sp.PWSprayer2D((64, 128), np.zeros((64, 128)), 1), None),
    "NonStationaryConvolve2D": (
        lambda: sp.NonStationaryConvolve2D((128, 256), np.ones((2, 2, 5, 5)), (30, 90), (60, 180)), CHUNKS
    ),
    "BlendingContinuous": (lambda: wp.BlendingContinuous(128, 16, 20, 0.004, np.arange(20) * 0.2), None),
    "MRI2D": (lambda: pld.medical.MRI2D((256, 256), np.eye(256) > 0), None),
    "DCT": (lambda: sp.DCT(N), CHUNKS),
    "DWT": (lambda: sp.DWT(N, axis=1, level=2), (64, 512)),
    "DWT2D": (lambda: sp.DWT2D(N, level=2), (256, 512)),
    "Shift": (lambda: sp.Shift(N, 1.5, axis=1), (64, 512)),
    "Interp": (lambda: sp.Interp(N, np.linspace(1, 250, 200), axis=0, kind="linear")[0], CHUNKS),
    "Bilinear": (lambda: sp.Bilinear(np.random.default_rng(0).uniform(1, 250, (2, 3000)), N), CHUNKS),
    "Seislet": (lambda: sp.Seislet(np.zeros((64, 128)), sampling=(1, 1)), None),
    "ChirpRadon2D": (lambda: sp.ChirpRadon2D(np.arange(128.0), np.arange(-32.0, 33), 1.0), None),
    "FourierRadon2D": (
        lambda: sp.FourierRadon2D(np.arange(128.0), np.arange(64.0), np.linspace(-1, 1, 33), 128), None
    ),
    "MDC": (lambda: wp.MDC(KERNEL, nt=65, nv=8), None),
    "PoststackLinearModelling": (
        lambda: pld.avo.poststack.PoststackLinearModelling(np.ones(21), 256, spatdims=512), TRACES
    ),
    "PrestackLinearModelling": (
        lambda: pld.avo.prestack.PrestackLinearModelling(
            np.ones(21), np.linspace(0, 30, 5), vsvp=0.5, nt0=128, spatdims=64
        ), None
    ),
}  # fmt: skip


def filled(chunks, space):
    """A vector of ones, computed."""
    spaces = getattr(space, "spaces", (space,))
    ones = (da.ones(s.shape, chunks=c, dtype=s.dtype) for s, c in zip(spaces, chunks, strict=True))
    arrays = tuple(a.persist(scheduler="sync") for a in ones)
    return BlockVector(arrays) if hasattr(space, "spaces") else arrays[0]


@pytest.mark.parametrize("name", OPERATORS)
def test_tasks_take_the_estimated_memory(name):
    make, chunks = OPERATORS[name]
    op = make()
    said = op.describe(chunks)
    for cost, f, given in ((said.forward, op, said.model), (said.adjoint, op.H, said.data)):
        x = filled(given, f.domain)
        # The least of some: threads of clusters that other tests have started allocate, too.
        took = min(max(measured(*arrays_of(f.apply(x))).values()) for _ in range(3))
        assert 0.5 * cost.peak <= took <= cost.need


def test_describing_computes_nothing_and_counts_the_tasks_that_run():
    differ = set()
    for case in CASES:
        op = case.operator(case.usual)
        with dask.config.set(scheduler=forbid_compute):
            said = op.describe(3)
        for cost, f, given in ((said.forward, op, said.model), (said.adjoint, op.H, said.data)):
            arrays = dask.optimize(*arrays_of(f.apply(filled(given, f.domain))))
            tasks = dict(arrays[0].__dask_graph__())
            if cost.tasks != len([t for t in tasks.values() if not isinstance(t, Alias | DataNode)]):
                differ.add(case.name)
    # What only hands a block on is a task or none, as the array that comes will have it.
    assert len(differ) < 0.1 * len(CASES), differ


def forbid_compute(*args, **options):
    raise AssertionError("something was computed")


def test_bytes_read_and_moved():
    weights = da.from_array(np.ones((40, 30)), chunks=10)
    said = pld.Diagonal(weights).describe()
    assert said.forward.read == 2 * 40 * 30 * 8  # the weights and the model
    assert said.forward.moved == 0
    said = pld.FirstDerivative((40, 30), axis=0).describe((10, 30))
    assert said.forward.read == 40 * 30 * 8
    assert said.forward.moved == (1 + 2 + 2 + 2 + 2 + 1) * 30 * 8  # inner chunks hand both rows to both sides
    both = pld.VStack([pld.FirstDerivative((40, 30), axis=0), pld.Identity((40, 30))]).describe((10, 30))
    assert both.adjoint.moved == said.adjoint.moved
    assert both.adjoint.read == 2 * said.adjoint.read
    assert pld.Transpose((40, 30), (1, 0)).describe(10).forward.moved == 0
    assert pld.signalprocessing.FFT((40, 30), axis=0).describe((10, 30)).forward.moved == 3 / 4 * 40 * 30 * 16


def test_descriptions_print_as_a_table():
    text = str((pld.Roll(40) @ pld.Laplacian((10, 4))).describe((5, 4)))
    assert text.splitlines()[1].split() == ["tasks", "read", "moved", "peak", "a", "task", "at", "most"]
    assert "Laplacian" in text


def test_data_may_say_how_the_model_is_chunked():
    op = pld.FirstDerivative((40, 30))
    said = op.describe(data=da.zeros((40, 30), chunks=(8, 30)))
    assert said.model == said.data == (((8,) * 5, (30,)),)


def test_too_large_a_task_is_rejected_and_the_axis_named():
    op = pld.FirstDerivative((400, 300), axis=1)
    check_memory(op, "64 MiB", threads=2, chunks=-1)
    with pytest.raises(
        InsufficientMemoryError, match=r"FirstDerivative.*\(forward\).*axis 0 of the model from 400 to \d+"
    ) as caught:
        check_memory(op, "4 MiB", threads=1, chunks=-1)
    rows = int(str(caught.value).split("to ")[-1].split(" ")[0])
    check_memory(op, "4 MiB", threads=1, chunks=(rows, 300))
    with pytest.raises(InsufficientMemoryError):
        check_memory(op, "4 MiB", threads=2, chunks=(rows, 300))
    fft = pld.signalprocessing.FFT((400, 300), axis=0)  # needs axis 0 whole
    with pytest.raises(MemoryError, match=r"FFT.*axis 1 of the model from 300 to \d+") as caught:
        check_memory(fft, "8 MiB", threads=1, chunks=(-1, 300))
    check_memory(fft, "8 MiB", threads=1, chunks=(-1, int(str(caught.value).split("to ")[-1].split(" ")[0])))
    with pytest.raises(InsufficientMemoryError, match=r"MatrixMult.*axis 1, of 500 samples"):
        check_memory(2 * pld.MatrixMult(da.ones((300, 500), chunks=-1)), "2 MiB", threads=1)
    with pytest.raises(InsufficientMemoryError, match=r"VStack|Laplacian"):
        check_memory(pld.VStack([pld.Laplacian((400, 300)), pld.Identity((400, 300))]), "1 MiB", threads=1)


def test_the_limit_is_that_of_the_workers(cluster):
    op = pld.Identity((400, 300))
    with dask.config.set(scheduler=None):
        check_memory(op)
        limit = min(w["memory_limit"] for w in cluster.scheduler_info(n_workers=-1)["workers"].values())
        large = pld.FirstDerivative(limit // 8)
        with pytest.raises(InsufficientMemoryError, match="FirstDerivative"):
            check_memory(large, chunks=-1)
