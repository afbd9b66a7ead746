"""Solvers: one algorithm a file; PyLops' functions in ``basic`` and ``leastsquares``."""
