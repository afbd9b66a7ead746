"""Types of `dask.array.blockwise`."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from dask.array.core import Array
from numpy.typing import DTypeLike

def blockwise(
    func: Callable[..., Any],
    out_ind: Iterable[Hashable],
    *args: Any,
    name: str | None = None,
    token: str | None = None,
    dtype: DTypeLike | None = None,
    adjust_chunks: Mapping[Any, Any] | None = None,
    new_axes: Mapping[Any, Any] | None = None,
    align_arrays: bool = True,
    concatenate: bool | None = None,
    meta: Any = None,
    **kwargs: Any,
) -> Array: ...
