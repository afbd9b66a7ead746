"""Generated calls of PyLops' functions, for ``parity.py``: the same call for both libraries, from a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import dask.array as da
import numpy as np
import pylops

SCALES = [10.0**k for k in (-12, -9, -6, -3, 0, 3, 6, 9, 12)]
EXACT = {"atol": 0.0, "btol": 0.0, "conlim": 0.0, "iter_lim": 400}


@dataclass
class Call:
    """One call: ``run(library, array, **settings)`` returns a flat model, of PyLops or of this library.

    ``array`` is what NumPy data go through first: chunks, or a perturbation. ``exact`` are settings that let the inner
    solver run down to rounding; ``dense`` is the model by dense algebra where PyLops' own is wrong.
    """

    name: str
    dtype: str
    scale: float
    run: Callable[..., Any]
    exact: dict[str, Any] = field(default_factory=lambda: EXACT)
    dense: Any = None


class Draw:
    """Random numbers and choices of one example."""

    def __init__(self, seed: int, index: int) -> None:
        self.rng = np.random.default_rng((seed, index))

    def of(self, options: Any) -> Any:
        """One of several options."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return bool(self.rng.random() < share)

    def samples(self, shape: Any, dtype: str) -> Any:
        """Normal numbers, complex for complex types."""
        values = self.rng.standard_normal(shape)
        if np.dtype(dtype).kind == "c":
            values = values + 1j * self.rng.standard_normal(shape)
        return values.astype(dtype)


def chunks_of(draw: Draw) -> Callable[[Any], Any]:
    """Dask arrays in chunks of a random size, or the NumPy arrays themselves."""
    size = draw.of([None, 3, 5, 8, 100])
    return lambda x: x if size is None else da.from_array(x, chunks=size)


