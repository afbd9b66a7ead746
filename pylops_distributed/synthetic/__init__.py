"""Synthetic earth models for demos, tests and benchmarks."""
