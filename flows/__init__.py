"""Prefect flows around the library: ingest, forward, invert, postprocess, and the pipeline of all four."""
