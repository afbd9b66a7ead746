"""What is private to other packages, imported here and nowhere else."""
