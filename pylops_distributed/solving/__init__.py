"""One function for all solvers, with checkpoints and progress: :func:`pylops_distributed.solve`."""
