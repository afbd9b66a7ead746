"""Weights of regularisation that `hybridlsqr` chooses, against the best of a grid: ten problems, noise of 1 to 10 %.

Reported of each problem and rule, the median over seeds of: the error of the model over that of the best of 30 weights
(dense solves), and the steps over those that LSQR takes with the chosen weight given beforehand, to be as close to the
dense solution. The bars are 1.05 (discrepancy, noise level given), 1.15 (cross-validation), and 1.5 solves.

    python benchmarks/weights.py [--seeds 3] [--rules discrepancy gcv lcurve]
"""

import argparse
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

import pylops_distributed as pld
from pylops_distributed.avo import PoststackLinearModelling
from pylops_distributed.optimization import LSQR
from pylops_distributed.optimization.session import Session

BARS = {"discrepancy": 1.05, "gcv": 1.15}
GRID = 30
SIDE = 32


@dataclass(frozen=True)
class Problem:
    """An operator, the true model, and the noise relative to the data."""

    name: str
    op: Any
    truth: np.ndarray[Any, Any]
    noise: float


def gaussian(size: int, width: float) -> np.ndarray[Any, Any]:
    taps = np.exp(-0.5 * (np.arange(-size, size + 1) / width) ** 2)
    return taps / taps.sum()


def ricker(frequency: float, dt: float = 0.004, half: int = 25) -> np.ndarray[Any, Any]:
    phase = (np.pi * frequency * dt * np.arange(-half, half + 1)) ** 2
    return (1 - 2 * phase) * np.exp(-phase)


def phantom() -> np.ndarray[Any, Any]:
    """Blocks, a disc and a smooth hill."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    image = 1.0 * ((abs(x - 0.3) < 0.15) & (abs(y - 0.35) < 0.2))
    image += 0.7 * ((x - 0.7) ** 2 + (y - 0.65) ** 2 < 0.03)
    return image + 0.5 * np.exp(-(((x - 0.7) / 0.12) ** 2) - ((y - 0.25) / 0.1) ** 2)


def smooth_random(width: float, seed: int = 1) -> np.ndarray[Any, Any]:
    image = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    taps = gaussian(12, width)
    for axis in (0, 1):
        image = np.apply_along_axis(lambda a: np.convolve(np.pad(a, 12, "wrap"), taps, "valid"), axis, image)
    return image / image.std()


def blur(width: float) -> Any:
    taps = gaussian(8, width)
    return pld.signalprocessing.Convolve2D((SIDE, SIDE), np.outer(taps, taps), offset=(8, 8))


def rays(pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> Any:
    """Lengths of straight rays in the cells of the unit square, by fine sampling."""
    matrix = np.zeros((len(pairs), SIDE, SIDE))
    for row, (a, b) in zip(matrix, pairs, strict=True):
        points = np.linspace(a, b, 20 * SIDE, endpoint=False)
        cells = np.clip((points * SIDE).astype(int), 0, SIDE - 1)
        np.add.at(row, (cells[:, 1], cells[:, 0]), np.hypot(*np.subtract(b, a)) / len(points))
    return pld.MatrixMult(matrix.reshape(len(pairs), -1))


def wells() -> Any:
    depths = (np.arange(28) + 0.5) / 28
    return rays([((0.0, a), (1.0, b)) for a in depths for b in depths])


def fan() -> Any:
    """Parallel rays from 24 angles, which begin and end outside the square."""
    angles, offsets = np.arange(24) * np.pi / 24, np.linspace(-0.6, 0.6, 40)
    pairs = []
    for angle in angles:
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        pairs += [tuple(map(tuple, (0.5 + t * across - along, 0.5 + t * across + along))) for t in offsets]
    matrix = np.zeros((len(pairs), SIDE, SIDE))
    for row, (a, b) in zip(matrix, pairs, strict=True):
        points = np.linspace(a, b, 40 * SIDE, endpoint=False)
        points = points[((points >= 0) & (points < 1)).all(axis=1)]
        cells = (points * SIDE).astype(int)
        np.add.at(row, (cells[:, 1], cells[:, 0]), 2.0 / (40 * SIDE))
    crossing = matrix.reshape(len(pairs), -1)
    return pld.MatrixMult(crossing[crossing.any(axis=1)])


def interpolation() -> Any:
    """Four samples in ten of what a smoothing makes of the model."""
    kept = np.sort(np.random.default_rng(2).permutation(SIDE**2)[: SIDE**2 * 4 // 10])
    return pld.Restriction(SIDE**2, kept) @ blur(1.5)


def mri() -> Any:
    """Lines of the Fourier transform: all in the middle, few outside, each weighted by its distance."""
    rng, k = np.random.default_rng(3), np.fft.fftfreq(SIDE) * SIDE
    lines = (abs(k) < 5) | (rng.random(SIDE) < 0.35)
    kept = np.flatnonzero(np.repeat(lines, SIDE))
    sensitivity = 0.3 + phantom_coil()
    fft = pld.signalprocessing.FFT2D((SIDE, SIDE), dtype=complex)
    return pld.Restriction(SIDE**2, kept, dtype=complex) @ fft @ pld.Diagonal(sensitivity.astype(complex))


def phantom_coil() -> np.ndarray[Any, Any]:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    return np.exp(-3 * ((x - 0.1) ** 2 + (y - 0.5) ** 2))


def layers(n: int, width: float) -> np.ndarray[Any, Any]:
    """Layers, smoothed, without the background."""
    rng = np.random.default_rng(4)
    steps = np.zeros(n)
    steps[rng.permutation(n)[:16]] = rng.standard_normal(16)
    impedance = np.convolve(np.cumsum(steps), gaussian(10, width), "same")
    return 0.2 * (impedance - np.convolve(np.pad(impedance, 60, "edge"), gaussian(60, 20), "valid"))


def poststack() -> Any:
    return PoststackLinearModelling(ricker(25), nt0=300)


def reflectivity(n: int = 300) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    return rng.standard_normal(n) * (rng.random(n) < 0.15)


def problems() -> list[Problem]:
    image, convolve = phantom(), pld.signalprocessing.Convolve1D
    return [
        Problem("deblurring, 1 %", blur(1.2), image, 0.01),
        Problem("deblurring, 5 %", blur(1.2), image, 0.05),
        Problem("post-stack, 3 %", poststack(), layers(300, 2), 0.03),
        Problem("post-stack, 10 %", poststack(), layers(300, 4), 0.10),
        Problem("tomography of wells, 1 %", wells(), smooth_random(3), 0.01),
        Problem("tomography of angles, 3 %", fan(), image, 0.03),
        Problem("interpolation, 5 %", interpolation(), smooth_random(1.0), 0.05),
        Problem("MRI, 10 %", mri(), image.astype(complex), 0.10),
        Problem("deconvolution, 2 %", convolve(300, ricker(30), offset=25), reflectivity(), 0.02),
        Problem("deconvolution, 10 %", convolve(300, gaussian(25, 3), offset=25), layers(300, 3), 0.10),
    ]


@dataclass(frozen=True)
class Dense:
    """The singular values of a problem, and its data."""

    left: Any
    s: Any
    right: Any
    truth: Any

    def model(self, y: Any, weight: float) -> Any:
        return self.right.conj().T @ (self.s / (self.s**2 + weight**2) * (self.left.conj().T @ y))

    def error(self, x: Any) -> float:
        return float(np.linalg.norm(np.ravel(x) - self.truth) / np.linalg.norm(self.truth))

    def best(self, y: Any) -> tuple[float, float]:
        weights = np.geomspace(1e-4, 2, GRID) * self.s[0]
        return min((self.error(self.model(y, w)), w) for w in weights)


def noisy(data: Any, level: float, seed: int) -> tuple[Any, float]:
    """Data with noise, and the standard deviation of a sample's."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(data.shape)
    if np.iscomplexobj(data):
        noise = (noise + 1j * rng.standard_normal(data.shape)) / np.sqrt(2)
    sigma = level * float(np.linalg.norm(data)) / np.sqrt(data.size)
    return data + sigma * noise, sigma


