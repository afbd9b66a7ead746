"""Checkpoints, results and datasets in Zarr: object stores, atomic groups, leases, run folders."""
