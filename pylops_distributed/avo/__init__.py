"""Operators for seismic reservoir characterisation."""

from pylops_distributed.avo.avo import AVOLinearModelling
from pylops_distributed.avo.poststack import PoststackLinearModelling

__all__ = ["AVOLinearModelling", "PoststackLinearModelling"]
