"""Data and settings of demos: a synthetic survey as SEG-Y, and the demo of each problem as Zarr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from pylops_distributed.ingest import write_segy
from pylops_distributed.problems.registry import find_problem
from pylops_distributed.synthetic.layered_volume import layered_volume

if TYPE_CHECKING:
    from pylops_distributed.problems.base import Demo

SETTINGS = """\
# Post-stack impedance inversion of a synthetic volume.
name: demo
sources:
  amplitude: {path: seismic.sgy}
  background: {path: background.sgy}
  impedance: {path: impedance.sgy}
problem:
  name: poststack
  truth: impedance
  wavelet: {kind: ricker, peak: 22.0}
  vertical: 0.05
  lateral: 0.1
solver: {name: cgls, niter: 60}
checkpoint: {iterations: 10}
"""


def make_demo(root: Path, seed: int = 0, shape: tuple[int, ...] = (80, 96, 192)) -> Path:
    """Write a synthetic survey, its background and its truth as SEG-Y, with settings to invert it.

    Parameters
    ----------
    root : Path
        Folder; the demo goes into ``demo-SEED`` below it.
    seed : int, optional
        Another seed makes another survey.
    shape : tuple of int, optional
        Numbers of inlines, crosslines and samples.

    Returns
    -------
    Path
        File with the settings.
    """
    return write_demo(root / f"demo-{seed}", seed, shape)


def make_case(name: str, root: Path, seed: int = 0) -> Path:
    """Write the raw data of a problem's demo, with settings to run it.

    Parameters
    ----------
    name : str
        Name of the problem; for ``"poststack"``, see :func:`make_demo`.
    root : Path
        Folder; the demo goes into ``NAME-SEED`` below it.
    seed : int, optional
        Another seed makes another case.

    Returns
    -------
    Path
        File with the settings.
    """
    if name == "poststack":
        return make_demo(root, seed)
    problem = find_problem(name)
    folder, stem = root / f"{name}-{seed}".replace(":", "."), name.rpartition(":")[2].lower()
    case = problem.demo(seed)
    folder.mkdir(parents=True, exist_ok=True)
    case.data.to_zarr(folder / f"{stem}.zarr", mode="w", consolidated=False)
    config = folder / f"{stem}.yaml"
    config.write_text(case_settings(stem, case))
    return config


def case_settings(stem: str, case: Demo) -> str:
    """Return settings as YAML for a demo whose data are in the same folder."""
    settings = yaml.safe_dump(case.settings, sort_keys=False, default_flow_style=None, width=110)
    sources = f'sources:\n  "": {{path: {stem}.zarr}}  # all of its variables, by their own names\n'
    return f"# Demo: {case.about}.\nname: {stem}\n{sources}{settings}"


def write_demo(folder: Path, seed: int, shape: tuple[int, ...]) -> Path:
    """Write the files of :func:`make_demo` into a folder of any name."""
    folder.mkdir(parents=True, exist_ok=True)
    ds = layered_volume(shape, seed=seed)
    for name, file in (("amplitude", "seismic"), ("background", "background"), ("impedance", "impedance")):
        write_segy(
            str(folder / f"{file}.sgy"), ds[name].values, inline=ds.inline.values, crossline=ds.crossline.values,
            dt_ms=float(ds.wavelet_dt_ms), t0_ms=int(ds.twt[0]), spacing=(ds.line_spacing_m,) * 2,
        )  # fmt: skip
    config = folder / "demo.yaml"
    config.write_text(SETTINGS)
    return config
