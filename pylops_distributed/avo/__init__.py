"""Operators for seismic reservoir characterisation."""

from pylops_distributed.avo.avo import AVOLinearModelling
from pylops_distributed.avo.poststack import PoststackLinearModelling
from pylops_distributed.avo.prestack import PrestackLinearModelling, PrestackWaveletModelling

__all__ = [
    "AVOLinearModelling",
    "PoststackLinearModelling",
    "PrestackLinearModelling",
    "PrestackWaveletModelling",
]
