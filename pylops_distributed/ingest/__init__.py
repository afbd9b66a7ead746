"""Raw files to labelled, chunked, sealed Zarr datasets."""

from pylops_distributed.ingest.blocks import write_block
from pylops_distributed.ingest.merge import open_sources
from pylops_distributed.ingest.planning import locate, plan
from pylops_distributed.ingest.run import ingest
from pylops_distributed.ingest.sealed import discard, open_dataset, read_ref, seal
from pylops_distributed.ingest.segy import open_segy
from pylops_distributed.ingest.segy_write import write_segy
from pylops_distributed.ingest.source import Source, open_source
from pylops_distributed.ingest.values import ArrayLayout, BlockReport, DatasetRef, Plan, Statistics

__all__ = [
    "ArrayLayout",
    "BlockReport",
    "DatasetRef",
    "Plan",
    "Source",
    "Statistics",
    "discard",
    "ingest",
    "locate",
    "open_dataset",
    "open_segy",
    "open_source",
    "open_sources",
    "plan",
    "read_ref",
    "seal",
    "write_block",
    "write_segy",
]
