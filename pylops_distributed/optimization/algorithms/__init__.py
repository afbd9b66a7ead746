"""Solvers: one algorithm a file, with ``init``, ``step`` and ``done``."""
