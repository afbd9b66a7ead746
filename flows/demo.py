"""The demo's data and settings: a synthetic survey as real SEG-Y."""

from __future__ import annotations

from pathlib import Path

import yaml

from pylops_distributed.ingest import write_segy
from pylops_distributed.synthetic import layered_volume

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
    """Write the survey, its background and its truth as SEG-Y, with settings to invert it.

    Parameters
    ----------
    root : Path
        Folder; the demo goes into ``demo-SEED`` below it.
    seed : int, optional
        Another seed is another earth.
    shape : tuple of int, optional
        Numbers of inlines, crosslines and samples.

    Returns
    -------
    Path
        The settings.
    """
    return write_demo(root / f"demo-{seed}", seed, shape)


def write_demo(folder: Path, seed: int, shape: tuple[int, ...]) -> Path:
    """As :func:`make_demo`, into a folder of any name."""
    folder.mkdir(parents=True, exist_ok=True)
    ds = layered_volume(shape, seed=seed)
    for name, file in (("amplitude", "seismic"), ("background", "background"), ("impedance", "impedance")):
        write_segy(
            str(folder / f"{file}.sgy"), ds[name].values, inline=ds.inline.values, crossline=ds.crossline.values,
            dt_ms=float(ds.wavelet_dt_ms), t0_ms=int(ds.twt[0]), spacing=(ds.line_spacing_m,) * 2,
        )  # fmt: skip
    config = folder / "demo.yaml"
    config.write_text(SETTINGS)
    assert (
        yaml.safe_load(SETTINGS)["problem"]["wavelet"]["peak"] == ds.wavelet_peak_hz
    )  # one truth, two places
    return config
