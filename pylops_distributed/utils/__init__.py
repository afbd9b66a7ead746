"""Clusters and checks."""

from pylops_distributed.utils import backend
from pylops_distributed.utils.dottest import dottest

__all__ = ["backend", "dottest"]
