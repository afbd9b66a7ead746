"""Types of the names that Dask's package hands on."""

from dask import config as config
from dask.base import annotate as annotate
from dask.base import compute as compute
from dask.base import is_dask_collection as is_dask_collection
from dask.base import optimize as optimize
from dask.base import persist as persist
from dask.base import visualize as visualize
from dask.core import istask as istask
from dask.delayed import delayed as delayed
