"""Which optional packages there are: PyLops' own."""

from pylops.utils.deps import (
    astra_enabled,
    cupy_enabled,
    curvelets_enabled,
    devito_enabled,
    dtcwt_enabled,
    jax_enabled,
    mkl_fft_enabled,
    numba_enabled,
    pyfftw_enabled,
    pytensor_enabled,
    pywt_enabled,
    skfmm_enabled,
    spgl1_enabled,
    sympy_enabled,
    torch_enabled,
)

__all__ = [
    "astra_enabled",
    "cupy_enabled",
    "curvelets_enabled",
    "devito_enabled",
    "dtcwt_enabled",
    "jax_enabled",
    "mkl_fft_enabled",
    "numba_enabled",
    "pyfftw_enabled",
    "pytensor_enabled",
    "pywt_enabled",
    "skfmm_enabled",
    "spgl1_enabled",
    "sympy_enabled",
    "torch_enabled",
]