def operator_of(draw: Draw, n: int, dtype: str) -> tuple[Any, int]:
    """How to build a random operator with ``n`` columns with either library, and its number of rows."""
    kind = draw.of(
        ["matrix", "diagonal", "first", "second", "convolve", "restriction", "smoothing", "causal", "fft"]
    )
    kind = "matrix" if kind == "fft" and dtype[0] == "f" else kind
    weights = (1 + draw.rng.random(n)).astype(dtype)
    if kind == "matrix":
        m = n + int(draw.rng.integers(0, 12))
        A = (draw.samples((m, n), dtype) / np.sqrt(m)).astype(dtype)
        return lambda p: p.MatrixMult(A, dtype=dtype), m
    if kind == "diagonal":
        return lambda p: p.Diagonal(weights, dtype=dtype), n
    if kind == "restriction":
        iava = np.sort(draw.rng.permutation(n)[: 2 * n // 3])
        return lambda p: p.Restriction(n, iava, dtype=dtype), len(iava)
    if kind == "convolve":
        h = np.hanning(7)[1:-1].astype(dtype)
        return lambda p: p.signalprocessing.Convolve1D(n, h=h, offset=2, dtype=dtype), n
    makers = {
        "first": lambda p: p.FirstDerivative(n, dtype=dtype),
        "second": lambda p: p.Identity(n, dtype=dtype) - 0.3 * p.SecondDerivative(n, dtype=dtype),
        "smoothing": lambda p: p.Smoothing1D(5, n, dtype=dtype),
        "causal": lambda p: p.CausalIntegration(n, sampling=0.2, dtype=dtype),
        "fft": lambda p: p.signalprocessing.FFT(n, dtype=dtype),
    }
    return makers[kind], n


def combined(draw: Draw, n: int, dtype: str) -> tuple[Any, int, int]:
    """How to build a random operator or combination, its numbers of rows and columns."""
    one, rows = operator_of(draw, n, dtype)
    how = draw.of(["one", "one", "vstack", "blockdiag", "product", "adjoint"])
    two, more = operator_of(draw, n, dtype)
    if how == "vstack":
        return lambda p: p.VStack([one(p), two(p)], dtype=dtype), rows + more, n
    if how == "blockdiag":
        return lambda p: p.BlockDiag([one(p), two(p)], dtype=dtype), rows + more, 2 * n
    if how == "product" and more == n:
        return lambda p: one(p) @ two(p), rows, n
    if how == "adjoint":
        return lambda p: one(p).H, n, rows
    return one, rows, n


def flat_of(model: Any) -> Any:
    """A model of either library as a flat NumPy array."""
    return np.asarray(model).ravel()


@dataclass
class System:
    """Operator, data and what regularises, at one scale."""

    make: Any
    rows: int
    cols: int
    y: Any
    x0: Any
    regs: list[Any]
    dataregs: Any
    eps: list[float]
    weight: Any


def system_of(draw: Draw, dtype: str, scale: float, regularised: bool | None = None) -> System:
    """A random system with a model that explains most of the data."""
    make, rows, cols = combined(draw, draw.of([6, 9, 14]), dtype)
    local = make(pylops)
    y = np.asarray(local @ draw.samples(cols, dtype)) + 0.1 * draw.samples(rows, dtype)
    y = (scale * y).astype(dtype)
    x0 = (scale * draw.samples(cols, dtype)).astype(dtype) if draw.chance(0.4) else None
    regs: list[Any] = []
    if regularised or (regularised is None and draw.chance(0.7)):
        regs.append(lambda p: p.SecondDerivative(cols, dtype=dtype))
        regs += [lambda p: p.Identity(cols, dtype=dtype)] if draw.chance(0.7) else []
    eps = [float(draw.of([0.1, 0.5, 1.0])) for _ in regs]
    targets = [(scale * draw.samples(cols, dtype)).astype(dtype) for _ in regs] if draw.chance(0.3) else None
    w = (0.5 + draw.rng.random(rows)).astype(dtype)
    weight = (lambda p: p.Diagonal(w, dtype=dtype)) if draw.chance(0.3) else None
    return System(make, rows, cols, y, x0, regs, targets, eps, weight)


def options_of(s: System, p: Any, array: Any) -> dict[str, Any]:
    """Keyword arguments that the inversions have in common."""
    options: dict[str, Any] = {"Weight": None if s.weight is None else s.weight(p), "epsRs": s.eps or None}
    options["dataregs"] = s.dataregs if s.dataregs is None else [array(d) for d in s.dataregs]
    options["x0"] = None if s.x0 is None else array(s.x0.copy())
    return options


def regularized(draw: Draw, dtype: str, scale: float) -> Call:
    """`regularized_inversion`, with its default engine."""
    s, more = system_of(draw, dtype, scale), {"damp": draw.of([0.1, 1.0])} if draw.chance(0.4) else {}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        regs = [reg(p) for reg in s.regs] or None
        return flat_of(p.regularized_inversion(
            s.make(p), array(s.y), regs, **options_of(s, p, array), **more, **settings
        )[0])  # fmt: skip

    return Call("regularized_inversion", dtype, scale, run)


def normal(draw: Draw, dtype: str, scale: float) -> Call:
    """`normal_equations_inversion`, with its default engine."""
    s, more = system_of(draw, dtype, scale, True), {"epsI": draw.of([0.1, 1.0])}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        regs = [reg(p) for reg in s.regs]
        return flat_of(p.normal_equations_inversion(
            s.make(p), array(s.y), regs, **options_of(s, p, array), **more, **settings
        )[0])  # fmt: skip

    return Call(
        "normal_equations_inversion", dtype, scale, run, {"rtol": 1e-7 if dtype in ("f4", "c8") else 1e-14}
    )


def preconditioned(draw: Draw, dtype: str, scale: float) -> Call:
    """`preconditioned_inversion`, with its default engine."""
    s = system_of(draw, dtype, scale, False)
    d = (0.5 + draw.rng.random(s.cols)).astype(dtype)
    more = {"damp": draw.of([0.1, 1.0])} if draw.chance(0.6) else {}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        x0 = None if s.x0 is None else array(s.x0.copy())
        P = p.Diagonal(d, dtype=dtype)
        return flat_of(p.preconditioned_inversion(s.make(p), array(s.y), P, x0=x0, **more, **settings)[0])

    return Call("preconditioned_inversion", dtype, scale, run)


def reweighted(draw: Draw, dtype: str, scale: float) -> Call:
    """`irls` of each kind, with its default engine."""
    s = system_of(draw, dtype, scale, False)
    kind = draw.of(["data", "model", "datamodel"])
    # A part of the data: weights change with the residual, but no single one rules.
    more = {"kind": kind, "nouter": 3, "epsR": 0.3 * scale, "threshR": draw.chance(0.5)}
    more["epsI"] = draw.of([0.1, 0.5]) if kind != "datamodel" else draw.of([1e-10, 0.5])
    more |= {"warm": draw.chance(0.3), "tolIRLS": 0.0}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        x0 = None if s.x0 is None else array(s.x0.copy())
        return flat_of(p.irls(s.make(p), array(s.y), x0=x0, **more, **settings)[0])

    return Call(f"irls {kind}", dtype, scale, run)


def pursuit(draw: Draw, dtype: str, scale: float) -> Call:
    """`omp`, with its default engine: its inner tolerances cannot be set."""
    m, n = 16, draw.of([12, 24])
    A = (draw.samples((m, n), dtype) / 4).astype(dtype)
    x = np.zeros(n, dtype)
    x[draw.rng.permutation(n)[:3]] = 1 + draw.rng.random(3)
    y = (scale * (A @ x + 0.01 * draw.samples(m, dtype))).astype(dtype)
    sizes = {"niter_outer": draw.of([2, 4]), "niter_inner": draw.of([0, 3, 40]), "sigma": 1e-3 * scale}
    sizes["normalizecols"] = draw.chance(0.3) and sizes["niter_inner"] > 0

    def run(p: Any, array: Any) -> Any:
        return flat_of(p.omp(p.MatrixMult(A, dtype=dtype), array(y), **sizes)[0])

    return Call("omp", dtype, scale, run, {})


def bregman(draw: Draw, dtype: str, scale: float) -> Call:
    """`splitbregman`, with its default engine."""
    s = system_of(draw, dtype, scale, False)
    more = {
        "mu": scale,
        "epsRL1s": [0.1 * scale],
        "niter_outer": 2,
        "niter_inner": 2,
        "restart": draw.chance(0.4),
    }
    more |= {"damp": 0.3} if draw.chance(0.3) else {}
    second = draw.chance(0.5)

    def run(p: Any, array: Any, **settings: Any) -> Any:
        x0 = None if s.x0 is None else array(s.x0.copy())
        terms: dict[str, Any] = {
            "tol": 1e-6 * scale
        }  # smaller ones than the last digit of x0 stop PyLops at once
        if second:
            terms |= {"RegsL2": [p.SecondDerivative(s.cols, dtype=dtype)], "epsRL2s": [0.3 * scale]}
        first = [p.FirstDerivative(s.cols, dtype=dtype)]
        return flat_of(p.splitbregman(s.make(p), array(s.y), first, x0=x0, **more, **terms, **settings)[0])

    return Call("splitbregman", dtype, scale, run)


def division(draw: Draw, dtype: str, scale: float) -> Call:
    """`/`: PyLops' tolerances cannot be set, its limit can."""
    s = system_of(draw, dtype, scale, False)
    niter = draw.of([5, 60])

    def run(p: Any, array: Any) -> Any:
        return flat_of(s.make(p).div(array(s.y), niter=niter))

    return Call("division", dtype, scale, run, {})


def bare(draw: Draw, dtype: str, scale: float) -> Call:
    """`cgls` and `lsqr` of PyLops, the first with PyLops' absolute tolerance; damping from zero only for `cgls`."""
    s = system_of(draw, dtype, scale, False)
    name = draw.of(["cgls", "lsqr"])
    more = {"niter": draw.of([3, 10, 30])}
    damped = draw.chance(0.5)
    x0 = None if damped and name == "cgls" else s.x0
    more |= {"damp": 0.5} if damped else {}

    def run(p: Any, array: Any, **settings: Any) -> Any:
        start = None if x0 is None else array(x0.copy())
        return flat_of(getattr(p, name)(s.make(p), array(s.y), x0=start, **more, **settings)[0])

    return Call(name, dtype, scale, run, {})


def dense_damped(draw: Draw, dtype: str, scale: float) -> Call:
    """Where PyLops is wrong: CGLS with ``x0`` and damping, against the dense optimum."""
    s = system_of(draw, dtype, scale, False)
    x0 = (scale * draw.samples(s.cols, dtype)).astype(dtype)
    A = np.asarray(s.make(pylops).todense(), np.complex128 if dtype[0] == "c" else np.float64)
    damp = draw.of([0.3, 2.0])
    dense = np.linalg.solve(A.conj().T @ A + damp**2 * np.eye(s.cols), A.conj().T @ s.y)
    settings = {"engine": "pylops", "damp": damp, "niter": 200, "tol": 0.0}

    def run(p: Any, array: Any) -> Any:
        return flat_of(p.regularized_inversion(s.make(p), array(s.y), None, x0=array(x0), **settings)[0])

    return Call("regularized_inversion, engine pylops, x0 and damp", dtype, scale, run, {}, dense)


def dense_warm(draw: Draw, dtype: str, scale: float) -> Call:
    """Where PyLops is wrong: warm IRLS with the engine ``pylops``, against IRLS with dense solutions."""
    s = system_of(draw, dtype, scale, False)
    A = np.asarray(s.make(pylops).todense(), np.complex128 if dtype[0] == "c" else np.float64)
    epsI, epsR, x = draw.of([0.3, 1.0]), 0.3 * scale, np.zeros(s.cols)
    w = np.ones(s.rows)
    for _ in range(3):
        x = np.linalg.solve(A.conj().T @ (w[:, None] * A) + epsI**2 * np.eye(s.cols), A.conj().T @ (w * s.y))
        w = 1 / (abs(s.y - A @ x) + epsR)
        w = w / w.max()
    settings = {
        "nouter": 3,
        "epsI": epsI,
        "epsR": epsR,
        "warm": True,
        "niter": 40,
        "tol": 0.0,
        "tolIRLS": 0.0,
    }

    def run(p: Any, array: Any) -> Any:
        return flat_of(p.irls(s.make(p), array(s.y), engine="pylops", **settings)[0])

    return Call("irls, engine pylops, warm", dtype, scale, run, {}, x)


COMMON = [regularized, regularized, normal, normal, preconditioned, reweighted, reweighted, pursuit, bregman, division,
          bare, dense_damped, dense_warm]  # fmt: skip
