"""Clusters and checks."""

from pylops_distributed.utils import backend, estimators
from pylops_distributed.utils.dottest import dottest
from pylops_distributed.utils.estimators import trace_hutchinson, trace_hutchpp, trace_nahutchpp

__all__ = ["backend", "dottest", "estimators", "trace_hutchinson", "trace_hutchpp", "trace_nahutchpp"]
