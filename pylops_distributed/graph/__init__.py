"""Dask graphs of operators: lowering on placeholders, and many columns in the tasks of one vector."""
