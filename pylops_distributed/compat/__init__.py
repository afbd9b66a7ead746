"""Private parts of other packages, imported here and nowhere else."""
