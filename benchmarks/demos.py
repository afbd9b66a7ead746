"""The demo of each problem as a user starts it: seconds of the one command, its figures of merit, and its picture.

    python benchmarks/demos.py
    python benchmarks/demos.py lsm mri

writes ``docs/problems/figures.json`` and ``docs/problems/NAME.png``, which the pages of the problems show, and prints
the table of ``docs/benchmarks.md``. Exits with 1 if a command took three minutes or more, or reported no figure.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from pylops_distributed import open_run
from pylops_distributed.problems.registry import PROBLEMS
from pylops_distributed.runs.report import plot_model
from pylops_distributed.storage.run import list_runs

LIMIT = 180.0  # seconds
FOLDER = Path(__file__).parents[1] / "docs/problems"
WIDTH = 800  # of pictures


def demo(name: str, folder: Path) -> dict[str, Any]:
    """Run one demo in a separate process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pylops_flows.cli.main", "demo", name, "--root", str(folder)],
        check=True, stdout=sys.stderr, env=os.environ | {"PREFECT_HOME": str(folder / "prefect")},
    )  # fmt: skip
    seconds = time.perf_counter() - start
    (run,) = list_runs(str(folder))
    tree = open_run(run.storage.url)
    draw(tree, FOLDER / f"{name}.png")
    return {"seconds": round(seconds, 1), "metrics": tree["model"].attrs["metrics"]}


def draw(tree: Any, target: Path) -> None:
    """The picture of the report, small."""
    figure, buffer = plot_model(tree), io.BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * WIDTH / figure.get_size_inches()[0])
    with Image.open(buffer) as large:
        small = large.convert("RGB").resize(
            (WIDTH, WIDTH * large.height // large.width), Image.Resampling.LANCZOS
        )
    small.quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


def table(rows: dict[str, Any]) -> str:
    """Rows as Markdown; figures in percent."""
    lines = ["| problem | seconds | figures, % |", "| --- | --- | --- |"]
    for name, row in rows.items():
        figures = ", ".join(f"{k.replace('_', ' ')} {100 * v:.1f}" for k, v in row["metrics"].items())
        lines.append(f"| {name} | {row['seconds']:.0f} | {figures} |")
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Run the demos, and keep what they report."""
    file = FOLDER / "figures.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    for name in names or PROBLEMS:
        with tempfile.TemporaryDirectory() as folder:
            kept[name] = demo(name, Path(folder))
        file.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
    print(table(kept))
    return int(any(row["seconds"] >= LIMIT or not row["metrics"] for row in kept.values()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
