"""Numerical building blocks that several solvers share."""