def plain_steps(op: Any, y: Any, weight: float, wanted: Any, distance: float) -> int:
    """Steps that LSQR of a known weight takes to come as close to the dense model."""
    session: Any = Session(LSQR(400, weight, 0.0, 0.0, 0.0, calc_var=False), op, y)

    def close(state: Any) -> bool:
        return bool(np.linalg.norm(np.ravel(state.x) - wanted) <= distance)

    session.run(close)
    session.close()
    return int(session.iteration)


def measure(problem: Problem, dense: Dense, rule: str, seed: int) -> tuple[float, float, int, str]:
    """Error over the best, steps over plain ones, steps, and the reason to stop."""
    clean = np.ravel(np.asarray(problem.op @ problem.truth.ravel()))
    y, sigma = noisy(clean, problem.noise, seed)
    given = {"noise": sigma} if rule == "discrepancy" else {}
    solution = pld.solve(problem.op, y, "hybridlsqr", damp=rule, niter=150, basis=150, **given)
    weight, x = float(solution.state.weight), np.ravel(solution.x)
    wanted = dense.model(y, weight)
    distance = max(float(np.linalg.norm(x - wanted)), 1e-3 * float(np.linalg.norm(wanted)))
    plain = plain_steps(problem.op, y.reshape(problem.op.dimsd), weight, wanted, distance)
    error, best = dense.error(x), dense.best(y)
    return error / best[0], solution.iteration / max(plain, 1), solution.iteration, f"{weight / best[1]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rules", nargs="*", default=["discrepancy", "gcv", "lcurve"])
    args = parser.parse_args()
    missed = []
    for problem in problems():
        matrix = np.asarray(problem.op.todense())
        dense = Dense(*np.linalg.svd(matrix, full_matrices=False), problem.truth.ravel())
        for rule in args.rules:
            rows = [measure(problem, dense, rule, seed) for seed in range(args.seeds)]
            ratio, cost, steps = (median(row[k] for row in rows) for k in range(3))
            over = ratio > BARS.get(rule, np.inf) or (rule in BARS and cost > 1.5)
            missed += [(problem.name, rule)] if over else []
            note = f"weight/best {rows[0][3]} {'MISSED' if over else ''}"
            print(f"{problem.name:28s} {rule:12s} error/best {ratio:6.3f}  steps {steps:4.0f}  "
                  f"solves {cost:5.2f}  {note}", flush=True)  # fmt: skip
    print("missed:", missed or "none")


if __name__ == "__main__":
    main()
