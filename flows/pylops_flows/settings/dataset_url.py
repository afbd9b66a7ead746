"""Where the dataset of a pipeline is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylops_distributed.ingest import locate, open_dataset
from pylops_distributed.ingest.models import FINGERPRINT

if TYPE_CHECKING:
    import xarray as xr

    from pylops_flows.settings.pipeline import PipelineConfig


def dataset_url(config: PipelineConfig) -> str:
    """Return the URL of the dataset; reads the sources where their fingerprint is part of it."""
    return locate(config.sources, config.target) if FINGERPRINT in config.target else config.target


def open_ingested(config: PipelineConfig, path: str) -> tuple[str, xr.Dataset]:
    """Return the URL of the dataset of a pipeline, and the dataset, which exists once its sources are ingested.

    Raises
    ------
    FileNotFoundError
        If they are not; says how to ingest those of the settings at ``path``.
    """
    url = dataset_url(config)
    try:
        return url, open_dataset(url)
    except FileNotFoundError as error:
        if not config.sources:
            raise
        raise FileNotFoundError(f"{error} Its sources are ingested by the pipeline: pld run {path}") from None
