"""A problem of a user's own, written anew and imported anew."""

import importlib
import sys

from pylops_distributed.inversion.run_identity import identity
from pylops_distributed.settings.solver_settings import SOLVERS
from pylops_distributed.storage.provenance import fingerprint

PROBLEM = """
import dask.array as da, numpy as np, xarray as xr
from pylops_distributed import Diagonal
from pylops_distributed.problems.base import Problem
from pylops_distributed.problems.fields.variables import labels_of
{imports}
class Own({base}):
    {field}
    def operator(self, ds): return Diagonal(da.from_array({scale} * np.linspace(1, 30, 40), chunks=20))
    def data(self, ds): return ds["d"].data.astype(float)
    def labels(self, ds):
        found = labels_of(ds["d"])
        return {{"domain": found, "codomain": found}}
    def label(self, ds, x): return xr.Dataset({{"m": ("x", x)}})
    {more}
"""


def problem(scale="2.0", imports="", base="Problem", field="pass", more=""):
    return PROBLEM.format(scale=scale, imports=imports, base=base, field=field, more=more)


def own(folder, **files):
    """The identity of the problem in ``own.py``, with these modules written anew and imported anew."""
    for name, text in files.items():
        (folder / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    for name in [n for n, m in sys.modules.items() if str(folder) in str(getattr(m, "__file__", ""))]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return code(importlib.import_module("own").Own())


def code(form):
    return fingerprint(identity(form, "data", SOLVERS["cgls"](name="cgls")))
