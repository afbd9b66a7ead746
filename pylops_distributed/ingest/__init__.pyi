# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .block_writer import write_block as write_block
from .formats.segy.reader import open_segy as open_segy
from .formats.segy.writer import write_segy as write_segy
from .formats.source import Source as Source
from .formats.source import open_source as open_source
from .ingestion import ingest as ingest
from .merge import open_sources as open_sources
from .models import ArrayLayout as ArrayLayout
from .models import BlockReport as BlockReport
from .models import DatasetRef as DatasetRef
from .models import Plan as Plan
from .models import Statistics as Statistics
from .planning import locate as locate
from .planning import plan as plan
from .sealing import discard as discard
from .sealing import open_dataset as open_dataset
from .sealing import read_ref as read_ref
from .sealing import seal as seal

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
