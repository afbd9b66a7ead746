"""Types of arguments: PyLops' own."""

from pylops.utils.typing import (
    ArrayLike,
    DTypeLike,
    InputDimsLike,
    IntNDArray,
    NDArray,
    SamplingLike,
    ShapeLike,
    TensorTypeLike,
)

__all__ = [
    "ArrayLike",
    "DTypeLike",
    "InputDimsLike",
    "IntNDArray",
    "NDArray",
    "SamplingLike",
    "ShapeLike",
    "TensorTypeLike",
]
