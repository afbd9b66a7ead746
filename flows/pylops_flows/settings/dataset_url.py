"""Where the dataset of a pipeline is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.ingest import locate
from pylops_distributed.ingest.models import FINGERPRINT

if TYPE_CHECKING:
    from pylops_flows.settings.pipeline import PipelineConfig


def dataset_url(config: PipelineConfig) -> str:
    """Return the URL of the dataset; reads the sources where their fingerprint is part of it."""
    return locate(config.sources, config.target) if FINGERPRINT in config.target else config.target
