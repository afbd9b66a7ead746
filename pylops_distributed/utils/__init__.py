"""Clusters and checks; besides, PyLops' own small functions for wavelets, tapers, events and measures."""

from pylops_distributed.utils import (
    backend,
    decorators,
    deps,
    describe,
    estimators,
    metrics,
    multiproc,
    seismicevents,
    signalprocessing,
    tapers,
    typing,
    utils,
    wavelets,
)
from pylops_distributed.utils.backend import *
from pylops_distributed.utils.deps import *
from pylops_distributed.utils.dottest import dottest
from pylops_distributed.utils.estimators import trace_hutchinson, trace_hutchpp, trace_nahutchpp
from pylops_distributed.utils.metrics import *
from pylops_distributed.utils.multiproc import scalability_test
from pylops_distributed.utils.typing import *
from pylops_distributed.utils.utils import *

__all__ = [
    "backend",
    "decorators",
    "deps",
    "describe",
    "dottest",
    "metrics",
    "multiproc",
    "scalability_test",
    "seismicevents",
    "signalprocessing",
    "tapers",
    "typing",
    "utils",
]
__all__ += ["wavelets", *backend.__all__, *deps.__all__, *metrics.__all__, *typing.__all__, *utils.__all__]
__all__ += ["estimators", "trace_hutchinson", "trace_hutchpp", "trace_nahutchpp"]
