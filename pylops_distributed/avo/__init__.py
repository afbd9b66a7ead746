"""Operators and inversions for seismic reservoir characterisation."""

from pylops_distributed.avo.avo import AVOLinearModelling
from pylops_distributed.avo.poststack import PoststackInversion, PoststackLinearModelling
from pylops_distributed.avo.prestack import (
    PrestackInversion,
    PrestackLinearModelling,
    PrestackWaveletModelling,
)

__all__ = [
    "AVOLinearModelling",
    "PoststackInversion",
    "PoststackLinearModelling",
    "PrestackInversion",
    "PrestackLinearModelling",
    "PrestackWaveletModelling",
]
