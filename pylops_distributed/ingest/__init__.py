"""Raw files to labelled, chunked, sealed Zarr datasets."""

from pylops_distributed.ingest.block_writer import write_block
from pylops_distributed.ingest.formats.segy.reader import open_segy
from pylops_distributed.ingest.formats.segy.writer import write_segy
from pylops_distributed.ingest.formats.source import Source, open_source
from pylops_distributed.ingest.ingestion import ingest
from pylops_distributed.ingest.merge import open_sources
from pylops_distributed.ingest.models import ArrayLayout, BlockReport, DatasetRef, Plan, Statistics
from pylops_distributed.ingest.planning import locate, plan
from pylops_distributed.ingest.sealing import discard, open_dataset, read_ref, seal

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
