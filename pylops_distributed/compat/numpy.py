"""Undocumented parts of NumPy; ``tests/compat/test_processor.py`` has a test for each entry."""

from __future__ import annotations

from importlib import import_module


def cpu_features() -> dict[str, bool]:
    """Which instructions of the processor NumPy has found; empty where it does not say.

    Relies on: ``numpy._core._multiarray_umath.__cpu_features__``. The public ``numpy.show_config`` names only those
    that make a difference to this build.
    """
    try:
        return dict(import_module("numpy._core._multiarray_umath").__cpu_features__)
    except (ImportError, AttributeError):
        return {}
