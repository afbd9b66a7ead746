"""Raw files to labelled, chunked, sealed Zarr datasets."""

from pylops_distributed.ingest.blocks import write_block
from pylops_distributed.ingest.planning import plan
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
    "open_dataset",
    "open_segy",
    "open_source",
    "plan",
    "read_ref",
    "seal",
    "write_block",
    "write_segy",
]
