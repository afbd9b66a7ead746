"""Draw the README's picture from a run of the demo: ``python docs/images/demo.py RUN``."""

import sys
from pathlib import Path

from pylops_distributed import open_run, plot_convergence
from pylops_distributed.runs.plots import new_figure, plot_section, section


def draw(run: str, target: Path) -> None:
    """Sections of impedance above, sections of data and the convergence below."""
    tree = open_run(run)
    errors = tree["model"].attrs["metrics"]
    figure = new_figure(11, 6.2)
    axes = figure.subplots(2, 3)
    rocks = {
        "true impedance": tree["inputs"]["impedance"],
        f"background, {100 * errors['background_error']:.1f} % off": tree["model"]["background"],
        f"inverted, {100 * errors['impedance_error']:.1f} % off": tree["model"]["impedance"],
    }
    data = {
        "observed amplitudes": tree["residual"]["observed"],
        f"residual, {100 * errors['misfit']:.1f} % of them": tree["residual"]["residual"],
    }
    for row, panels, cmap in ((axes[0], rocks, "viridis"), (axes[1], data, "gray")):
        limits = None
        for ax, (title, array) in zip(row, panels.items(), strict=False):
            drawn = plot_section(section(array), ax, title, limits, cmap)
            limits = drawn.get_clim()  # one scale a row
            ax.set(xlabel="crossline", ylabel="two-way time [ms]" if ax is row[0] else "")
        figure.colorbar(
            drawn, ax=row[: len(panels)], shrink=0.8, label="kg m⁻² s⁻¹" if panels is rocks else ""
        )
    plot_convergence(tree, axes[1, 2])
    axes[1, 2].set_title("convergence")
    figure.savefig(target, dpi=80)


if __name__ == "__main__":
    draw(sys.argv[1], Path(__file__).parent / "demo.png")
