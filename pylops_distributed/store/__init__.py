"""Runs on disk or in object storage: written whole or not at all, checked when read, worked on by one at a time.

From below: ``storage`` (bytes), ``group`` (Zarr groups with a manifest), ``lease`` (who works), ``snapshot`` and
``checkpoint`` (iterates; ``policy`` says when), ``run`` (all of it), ``fingerprint`` (of what), ``pruning`` (what can
go).
"""
