"""A survey as vendors deliver it: traces in any order, with holes and headers filled in, in any format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import segyio
import yaml

from pylops_flows.cli.demo_data import write_demo


def survey(folder: Path, code: int = 1, endian: str = "big") -> Path:
    """The demo's survey with its amplitudes rewritten; returns the settings to invert it."""
    config = write_demo(folder, seed=0, shape=(6, 8, 64))
    with segyio.open(folder / "seismic.sgy", ignore_geometry=True) as old:
        order = np.random.default_rng(1).permutation(old.tracecount)[3:]
        spec = segyio.spec()
        spec.samples, spec.tracecount, spec.format, spec.endian = old.samples, order.size, code, endian
        spec.ext_headers = 1
        with segyio.create(str(folder / "raw.sgy"), spec) as new:
            new.text[0] = segyio.tools.create_text_header({1: "A SURVEY OF LONG AGO", 40: "END"})
            new.text[1] = "AND MORE TO TELL".ljust(3200).encode()
            new.bin.update({**old.bin, 3225: code, 3201: 4711, 3505: 1})
            for place, k in enumerate(order):
                new.header[place] = {**old.header[k], 1: place + 1, 9: int(k), 17: 7, 25: -3, 233: int(k) + 5}
                scale = 1 if code in (1, 5, 6) else 1000
                new.trace[place] = (scale * old.trace[k]).astype(new.dtype)
    settings = yaml.safe_load(config.read_text())
    settings["sources"] = {"amplitude": {"path": str(folder / "raw.sgy"), "options": {"endian": endian}}}
    settings["problem"] |= {"truth": None, "background": 6e6}
    config.write_text(yaml.safe_dump(settings))
    return config
