"""Checks of an operator: dot test, every chunking, parity with a reference, laziness, stable keys, few tasks."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import cloudpickle
import dask
import dask.array as da
import numpy as np
from dask.base import tokenize
from numpy.typing import DTypeLike

from pylops_distributed.compat.dask import Alias, DataNode, subgraph
from pylops_distributed.linearoperator.operator import LinearOperator, aslinearoperator
from pylops_distributed.testing.arrays import CHUNKINGS, cut, precision, samples
from pylops_distributed.testing.checks import Check, expect, expect_close, forbid_compute
from pylops_distributed.testing.numpy_vectors import expect_numpy_images
from pylops_distributed.vectors.space import BlockSpace
from pylops_distributed.vectors.types import NDArray

DTYPES = ("f4", "f8", "c8", "c16")


@dataclass(frozen=True)
class OperatorCase:
    """An operator, and what holds of it.

    Parameters
    ----------
    name : str
        Shown with the checks.
    make : callable
        Function of a NumPy dtype that returns the operator: of this library, or PyLops', which is lifted.
    reference : callable, optional
        The same for an operator of PyLops on NumPy arrays, with the same shapes and numbers. Without it, results of
        all chunkings are compared with that of one chunk.
    tasks : tuple of int, optional
        Most tasks of forward and adjoint for each chunk of the side that has more of them.
    constant : bool, optional
        Whether the operator ignores its input.
    dtypes : tuple of str, optional
        Types of the operator.
    rechunks : bool, optional
        Whether tasks that only rechunk count.
    reference_types : bool, optional
        Whether data of double precision give results of the same type as those of the reference.

    Examples
    --------
    >>> import pylops_distributed as pld
    >>> from pylops_distributed.testing import OperatorCase, check_operator
    >>> check_operator(OperatorCase("flip", lambda dtype: pld.Flip((6, 4), dtype=dtype)))
    """

    name: str
    make: Callable[[np.dtype[Any]], Any]
    reference: Callable[[np.dtype[Any]], Any] | None = None
    tasks: tuple[int, int] = (4, 4)
    constant: bool = False
    dtypes: tuple[str, ...] = DTYPES
    rechunks: bool = True
    reference_types: bool = True

    @property
    def usual(self) -> str:
        """The type of checks that need one only."""
        return "f8" if "f8" in self.dtypes else self.dtypes[-1]

    def operator(self, dtype: DTypeLike) -> LinearOperator:
        """The operator, of a type."""
        return aslinearoperator(self.make(np.dtype(dtype)))

    def counterpart(self, dtype: DTypeLike) -> Any:
        """The reference of a type; None if there is none."""
        if self.reference is None:
            return None
        with warnings.catch_warnings():  # PyLops warns about PyLops
            warnings.simplefilter("ignore")
            return self.reference(np.dtype(dtype))


def check_operator(case: OperatorCase) -> None:
    """Run all checks of an operator.

    Parameters
    ----------
    case : OperatorCase
        The operator.

    Raises
    ------
    AssertionError
        If a check fails.
    """
    for check in _checks(case):
        check()


def operator_checks(*cases: OperatorCase) -> tuple[str, list[Check]]:
    """Checks of operators as the arguments of ``pytest.mark.parametrize``.

    Parameters
    ----------
    *cases : OperatorCase
        The operators.

    Returns
    -------
    tuple
        The name ``"check"``, and the checks, each to be called by the test.

    Examples
    --------
    >>> import pylops_distributed as pld
    >>> from pylops_distributed.testing import OperatorCase, operator_checks
    >>> name, checks = operator_checks(OperatorCase("flip", lambda dtype: pld.Flip(6, dtype=dtype)))
    >>> checks[0].__name__
    'flip-every_chunking-f4'

    In a file of tests:

    .. code-block:: python

        @pytest.mark.parametrize(*operator_checks(*CASES))
        def test_operator(check):
            check()
    """
    return "check", [check for case in cases for check in _checks(case)]


def _checks(case: OperatorCase) -> Iterator[Check]:
    for dtype in case.dtypes:
        yield _check(case, _every_chunking, dtype)
    for function in (
        _precision_kept, _linear, _declared_chunks, _laziness, _flat_and_batched, _numpy_vectors, _stable_keys,
        _few_tasks,
    ):  # fmt: skip
        yield _check(case, function)


def _check(case: OperatorCase, function: Callable[..., None], *dtype: str) -> Check:
    name = "-".join((case.name, function.__name__.strip("_"), *dtype))
    return Check(name, partial(_in_this_thread, function, case, *dtype))


def _in_this_thread(function: Callable[..., None], *arguments: object) -> None:
    with dask.config.set(scheduler="sync"):
        function(*arguments)


def _every_chunking(case: OperatorCase, dtype: str) -> None:
    """Forward and adjoint are those of the reference for every chunking, and pass the dot test."""
    op, peer = case.operator(dtype), case.counterpart(dtype)
    if peer is not None:
        shapes = (op.shape, op.dims, op.dimsd), (peer.shape, tuple(peer.dims), tuple(peer.dimsd))
        expect(shapes[0] == shapes[1], f"shape, dims and dimsd are {shapes[0]}, of the reference {shapes[1]}")
    x, y = samples(op.dims, op.domain.dtype, seed=1), samples(op.dimsd, op.codomain.dtype, seed=2)
    forward, adjoint = _images(op, x), _images(op.H, y)
    for side, images, expected in (
        ("forward", forward, forward["one"] if peer is None else peer @ x),
        ("adjoint", adjoint, adjoint["one"] if peer is None else peer.H @ y),
    ):
        for chunking, image in images.items():
            expect_close(image, expected, precision(dtype), f"{side} of the chunks {chunking!r}")
    for chunking in CHUNKINGS:
        _dot_test(op, x, y, forward[chunking], adjoint[chunking], precision(dtype))


def _dot_test(op: LinearOperator, x: NDArray, y: NDArray, Ax: NDArray, Ay: NDArray, tolerance: float) -> None:
    ahead: Any = np.vdot(y, Ax)
    difference = ahead - np.vdot(Ay, x)
    error = abs(difference if op.clinear else difference.real)
    scale = np.linalg.norm(Ax) * np.linalg.norm(y)
    expect(
        error <= tolerance * scale,
        f"dot test: <y, Op x> and <Op^H y, x> differ by {error / (scale or 1.0):.3g} of |Op x| |y|, expected at most "
        f"{tolerance:g}: the adjoint is not that of the forward",
    )


def _images(op: LinearOperator, x: NDArray) -> dict[str, NDArray]:
    """``op @ x`` for all chunkings of ``x``, whose blocks must be as declared."""
    lazy = [op @ cut(x, chunking) for chunking in CHUNKINGS]
    wanted = np.result_type(op.codomain.dtype, x.dtype if op.clinear else x.real.dtype)
    for y in lazy:
        _expect_lazy(y)
        expect(y.dtype == wanted, f"the result is of type {y.dtype}, expected {wanted}")
    computed = dask.persist(*lazy)
    for y in computed:
        _expect_blocks(y)
    return {name: y.compute() for name, y in zip(CHUNKINGS, computed, strict=True)}


def _expect_lazy(y: object) -> None:
    expect(isinstance(y, da.Array), f"a Dask array becomes {type(y).__name__}: something was computed")


def _expect_blocks(y: da.Array) -> None:
    """The blocks of a persisted array have the shapes and the type that it declares."""
    for index in np.ndindex(y.numblocks):
        block = y.dask[(y.name, *index)]
        shape = tuple(c[i] for c, i in zip(y.chunks, index, strict=True))
        expect(
            (block.shape, block.dtype) == (shape, y.dtype),
            f"block {index} is {block.shape} of {block.dtype}, declared {shape} of {y.dtype}",
        )


def _precision_kept(case: OperatorCase) -> None:
    """Data of another precision than the operator's give results of the type of the reference's."""
    for operator, data in (("f4", "f8"), ("f8", "f4")):
        _types_as_the_reference(case, operator, data)


def _types_as_the_reference(case: OperatorCase, operator: str, data: str) -> None:
    peer = case.counterpart(operator) if operator in case.dtypes and case.reference_types else None
    if peer is None:
        return
    op = case.operator(operator)
    for f, g in ((op, peer), (op.H, peer.H)):
        x = samples(f.dims, data if f.domain.dtype.kind == "f" else np.result_type(data, "c8"))
        types = (f @ da.from_array(x)).dtype, (g @ x).dtype
        expect(types[0] == types[1], f"{x.dtype} data give {types[0]}, with the reference {types[1]}")


def _linear(case: OperatorCase) -> None:
    dtype = case.dtypes[-1]
    op = case.operator(dtype)
    a, b = (-1.5 + 1j, 0.25 - 2j) if op.dtype.kind == "c" and op.clinear else (-1.5, 0.25)
    for f in (op, op.H):
        x, z = (cut(samples(f.dims, f.domain.dtype, seed), "even") for seed in (1, 2))
        left, right = dask.compute(f @ (a * x + b * z), a * (f @ x) + b * (f @ z))
        expect_close(left, right, precision(dtype), "Op (a x + b z), expected a Op x + b Op z")


def _declared_chunks(case: OperatorCase) -> None:
    op = case.operator(case.usual)
    for f in (op, op.H):
        if isinstance(f.domain, BlockSpace) or isinstance(f.codomain, BlockSpace):
            continue
        y: Any = f.apply(cut(samples(f.dims, f.domain.dtype), "ragged"))
        expect(
            f.codomain.chunks in (None, y.chunks), f"chunks are {y.chunks}, declared are {f.codomain.chunks}"
        )


def _laziness(case: OperatorCase) -> None:
    """Building and applying the operator compute nothing."""
    with dask.config.set(scheduler=forbid_compute):
        op = case.operator(case.usual)
        for f in (op, op.H):
            x = cut(samples(f.dims, f.domain.dtype), "even")
            for y in (f @ x, f @ x.ravel()):
                _expect_lazy(y)


def _flat_and_batched(case: OperatorCase) -> None:
    """Flat arrays, and several at a time, give the same numbers."""
    op, peer = case.operator(case.usual), case.counterpart(case.usual)
    for f, g in ((op, peer), (op.H, None if peer is None else peer.H)):
        for shape in [(f.shape[1],), *([] if getattr(peer, "forceflat", False) else [(*f.dims, 2)])]:
            x = samples(shape, f.domain.dtype)
            y = (f @ da.from_array(x, chunks=-1 if len(shape) == 2 else 5)).compute()
            expected = _one_by_one(f, x).reshape(y.shape) if g is None else g @ x
            expect_close(y, expected, precision(case.usual), f"result for an array of shape {shape}")


def _numpy_vectors(case: OperatorCase) -> None:
    """NumPy vectors give NumPy vectors of the same numbers and type, at once, unless the operator holds Dask arrays."""
    op = case.operator(case.usual)
    for f, name in ((op, "forward"), (op.H, "adjoint")):
        expect_numpy_images(f, samples(f.dims, f.domain.dtype, seed=4), precision(case.usual), name)


def _one_by_one(f: LinearOperator, x: NDArray) -> NDArray:
    """Results of an operator for a flat array, or for the arrays along a last axis, one at a time."""
    if x.ndim == 1:
        return np.ravel((f @ da.from_array(x.reshape(f.dims), chunks=-1)).compute())
    columns = [(f @ da.from_array(x[..., i], chunks=-1)).compute() for i in range(x.shape[-1])]
    return np.stack(columns, axis=-1)


def _stable_keys(case: OperatorCase) -> None:
    """Keys depend on the operator and its input alone, and are the same after pickling."""
    op, same = case.operator(case.usual), case.operator(case.usual)
    copy = pickle.loads(cloudpickle.dumps(op))
    expect(tokenize(op) == tokenize(same), "two equal operators have different tokens")
    again = tokenize(pickle.loads(cloudpickle.dumps(copy)))
    expect(tokenize(copy) == again, "a pickled operator has another token each time")
    for f, g in ((op, same), (op.H, same.H)):
        x, z = (cut(samples(f.dims, f.domain.dtype, seed), "even") for seed in (1, 2))
        expect((f @ x).name == (g @ x).name, "the same input has different keys")
        if not case.constant:
            _expect_apart(f @ x, f @ z, x.name)


def _expect_apart(y: da.Array, other: da.Array, x: str) -> None:
    """Results of different inputs share no keys that depend on the input."""
    expect(y.name != other.name, "different inputs give the same keys")
    shared = y.dask.layers.keys() & other.dask.layers.keys()
    wrong = [name for name in shared if x in _above(y, name)]
    expect(not wrong, f"different inputs give the same keys: {wrong}")


def _above(y: da.Array, layer: str) -> set[str]:
    """All layers that a layer depends on."""
    above, todo = set[str](), [layer]
    while todo:
        above |= (new := y.dask.dependencies[todo.pop()] - above)
        todo += new
    return above


def _few_tasks(case: OperatorCase) -> None:
    op = case.operator(case.usual)
    for f, bound in zip((op, op.H), case.tasks, strict=True):
        x = da.zeros(f.dims, chunks=getattr(f.domain, "chunks", None) or 3).persist()
        (y,) = dask.optimize(f @ x)
        run = [task for task in dict(y.__dask_graph__()).values() if _works(task, case.rechunks)]
        number = len(run) / max(x.npartitions, y.npartitions)
        expect(number <= bound, f"{number:.2f} tasks a chunk, expected at most {bound}")


def _works(task: object, rechunks: bool) -> bool:
    """Whether a task does more than name data, and, where ``rechunks`` do not count, than rechunk."""
    chain = subgraph(task)
    steps: Any = (task,) if chain is None else chain.tasks.values()
    real = [step for step in steps if not isinstance(step, Alias | DataNode)]
    return any(rechunks or not str(step.key[0]).startswith("rechunk-") for step in real)
