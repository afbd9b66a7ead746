"""Draw the picture of the page on weights: ``python docs/images/weights.py``."""

from pathlib import Path

import numpy as np

import pylops_distributed as pld
from pylops_distributed.runs.plots import new_figure

RULES = {"discrepancy": "o", "gcv": "s", "lcurve": "^"}


def draw(target: Path) -> None:
    """Error and L-curve over the weight, with the choices of all rules, and the models of three weights."""
    t, level = np.arange(200), 0.1
    matrix = np.exp(-0.5 * ((t[:, None] - t) / 4.0) ** 2)
    truth = 1.0 * ((t > 40) & (t < 80)) + np.sin(t / 8) * (t > 110)
    y = matrix @ truth + level * np.random.default_rng(0).standard_normal(200)
    op = pld.MatrixMult(matrix)
    chosen = {rule: pld.solve(op, y, "hybridlsqr", damp=rule, noise=level) for rule in RULES}
    weights = np.geomspace(0.01, 10, 60)
    left, s, right = np.linalg.svd(matrix)
    models = {w: right.T @ (s / (s**2 + w**2) * (left.T @ y)) for w in weights}
    errors = [np.linalg.norm(x - truth) / np.linalg.norm(truth) for x in models.values()]
    figure = new_figure(11, 3.4)
    axes = figure.subplots(1, 3)
    axes[0].loglog(weights, errors, "k")
    axes[1].loglog(
        [np.linalg.norm(y - matrix @ x) for x in models.values()],
        [np.linalg.norm(x) for x in models.values()],
        "k",
    )
    for rule, marker in RULES.items():
        solution = chosen[rule]
        error = np.linalg.norm(solution.x - truth) / np.linalg.norm(truth)
        axes[0].plot(solution.weight, error, marker, label=rule)
        axes[1].plot(solution.history["cost"][-1], np.linalg.norm(solution.x), marker, label=rule)
    axes[0].set(xlabel="weight", ylabel="error of the model", title="Error, known here alone")
    axes[1].set(xlabel="norm of the residual", ylabel="norm of the model", title="L-curve")
    axes[0].legend()
    axes[2].plot(t, truth, "k", label="true")
    for w, style in ((weights[8], ":"), (chosen["discrepancy"].weight, "-"), (weights[-6], "--")):
        x = right.T @ (s / (s**2 + w**2) * (left.T @ y))
        axes[2].plot(t, x, style, label=f"weight {w:.2g}")
    axes[2].set(ylim=(-2.5, 2.5), xlabel="sample", title="Too weak, chosen, too strong")
    axes[2].legend(fontsize="small")
    figure.savefig(target, dpi=80)


if __name__ == "__main__":
    draw(Path(__file__).parent / "weights.png")
